#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/lines.h"

/* Keeps each line followed by '|'. */
static oct_err keep(void *ctx, const char *line, size_t length)
{
    octi_buffer *kept = ctx;
    assert_int_equal(line[length], '\0');
    oct_err code = octi_buffer_append(kept, line, length);
    return code == OCT_OK ? octi_buffer_append(kept, "|", 1) : code;
}

static void lines_are_the_same_however_the_bytes_arrive(void **state)
{
    (void)state;
    static const char text[] = "one\n\ntwo three\n\nlast without end";
    for (size_t piece = 1; piece <= sizeof(text); piece++) {
        octi_buffer kept = {0};
        octi_lines lines = {.line = keep, .ctx = &kept};
        for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
            size_t left = sizeof(text) - 1 - at;
            assert_int_equal(octi_lines_feed(&lines, text + at, left < piece ? left : piece), OCT_OK);
        }
        assert_int_equal(octi_lines_finish(&lines), OCT_OK);
        assert_string_equal(kept.data, "one||two three||last without end|");
        octi_buffer_deinit(&kept);
    }
}

static oct_err refuse(void *ctx, const char *line, size_t length)
{
    (void)line, (void)length;
    ++*(int *)ctx;
    return OCT_E_IO;
}

static void a_refused_line_stops_the_feed(void **state)
{
    (void)state;
    int seen = 0;
    octi_lines lines = {.line = refuse, .ctx = &seen};
    assert_int_equal(octi_lines_feed(&lines, "a\nb\n", 4), OCT_E_IO);
    assert_int_equal(seen, 1);
    assert_int_equal(octi_lines_finish(&lines), OCT_OK);
}

static oct_err measure(void *ctx, const char *line, size_t length)
{
    (void)line;
    size_t *sizes = ctx;
    sizes[sizes[0] ? 1 : 0] = length;
    return OCT_OK;
}

static void an_endless_line_comes_in_pieces(void **state)
{
    (void)state;
    size_t sizes[2] = {0}, size = OCTI_LINE_MAX + 10;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    octi_lines lines = {.line = measure, .ctx = sizes};
    assert_int_equal(octi_lines_feed(&lines, text, size), OCT_OK);
    assert_int_equal(octi_lines_finish(&lines), OCT_OK);
    assert_int_equal(sizes[0], OCTI_LINE_MAX);
    assert_int_equal(sizes[1], 10);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_however_the_bytes_arrive),
        cmocka_unit_test(a_refused_line_stops_the_feed),
        cmocka_unit_test(an_endless_line_comes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
