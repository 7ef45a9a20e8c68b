/* Columns and their types, from the first lines of a file. */
#include <stdlib.h>
#include <string.h>

#include "runtime/io/json.h"
#include "runtime/io/jsonl.h"
#include "runtime/io/lines.h"
#include "runtime/io/number.h"

enum { SAMPLE = 1 << 20 };

/* What the values of a name have been. */
typedef struct seen {
    char *name;
    unsigned kinds; /* a bit for each octi_json_kind */
    bool dates, timestamps;
} seen;

typedef struct guess {
    seen *names;
    size_t count;
} guess;

static seen *find(guess *g, size_t expected, const char *name, size_t size)
{
    for (size_t n = 0; n < g->count; n++) {
        seen *at = &g->names[(expected + n) % g->count];
        if (strncmp(at->name, name, size) == 0 && at->name[size] == '\0')
            return at;
    }
    seen *names = realloc(g->names, (g->count + 1) * sizeof(*names));
    if (!names)
        return NULL;
    g->names = names;
    names[g->count] = (seen){.name = strndup(name, size), .dates = true, .timestamps = true};
    return names[g->count].name ? &names[g->count++] : NULL;
}

static oct_err look_at(guess *g, octi_json *json, oct_error *err)
{
    const char *name;
    size_t size;
    octi_json_value value;
    for (size_t i = 0; octi_json_next(json, &name, &size, &value); i++) {
        int64_t time;
        if (size == 0 || memchr(name, '\0', size))
            continue; /* no name for a column */
        seen *at = find(g, i, name, size);
        if (!at)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for column '%.80s'", name);
        at->kinds |= 1U << value.kind;
        if (value.kind == OCTI_JSON_TEXT) {
            at->dates = at->dates && octi_parse_date(value.text, value.size, &time);
            at->timestamps = at->timestamps && octi_parse_timestamp(value.text, value.size, &time);
        }
    }
    return OCT_OK;
}

/* The narrowest type that all values have; false for objects and arrays, which are no column. */
static bool type_of(const seen *at, oct_column_type *type)
{
    unsigned kinds = at->kinds & ~(1U << OCTI_JSON_NULL);
    *type = OCT_STRING;
    if (kinds == 1U << OCTI_JSON_BOOL)
        *type = OCT_BOOL;
    else if (kinds == 1U << OCTI_JSON_WHOLE)
        *type = OCT_INT64;
    else if (kinds && (kinds & ~(1U << OCTI_JSON_WHOLE | 1U << OCTI_JSON_REAL)) == 0)
        *type = OCT_DOUBLE;
    else if (kinds == 1U << OCTI_JSON_TEXT && at->dates)
        *type = OCT_DATE;
    else if (kinds == 1U << OCTI_JSON_TEXT && at->timestamps)
        *type = OCT_TIMESTAMP;
    return !(kinds & 1U << OCTI_JSON_NESTED);
}

/* A malformed line does not matter before its turn. */
static oct_err look(guess *g, octi_lines *lines, octi_json *json, oct_error *err)
{
    const char *text;
    size_t size;
    oct_err code = OCT_OK;
    while (code == OCT_OK && octi_lines_next(lines, &text, &size)) {
        code = octi_json_read(json, text, size, NULL);
        if (code == OCT_OK)
            code = look_at(g, json, err);
        else if (code == OCT_E_INVALID)
            code = OCT_OK;
        else
            oct_fail(err, code, "out of memory to read JSON");
    }
    return code;
}

oct_err octi_jsonl_open(const char *path, octi_format *out, oct_error *err)
{
    octi_format made = {.kind = OCTI_JSONL};
    octi_text_range range = {.path = path, .begin = 0, .end = SAMPLE, .first = true};
    octi_lines lines;
    octi_json *json = NULL;
    guess g = {0};
    oct_column_type type;
    oct_err code = octi_json_create(&json, err);
    if (code == OCT_OK) {
        code = octi_lines_open(&lines, &range, err);
        if (code == OCT_OK)
            code = look(&g, &lines, json, err);
        octi_lines_close(&lines);
    }
    for (size_t i = 0; code == OCT_OK && i < g.count; i++)
        if (type_of(&g.names[i], &type))
            code = octi_format_add(&made, g.names[i].name, type, 0, err);
    for (size_t i = 0; i < g.count; i++)
        free(g.names[i].name);
    free(g.names);
    octi_json_destroy(json);
    if (code != OCT_OK)
        octi_format_deinit(&made);
    else
        *out = made;
    return code;
}
