#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "provision/exercise/answer.h"

static char difference[280];

static bool same(octi_compare how, const char *expected, const char *got)
{
    difference[0] = '\0';
    return octi_answer_same(how, 1e-6, expected, got, difference, sizeof(difference));
}

static void exact_answers_differ_by_a_byte(void **state)
{
    (void)state;
    assert_true(same(OCTI_COMPARE_EXACT, "a\nb\n", "a\nb\n"));
    assert_false(same(OCTI_COMPARE_EXACT, "a\nb\n", "a\nc\n"));
    assert_string_equal(difference, "line 2 is 'c', expected 'b'");
    assert_false(same(OCTI_COMPARE_EXACT, "a 1\n", "a  1\n"));
}

static void a_missing_line_and_one_too_many_are_told(void **state)
{
    (void)state;
    assert_false(same(OCTI_COMPARE_EXACT, "a\nb\n", "a\n"));
    assert_string_equal(difference, "after 1 line 'b' is missing");
    assert_false(same(OCTI_COMPARE_EXACT, "a\n", "a\nb\n"));
    assert_string_equal(difference, "line 2 is 'b', one line too many");
    assert_false(same(OCTI_COMPARE_EXACT, "a\n", ""));
    assert_string_equal(difference, "after 0 lines 'a' is missing");
}

static void a_newline_at_the_end_makes_no_line(void **state)
{
    (void)state;
    assert_true(same(OCTI_COMPARE_EXACT, "a\n", "a"));
    assert_false(same(OCTI_COMPARE_EXACT, "a\n", "a\n\n"));
    assert_true(same(OCTI_COMPARE_EXACT, "", ""));
}

static void lines_may_come_in_any_order_but_as_often(void **state)
{
    (void)state;
    assert_true(same(OCTI_COMPARE_LINES, "a\nb\nab\n", "ab\na\nb\n"));
    assert_false(same(OCTI_COMPARE_LINES, "a\na\nb\n", "a\nb\nb\n"));
    assert_false(same(OCTI_COMPARE_LINES, "a\n", "a\na\n"));
}

static void numbers_may_differ_a_little(void **state)
{
    (void)state;
    assert_true(same(OCTI_COMPARE_NUMBERS, "sum 3.14159265\n", "sum  3.14159266\n"));
    assert_true(same(OCTI_COMPARE_NUMBERS, "x=1e3, y\n", "x=1000.0000001, y\n"));
    assert_false(same(OCTI_COMPARE_NUMBERS, "sum 3.14\n", "sum 3.15\n"));
    assert_false(same(OCTI_COMPARE_NUMBERS, "sum 1\n", "som 1\n"));
    assert_false(same(OCTI_COMPARE_NUMBERS, "1 2\n", "1\n"));
    assert_true(same(OCTI_COMPARE_NUMBERS, "nan\n", "nan\n"));
}

static void a_long_line_is_cut_where_it_is_told(void **state)
{
    (void)state;
    char line[4000];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    assert_false(same(OCTI_COMPARE_EXACT, "a\n", line));
    assert_true(strlen(difference) < sizeof(difference));
    assert_non_null(strstr(difference, "line 1 is 'xxxx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_answers_differ_by_a_byte),
        cmocka_unit_test(a_missing_line_and_one_too_many_are_told),
        cmocka_unit_test(a_newline_at_the_end_makes_no_line),
        cmocka_unit_test(lines_may_come_in_any_order_but_as_often),
        cmocka_unit_test(numbers_may_differ_a_little),
        cmocka_unit_test(a_long_line_is_cut_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
