#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

OCT_TASK(long, both_longs, long, a, long, b)
{
    return a + b;
}

OCT_TASK(double, summed_up, double, a, double, b)
{
    return a + b;
}

OCT_TASK(char *, strung, const char *, a, const char *, b)
{
    char *both = malloc(strlen(a) + strlen(b) + 1);
    return both ? strcat(strcpy(both, a), b) : NULL;
}

OCT_TASK(long, no_thirteen, long, a, long, b)
{
    if (b == 13)
        oct_fail(oct_task_error(), OCT_E_IO, "%ld is unlucky", b);
    return a + b;
}

OCT_TASK(char *, a_letter, int, i)
{
    char *text = malloc(2);
    if (text) {
        text[0] = (char)('a' + i % 26);
        text[1] = '\0';
    }
    return text;
}

OCT_TASK(oct_doubles, of_ones, int, count)
{
    oct_doubles x = {malloc((size_t)count * sizeof(double)), (size_t)count};
    for (int i = 0; x.data && i < count; i++)
        x.data[i] = 1;
    return x;
}

OCT_TASK(oct_doubles, added_each, oct_doubles, a, oct_doubles, b)
{
    oct_doubles x = {malloc(a.count * sizeof(double)), a.count};
    for (size_t i = 0; x.data && i < a.count; i++)
        x.data[i] = a.data[i] + b.data[i];
    return x;
}

static void a_reduction_keeps_the_order_of_its_futures(void **state)
{
    for (int count = 1; count <= 26; count += 5) {
        oct_future *letters[26];
        for (int i = 0; i < count; i++)
            letters[i] = oct_submit(*state, a_letter, i);
        oct_future *all = oct_reduce(*state, strung, letters, (size_t)count);
        char *text;
        assert_int_equal(oct_result(all, &text), OCT_OK);
        assert_int_equal(strlen(text), count);
        assert_memory_equal(text, "abcdefghijklmnopqrstuvwxyz", (size_t)count);
        free(text);
    }
}

static void large_values_are_reduced(void **state)
{
    enum { PARTS = 9, COUNT = 20000 };
    oct_future *parts[PARTS];
    for (int i = 0; i < PARTS; i++)
        parts[i] = oct_submit(*state, of_ones, COUNT);
    oct_doubles sum;
    assert_int_equal(oct_result(oct_reduce(*state, added_each, parts, PARTS), &sum), OCT_OK);
    assert_int_equal(sum.count, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_true(sum.data[i] == PARTS);
    free(sum.data);
}

static void a_reduction_of_a_failure_fails_with_its_reason(void **state)
{
    oct_future *parts[3];
    for (int i = 0; i < 3; i++)
        parts[i] = oct_submit(*state, no_thirteen, 1L, 12L + i);
    oct_future *sum = oct_reduce(*state, both_longs, parts, 3);
    long value;
    assert_int_equal(oct_result(sum, &value), OCT_E_IO);
    assert_non_null(strstr(oct_last_error()->what, "13 is unlucky"));
    oct_release(sum);
    assert_null(oct_reduce(*state, both_longs, parts, 0));
    assert_int_equal(oct_last_error()->code, OCT_E_INVALID);
}

enum { MANY = 4096 * 9 + 123 };

static void a_fold_is_what_a_loop_gives(void **state)
{
    static long in[MANY];
    long sum = 0, got = -1;
    for (long i = 0; i < MANY; i++)
        in[i] = i * 7 % 1001;
    const size_t counts[] = {1, 2, 4095, 4096, 4097, MANY};
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        sum = 0;
        for (size_t i = 0; i < counts[k]; i++)
            sum += in[i];
        assert_int_equal(oct_fold(*state, both_longs, in, counts[k], &got), OCT_OK);
        assert_int_equal(got, sum);
    }
    assert_int_equal(oct_fold(*state, both_longs, in, 0, &got), OCT_E_INVALID);
}

/* The same blocks, one after the other. */
static double in_blocks(const double *x, int count)
{
    double all = 0;
    for (int start = 0; start < count; start += 4096) {
        double sum = x[start];
        for (int i = start + 1; i < count && i < start + 4096; i++)
            sum += x[i];
        all = start == 0 ? sum : all + sum;
    }
    return all;
}

static void a_sum_of_doubles_is_the_same_to_the_last_bit(void **state)
{
    static double in[MANY];
    for (int i = 0; i < MANY; i++)
        in[i] = 1.0 / (i + 1);
    double sum = 0;
    assert_int_equal(oct_fold(*state, summed_up, in, MANY, &sum), OCT_OK);
    assert_true(sum == in_blocks(in, MANY));
}

static void strings_are_folded_and_scanned_in_order(void **state)
{
    const char *in[] = {"a", "bc", "d"};
    char *all, *out[3];
    assert_int_equal(oct_fold(*state, strung, in, 3, &all), OCT_OK);
    assert_string_equal(all, "abcd");
    free(all);
    assert_int_equal(oct_scan(*state, strung, in, 3, out), OCT_OK);
    assert_string_equal(out[0], "a");
    assert_string_equal(out[2], "abcd");
    for (int i = 0; i < 3; i++)
        free(out[i]);
}

static void scans_are_what_loops_give(void **state)
{
    static long in[MANY], out[MANY];
    long first = 1000;
    for (long i = 0; i < MANY; i++)
        in[i] = i * 31 % 97;
    const size_t counts[] = {1, 4096, 4097, 8192, MANY};
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        assert_int_equal(oct_scan(*state, both_longs, in, counts[k], out), OCT_OK);
        long sum = 0;
        for (size_t i = 0; i < counts[k]; i++)
            assert_int_equal(out[i], sum += in[i]);
        assert_int_equal(oct_scan_exclusive(*state, both_longs, in, counts[k], &first, out), OCT_OK);
        sum = first;
        for (size_t i = 0; i < counts[k]; sum += in[i++])
            assert_int_equal(out[i], sum);
    }
    assert_int_equal(oct_scan(*state, both_longs, in, 0, out), OCT_OK);
}

static void a_fold_or_scan_that_fails_says_why_and_leaves_no_half_result(void **state)
{
    static long in[MANY], out[MANY];
    long sum = 5;
    in[4096 * 5 + 1] = 13;
    assert_int_equal(oct_fold(*state, no_thirteen, in, MANY, &sum), OCT_E_IO);
    assert_non_null(strstr(oct_last_error()->what, "no_thirteen"));
    assert_non_null(strstr(oct_last_error()->what, "13 is unlucky"));
    assert_int_equal(sum, 5);
    assert_int_equal(oct_scan(*state, no_thirteen, in, MANY, out), OCT_E_IO);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(out[i], 0);
}

int suite_data(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_reduction_keeps_the_order_of_its_futures),
        SUITE_TEST(large_values_are_reduced),
        SUITE_TEST(a_reduction_of_a_failure_fails_with_its_reason),
        SUITE_TEST(a_fold_is_what_a_loop_gives),
        SUITE_TEST(a_sum_of_doubles_is_the_same_to_the_last_bit),
        SUITE_TEST(strings_are_folded_and_scanned_in_order),
        SUITE_TEST(scans_are_what_loops_give),
        SUITE_TEST(a_fold_or_scan_that_fails_says_why_and_leaves_no_half_result),
    };
    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
