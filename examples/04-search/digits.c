#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "digits.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void die(const oct_error *err)
{
    fprintf(stderr, "error: %s\n", err->what);
    if (err->hint[0])
        fprintf(stderr, "\nhint: %s\n", err->hint);
    exit(1);
}

size_t digits_count(oct_bytes digits)
{
    return digits.size / DIGITS_BYTES;
}

/* True when the line is 64 numbers from 0 to 16 and a digit, with commas in between. */
static int parse(const char *line, unsigned char digit[DIGITS_BYTES])
{
    for (int i = 0; i < DIGITS_BYTES; i++) {
        char *end;
        long value = strtol(line, &end, 10);
        int last = i == DIGITS_BYTES - 1;
        if (end == line || value < 0 || value > (last ? DIGITS_CLASSES - 1 : 16) ||
            (last ? *end != '\n' && *end != '\r' && *end != '\0' : *end != ','))
            return 0;
        digit[i] = (unsigned char)value;
        line = end + 1;
    }
    return 1;
}

static oct_err append(oct_bytes *to, size_t *room, const unsigned char digit[DIGITS_BYTES], oct_error *err)
{
    if (to->size + DIGITS_BYTES > *room) {
        size_t more = *room ? 2 * *room : (size_t)1024 * DIGITS_BYTES;
        void *grown = realloc(to->data, more);
        if (!grown)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
        to->data = grown;
        *room = more;
    }
    memcpy((char *)to->data + to->size, digit, DIGITS_BYTES);
    to->size += DIGITS_BYTES;
    return OCT_OK;
}

static oct_err read_file(const char *path, oct_bytes *to, size_t *room, oct_error *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return oct_fail(err, OCT_E_IO, "cannot open '%s': %s", path, strerror(errno));
    char *line = NULL;
    size_t size = 0, number = 0;
    oct_err code = OCT_OK;
    while (code == OCT_OK && getline(&line, &size, file) >= 0) {
        unsigned char digit[DIGITS_BYTES];
        number++;
        code = parse(line, digit) ? append(to, room, digit, err)
                                  : oct_fail(err, OCT_E_INVALID,
                                             "%s:%zu: not 64 numbers from 0 to 16 and a digit", path, number);
    }
    if (code == OCT_OK && ferror(file))
        code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    free(line);
    fclose(file);
    return code;
}

oct_err digits_read(const char *folder, oct_bytes *out, oct_error *err)
{
    char pattern[4096];
    glob_t found;
    oct_bytes digits = {0};
    size_t room = 0;
    oct_err code = OCT_OK;
    snprintf(pattern, sizeof(pattern), "%s/*.{csv,tra,tes}", folder);
    int result = glob(pattern, GLOB_BRACE, NULL, &found);
    if (result != 0) {
        oct_fail(err, OCT_E_NOTFOUND, "there are no digits in '%s'", folder);
        return oct_hint(err, "'octavo prep digits' makes the data");
    }
    for (size_t i = 0; code == OCT_OK && i < found.gl_pathc; i++)
        code = read_file(found.gl_pathv[i], &digits, &room, err);
    globfree(&found);
    if (code == OCT_OK)
        *out = digits;
    else
        free(digits.data);
    return code;
}
