#include "runtime/exec/tags.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool may_be(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

oct_err octi_tags_check(const char *text, size_t length, oct_error *err)
{
    size_t word = 0;
    bool fine = length < OCTI_TAGS;
    for (size_t i = 0; fine && i < length; i++) {
        fine = may_be(text[i]) || (text[i] == '+' && word > 0 && i + 1 < length);
        word = text[i] == '+' ? 0 : word + 1;
    }
    if (fine)
        return OCT_OK;
    oct_fail(err, OCT_E_INVALID, "the tags '%.*s' make no sense", (int)(length < 64 ? length : 64), text);
    return oct_hint(err, "tags are words of letters, digits, '_', '-' and '.', joined by '+': gpu+bigmem");
}

oct_err octi_tags_own(const char *spec, char out[OCTI_TAGS], oct_error *err)
{
    const char *given = getenv("OCTAVO_TAGS");
    given = given ? given : "";
    oct_err code = octi_tags_check(given, strlen(given), err);
    if (code != OCT_OK) {
        oct_prefix(err, "OCTAVO_TAGS");
        return code;
    }
    int length = snprintf(out, OCTI_TAGS, "%s%s%s", spec, *spec && *given ? "+" : "", given);
    return length < OCTI_TAGS
               ? OCT_OK
               : oct_fail(err, OCT_E_EXHAUSTED, "a node's tags are longer than %d bytes", OCTI_TAGS - 1);
}

static bool has(const char *have, const char *word, size_t length)
{
    for (size_t n; *have; have += n + (have[n] == '+')) {
        n = strcspn(have, "+");
        if (n == length && memcmp(have, word, n) == 0)
            return true;
    }
    return false;
}

bool octi_tags_cover(const char *have, const char *wanted)
{
    for (size_t n; *wanted; wanted += n + (wanted[n] == '+')) {
        n = strcspn(wanted, "+");
        if (!has(have, wanted, n))
            return false;
    }
    return true;
}
