#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/number.h"
#include "runtime/io/scan.h"

static void integers_reach_both_extremes_and_stop_there(void **state)
{
    (void)state;
    int64_t v = 0;
    assert_true(octi_parse_int64("-9223372036854775808", 20, &v));
    assert_true(v == INT64_MIN);
    assert_true(octi_parse_int64("9223372036854775807", 19, &v));
    assert_true(v == INT64_MAX);
    assert_false(octi_parse_int64("9223372036854775808", 19, &v));
    assert_false(octi_parse_int64("-", 1, &v));
    assert_false(octi_parse_int64("1.0", 3, &v));
}

static void doubles_are_those_of_the_c_library(void **state)
{
    (void)state;
    srand(7);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        int n = i % 2
                    ? snprintf(text, sizeof(text), "%d.%0*d", rand() - RAND_MAX / 2, 1 + i % 9, rand() % 10)
                    : snprintf(text, sizeof(text), "%.17g", ldexp((double)rand() - 1e9, rand() % 400 - 200));
        double v = 0, wanted = strtod(text, NULL);
        assert_true(octi_parse_double(text, (size_t)n, &v));
        assert_memory_equal(&v, &wanted, sizeof(v));
    }
}

/* All texts of a few letters, and numbers of every length. */
static void short_numbers_are_those_of_the_general_functions(void **state)
{
    (void)state;
    static const char letters[] = "019.-+ e/:";
    enum { LETTERS = sizeof(letters) - 1 };
    for (int i = 0, taken = 0; i < 1000000; i++) {
        char text[24] = "";
        size_t size = 1 + (size_t)i % 8;
        for (size_t at = 0, rest = (size_t)i / 8; at < size; at++, rest /= LETTERS)
            text[at] = i < 800000 ? letters[rest % LETTERS] : "0123456789."[rand() % 11];
        memset(text + size, "7,\n."[i % 4], 8); /* what follows is not part of it */
        double real = 0, wanted = 0;
        int64_t whole = 0, wanted_whole = 0;
        if (octi_parse_short_double(text, size, &real)) {
            assert_true(octi_parse_double(text, size, &wanted));
            assert_memory_equal(&real, &wanted, sizeof(real));
            taken++;
        }
        if (octi_parse_short_int64(text, size, &whole)) {
            assert_true(octi_parse_int64(text, size, &wanted_whole));
            assert_true(whole == wanted_whole);
        }
        if (i == 999999)
            assert_true(taken > 10000);
    }
    double real;
    int64_t whole;
    assert_true(octi_parse_short_double("12345.67,,,,,,,", 8, &real) && real == 12345.67);
    assert_true(octi_parse_short_int64("12345678,,,,,,,,", 8, &whole) && whole == 12345678);
}

static void what_is_no_double_is_refused(void **state)
{
    (void)state;
    double v;
    assert_false(octi_parse_double("0x10", 4, &v));
    assert_false(octi_parse_double("1 ", 2, &v));
    assert_false(octi_parse_double(".", 1, &v));
    assert_true(octi_parse_double("NaN", 3, &v) && isnan(v));
}

static void days_and_dates_agree_over_four_thousand_years(void **state)
{
    (void)state;
    int64_t year;
    unsigned month, day;
    for (int64_t d = -800000; d < 800000; d += 13) {
        octi_civil_from_days(d, &year, &month, &day);
        assert_true(octi_days_from_civil(year, month, day) == d);
    }
    int64_t v = 0;
    assert_true(octi_parse_date("1969-12-31", 10, &v));
    assert_true(v == -86400000);
    assert_false(octi_parse_date("2019-02-29", 10, &v));
    assert_true(octi_parse_timestamp("2020-02-29T23:59:59.5Z", 22, &v));
    assert_true(v == INT64_C(1583020799500000));
    assert_false(octi_parse_timestamp("2020-02-29 24:00:00", 19, &v));
}

static void a_day_that_comes_again_is_the_same_and_none_is_made_of_a_wrong_one(void **state)
{
    (void)state;
    static const char *const days[] = {"1970-01-01", "1970-01-02", "1970-01-02",          "1970-01-32",
                                       "1970-01-02", "1970-01-01", "\0\0\0\0\0\0\0\0\0\0"};
    static const int64_t wanted[] = {0, 1, 1, -1, 1, 0, -1};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        int64_t v = 0;
        assert_int_equal(octi_parse_date(days[i], 10, &v), wanted[i] >= 0);
        assert_true(wanted[i] < 0 || v == wanted[i] * 86400000);
    }
}

/* A byte at a time, the way the header says. */
static void scan_texts(octi_scan_way way, const char *letters)
{
    char text[300];
    uint32_t ends[400], lines[400], wanted[300];
    srand(3);
    for (int round = 0; round < 5000; round++) {
        size_t size = (size_t)rand() % sizeof(text), count = 0, quotes = 0;
        bool inside = round % 2, started = inside;
        for (size_t i = 0; i < size; i++) {
            text[i] = letters[(size_t)rand() % strlen(letters)];
            quotes += text[i] == '"';
            inside ^= text[i] == '"';
            if (!inside && (text[i] == ',' || text[i] == '\n'))
                wanted[count++] = (uint32_t)i;
        }
        octi_scan scan = {.ends = ends, .lines = lines, .inside = started};
        size_t half = (size_t)rand() % (size + 1), newlines = 0;
        octi_scan_run_by(way, &scan, text, 0, half, ',');
        octi_scan_run_by(way, &scan, text, half, size, ',');
        assert_int_equal(scan.count, count);
        for (size_t i = 0; i < count; i++)
            if (text[wanted[i]] == '\n')
                assert_int_equal(lines[newlines++], i);
        assert_int_equal(scan.line_count, newlines);
        assert_memory_equal(ends, wanted, count * sizeof(*ends));
        assert_int_equal(octi_scan_count(text, size, '"'), quotes);
        assert_int_equal(scan.inside, inside);
    }
}

static void the_scan_finds_what_a_plain_loop_finds(void **state)
{
    (void)state;
    for (octi_scan_way way = OCTI_SCAN_PLAIN; way < OCTI_SCAN_WAYS; way++)
        if (octi_scan_can(way)) {
            scan_texts(way, "ab,,\n\"\r");
            scan_texts(way, "abcdefghijklmnop,\n\"");
            scan_texts(way, ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_reach_both_extremes_and_stop_there),
        cmocka_unit_test(doubles_are_those_of_the_c_library),
        cmocka_unit_test(short_numbers_are_those_of_the_general_functions),
        cmocka_unit_test(what_is_no_double_is_refused),
        cmocka_unit_test(days_and_dates_agree_over_four_thousand_years),
        cmocka_unit_test(a_day_that_comes_again_is_the_same_and_none_is_made_of_a_wrong_one),
        cmocka_unit_test(the_scan_finds_what_a_plain_loop_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
