#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

OCT_TASK(int, plus, int, x, int, y)
{
    return x + y;
}

OCT_TASK(int, plus_length, int, x, const char *, text)
{
    return x + (int)strlen(text);
}

OCT_TASK(int, thirds_fail, int, x)
{
    if (x % 3 == 2)
        oct_fail(oct_task_error(), OCT_E_IO, "%d is bad", x);
    return x;
}

OCT_TASK(int, naps, int, x)
{
    oct_sleep(0.01);
    return x + 1;
}

OCT_TASK(int, late_if_first, int, x)
{
    oct_sleep(x == 0 ? 0.2 : 0);
    return x;
}

OCT_TASK(char *, repeated, const char *, text)
{
    char *twice = malloc(2 * strlen(text) + 1);
    return twice ? strcat(strcpy(twice, text), text) : NULL;
}

OCT_TASK(int, async_inside, int, count)
{
    int in[10], out[10], sum = 0;
    for (int i = 0; i < 10; i++)
        in[i] = i;
    oct_mapping *m = oct_map_async(oct_task_pool(), plus, in, (size_t)count, out, 1);
    if (oct_mapping_wait(m, OCT_FOREVER) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    oct_mapping_destroy(m);
    for (int i = 0; i < count; i++)
        sum += out[i];
    return sum;
}

/* ---- oct_map_async ---- */

static void an_async_map_gives_what_a_map_gives(void **state)
{
    enum { COUNT = 5000 };
    static int in[COUNT], out[COUNT];
    for (int i = 0; i < COUNT; i++)
        in[i] = i;
    char text[] = "four";
    oct_mapping *m = oct_map_async(*state, plus_length, in, COUNT, out, text);
    assert_non_null(m);
    memset(text, 'x', 2); /* it was copied */
    assert_int_equal(oct_mapping_wait(m, OCT_FOREVER), OCT_OK);
    assert_int_equal(oct_mapping_done(m), COUNT);
    oct_mapping_destroy(m);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(out[i], i + 4);
}

static void an_async_map_tells_of_items_that_failed(void **state)
{
    int in[30], out[30];
    for (int i = 0; i < 30; i++)
        in[i] = i;
    oct_mapping *m = oct_map_async(*state, thirds_fail, in, 30, out);
    assert_int_equal(oct_mapping_wait(m, OCT_FOREVER), OCT_E_IO);
    assert_non_null(strstr(oct_last_error()->what, "10 of 30"));
    oct_mapping_destroy(m);
    for (int i = 0; i < 30; i++)
        assert_int_equal(out[i], i % 3 == 2 ? 0 : i);
}

static void a_wait_for_a_map_ends_in_time_and_a_cancelled_map_says_so(void **state)
{
    enum { COUNT = 100000 };
    static int in[COUNT], out[COUNT];
    out[COUNT - 1] = 5;
    oct_map_options options = {.chunk = 1};
    oct_mapping *m = oct_map_async_with(*state, &options, naps, in, COUNT, out);
    assert_int_equal(oct_mapping_wait(m, 0.02), OCT_E_TIMEOUT);
    oct_mapping_cancel(m);
    assert_int_equal(oct_mapping_wait(m, OCT_FOREVER), OCT_E_CANCELLED);
    assert_true(oct_mapping_done(m) < COUNT);
    assert_int_equal(out[COUNT - 1], 0);
    oct_mapping_destroy(m);
}

static void two_async_maps_go_on_together(void **state)
{
    int in[4] = {1, 2, 3, 4}, one[4], two[4];
    oct_mapping *a = oct_map_async(*state, plus, in, 4, one, 10);
    oct_mapping *b = oct_map_async(*state, plus, in, 4, two, 20);
    assert_int_equal(oct_mapping_wait(b, OCT_FOREVER), OCT_OK);
    assert_int_equal(oct_mapping_wait(a, OCT_FOREVER), OCT_OK);
    assert_int_equal(oct_mapping_wait(a, 0), OCT_OK);
    oct_mapping_destroy(a);
    oct_mapping_destroy(b);
    assert_int_equal(one[3], 14);
    assert_int_equal(two[0], 21);
}

static void a_task_may_map_asynchronously(void **state)
{
    oct_future *f = oct_submit(*state, async_inside, 10);
    int sum = 0;
    assert_int_equal(oct_result(f, &sum), OCT_OK);
    assert_int_equal(sum, 55);
}

static void closing_a_pool_waits_for_its_async_maps(void **state)
{
    (void)state;
    if (suite_shares_pool())
        skip();
    oct_pool *pool;
    assert_int_equal(oct_pool_open_spec(suite_spec, &pool, NULL), OCT_OK);
    int in[20] = {0}, out[20];
    oct_mapping *m = oct_map_async(pool, naps, in, 20, out);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
    assert_int_equal(oct_mapping_wait(m, 0), OCT_OK);
    assert_int_equal(out[19], 1);
    oct_mapping_destroy(m);
    assert_null(oct_map_async(pool, naps, in, 20, out));
    assert_int_equal(oct_last_error()->code, OCT_E_STATE);
}

/* ---- oct_map_lazy ---- */

typedef struct counting {
    int next, end;        /* inputs */
    int told, most, last; /* results; the most items that were ever under way */
    int failed;
    long sum;
    bool in_order;
} counting;

static bool count_on(void *item, void *ctx)
{
    counting *self = ctx;
    if (self->next == self->end)
        return false;
    *(int *)item = self->next++;
    int under_way = self->next - self->told;
    self->most = under_way > self->most ? under_way : self->most;
    return true;
}

static void take(size_t item, const void *value, const oct_failure *failure, void *ctx)
{
    counting *self = ctx;
    self->in_order = self->told == 0 ? item == 0 : self->in_order && (int)item == self->last + 1;
    self->last = (int)item;
    self->told++;
    if (failure)
        self->failed++;
    else
        self->sum += *(const int *)value;
}

static void a_lazy_map_is_in_order_and_no_more_than_its_window_is_under_way(void **state)
{
    counting all = {.end = 20000};
    oct_lazy lazy = {.next = count_on, .each = take, .ctx = &all, .window = 17};
    assert_int_equal(oct_map_lazy(*state, &lazy, plus, 1), OCT_OK);
    assert_int_equal(all.told, 20000);
    assert_true(all.in_order);
    assert_true(all.most <= 17);
    assert_int_equal(all.sum, 20000L * 20001 / 2);
}

static void a_lazy_map_as_completed_does_not_wait_for_the_slow(void **state)
{
    counting all = {.end = 1000};
    oct_lazy lazy = {.next = count_on, .each = take, .ctx = &all, .as_completed = true};
    assert_int_equal(oct_map_lazy(*state, &lazy, late_if_first), OCT_OK);
    assert_int_equal(all.told, 1000);
    assert_int_equal(all.sum, 1000L * 999 / 2);
    if (oct_pool_workers(*state) > 1)
        assert_false(all.in_order);
}

static void a_lazy_item_that_fails_stops_no_other(void **state)
{
    counting all = {.end = 300};
    oct_lazy lazy = {.next = count_on, .each = take, .ctx = &all};
    assert_int_equal(oct_map_lazy(*state, &lazy, thirds_fail), OCT_E_IO);
    assert_int_equal(all.failed, 100);
    assert_true(all.in_order);
    assert_non_null(strstr(oct_last_error()->what, "100 of 300"));
    assert_non_null(strstr(oct_last_error()->what, "item 2: 2 is bad"));
}

static bool two_words(void *item, void *ctx)
{
    counting *self = ctx;
    static char word[8];
    if (self->next == 2)
        return false;
    strcpy(word, self->next++ == 0 ? "ab" : "cde"); /* the same place for each */
    *(const char **)item = word;
    return true;
}

static void add_lengths(size_t item, const void *value, const oct_failure *failure, void *ctx)
{
    assert_null(failure);
    assert_int_equal(strlen(*(char *const *)value), item == 0 ? 4 : 6);
    ((counting *)ctx)->told++;
}

static void lazy_items_are_copied_and_their_results_freed(void **state)
{
    counting all = {0};
    oct_lazy lazy = {.next = two_words, .each = add_lengths, .ctx = &all};
    assert_int_equal(oct_map_lazy(*state, &lazy, repeated), OCT_OK);
    assert_int_equal(all.told, 2);
    all.next = 0;
    lazy.each = NULL;
    assert_int_equal(oct_map_lazy(*state, &lazy, repeated), OCT_OK);
}

static void a_lazy_map_without_inputs_is_an_error(void **state)
{
    assert_int_equal(oct_map_lazy(*state, &(oct_lazy){.ctx = NULL}, naps), OCT_E_INVALID);
}

int suite_mappings(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(an_async_map_gives_what_a_map_gives),
        SUITE_TEST(an_async_map_tells_of_items_that_failed),
        SUITE_TEST(a_wait_for_a_map_ends_in_time_and_a_cancelled_map_says_so),
        SUITE_TEST(two_async_maps_go_on_together),
        SUITE_TEST(a_task_may_map_asynchronously),
        SUITE_TEST(closing_a_pool_waits_for_its_async_maps),
        SUITE_TEST(a_lazy_map_is_in_order_and_no_more_than_its_window_is_under_way),
        SUITE_TEST(a_lazy_map_as_completed_does_not_wait_for_the_slow),
        SUITE_TEST(a_lazy_item_that_fails_stops_no_other),
        SUITE_TEST(lazy_items_are_copied_and_their_results_freed),
        SUITE_TEST(a_lazy_map_without_inputs_is_an_error),
    };
    return cmocka_run_group_tests_name("mappings", tests, NULL, NULL);
}
