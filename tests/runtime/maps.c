#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

OCT_TASK(double, squared, double, x)
{
    return x * x;
}

OCT_TASK(double, scaled, double, x, double, factor, const char *, unit)
{
    return strcmp(unit, "m") == 0 ? x * factor : -1;
}

OCT_TASK(int, slow_when_early, int, i)
{
    oct_sleep(i < 4 ? 0.02 : 0);
    return i * 10;
}

OCT_TASK(int, odd_fails, int, i)
{
    if (i % 2 == 1)
        oct_fail(oct_task_error(), OCT_E_IO, "%d is odd", i);
    return i;
}

OCT_TASK(oct_err, shorter_than, const char *, text, int, length)
{
    if ((int)strlen(text) >= length)
        return oct_fail(oct_task_error(), OCT_E_INVALID, "'%s' is too long", text);
    return OCT_OK;
}

OCT_TASK(char *, doubled, const char *, text)
{
    char *twice = malloc(2 * strlen(text) + 1);
    return twice ? strcat(strcpy(twice, text), text) : NULL;
}

OCT_TASK(const char *, kind_of, int, i)
{
    return i % 2 ? "odd" : "even";
}

OCT_TASK(double, twice_of_all, int, count)
{
    double in[100], out[100], sum = 0;
    for (int i = 0; i < count; i++)
        in[i] = i;
    if (oct_map(oct_task_pool(), squared, in, (size_t)count, out) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    for (int i = 0; i < count; i++)
        sum += out[i];
    return sum;
}

OCT_TASK(double, no_factor)
{
    oct_fail(oct_task_error(), OCT_E_NOTFOUND, "there is no factor");
    oct_hint(oct_task_error(), "make one");
    return 0;
}

OCT_TASK(double, six)
{
    return 6;
}

static void a_map_of_nothing_is_nothing(void **state)
{
    assert_int_equal(oct_map(*state, squared, (double *)NULL, 0, (double *)NULL), OCT_OK);
}

static void map_keeps_input_order_when_workers_finish_out_of_order(void **state)
{
    int in[50], out[50];
    for (int i = 0; i < 50; i++)
        in[i] = i;
    assert_int_equal(oct_map_with(*state, &(oct_map_options){.chunk = 1}, slow_when_early, in, 50, out),
                     OCT_OK);
    for (int i = 0; i < 50; i++)
        assert_int_equal(out[i], 10 * i);
}

static void map_does_every_item_once_whatever_the_chunk(void **state)
{
    enum { COUNT = 10007 };
    double *in = malloc(COUNT * sizeof(*in)), *out = malloc(COUNT * sizeof(*out));
    for (size_t chunk = 0; chunk < 20000; chunk = chunk * 7 + 1) {
        for (int i = 0; i < COUNT; i++) {
            in[i] = i;
            out[i] = -1;
        }
        assert_int_equal(oct_map_with(*state, &(oct_map_options){.chunk = chunk}, squared, in, COUNT, out),
                         OCT_OK);
        for (int i = 0; i < COUNT; i++)
            assert_true(out[i] == (double)i * i);
    }
    free(in);
    free(out);
}

static void further_arguments_are_the_same_for_all(void **state)
{
    double in[3] = {1, 2, 3}, out[3];
    assert_int_equal(oct_map(*state, scaled, in, 3, out, 10, "m"), OCT_OK);
    assert_true(out[0] == 10 && out[2] == 30);
    oct_future *factor = oct_submit(*state, six);
    assert_int_equal(oct_map(*state, scaled, in, 3, out, factor, "m"), OCT_OK);
    assert_true(out[0] == 6 && out[2] == 18);
    oct_release(factor);
}

static void a_further_argument_that_failed_tells_its_way_out(void **state)
{
    double in[3] = {1, 2, 3}, out[3];
    oct_future *factor = oct_submit(*state, no_factor);
    assert_int_equal(oct_map(*state, scaled, in, 3, out, factor, "m"), OCT_E_NOTFOUND);
    assert_string_equal(oct_last_error()->what, "argument 2 of 'scaled': there is no factor");
    assert_string_equal(oct_last_error()->hint, "make one");
    oct_release(factor);
}

typedef struct seen {
    int count;
    size_t last;
} seen;

static void note_failure(size_t item, const oct_failure *failure, void *ctx)
{
    seen *self = ctx;
    assert_true(self->count == 0 || item > self->last);
    assert_int_equal(item % 2, 1);
    assert_int_equal(failure->error.code, OCT_E_IO);
    assert_int_equal(atoi(failure->args), item);
    self->count++;
    self->last = item;
}

static void a_failing_item_stops_no_other_and_is_told_in_order(void **state)
{
    int in[101], out[101];
    for (int i = 0; i < 101; i++)
        in[i] = i;
    seen all = {0, 0};
    oct_map_options options = {.on_failure = note_failure, .ctx = &all};
    assert_int_equal(oct_map_with(*state, &options, odd_fails, in, 101, out), OCT_E_IO);
    assert_int_equal(all.count, 50);
    for (int i = 0; i < 101; i++)
        assert_int_equal(out[i], i % 2 ? 0 : i);
    assert_non_null(strstr(oct_last_error()->what, "50 of 101"));
    assert_non_null(strstr(oct_last_error()->what, "1 is odd"));
}

static void outcomes_are_counted_once(void **state)
{
    char *texts[] = {"a", "bbbb", "cc", "dddddd"};
    assert_int_equal(oct_map(*state, shorter_than, texts, 4, NULL, 4), OCT_E_INVALID);
    assert_non_null(strstr(oct_last_error()->what, "2 of 4"));
    assert_int_equal(oct_map(*state, shorter_than, texts, 4, NULL, 10), OCT_OK);
}

static void strings_are_given_away_each(void **state)
{
    const char *in[] = {"a", "bc"};
    char *out[2];
    assert_int_equal(oct_map(*state, doubled, in, 2, out), OCT_OK);
    assert_string_equal(out[0], "aa");
    assert_string_equal(out[1], "bcbc");
    free(out[0]);
    free(out[1]);
    assert_int_equal(oct_map(*state, doubled, in, 2, NULL), OCT_OK);

    int numbers[] = {1, 2};
    const char *kinds[2];
    assert_int_equal(oct_map(*state, kind_of, numbers, 2, kinds), OCT_OK);
    assert_string_equal(kinds[0], "odd");
    assert_string_equal(kinds[1], "even");
    free((void *)kinds[0]);
    free((void *)kinds[1]);
}

static void a_task_may_map(void **state)
{
    int in[20];
    double out[20];
    for (int i = 0; i < 20; i++)
        in[i] = 100;
    assert_int_equal(oct_map(*state, twice_of_all, in, 20, out), OCT_OK);
    for (int i = 0; i < 20; i++)
        assert_true(out[i] == 328350);
}

int suite_maps(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_map_of_nothing_is_nothing),
        SUITE_TEST(map_keeps_input_order_when_workers_finish_out_of_order),
        SUITE_TEST(map_does_every_item_once_whatever_the_chunk),
        SUITE_TEST(further_arguments_are_the_same_for_all),
        SUITE_TEST(a_further_argument_that_failed_tells_its_way_out),
        SUITE_TEST(a_failing_item_stops_no_other_and_is_told_in_order),
        SUITE_TEST(outcomes_are_counted_once),
        SUITE_TEST(strings_are_given_away_each),
        SUITE_TEST(a_task_may_map),
    };
    return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
