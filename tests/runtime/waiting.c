/* The behaviours that CPython's test_concurrent_futures checks: waiting, as_completed,
 * cancellation, shutdown. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

OCT_TASK(int, sleeper, double, seconds, int, x)
{
    oct_sleep(seconds);
    return x;
}

OCT_TASK(int, failing, int, x)
{
    oct_fail(oct_task_error(), OCT_E_INVALID, "no");
    return x;
}

/* Half a minute: longer than any wait for something else takes, however busy the machine. */
OCT_TASK(bool, until_cancelled)
{
    for (int i = 0; i < 6000; i++) {
        if (oct_task_cancelled())
            return true;
        oct_sleep(0.005);
    }
    return false;
}

/* Some behaviours need a second worker. */
static void need_two(oct_pool *pool)
{
    if (oct_pool_workers(pool) < 2)
        skip();
}

static _Atomic int arrived;

/* True when so many of these run at once. */
OCT_TASK(bool, meets, int, count)
{
    atomic_fetch_add(&arrived, 1);
    for (int i = 0; i < 100000 && atomic_load(&arrived) < count; i++)
        oct_sleep(i < 1000 ? 0 : 0.0001);
    return atomic_load(&arrived) == count;
}

/* Where a wake-up is lost one of them waits behind the others. */
static void as_many_run_at_once_as_there_are_workers(void **state)
{
    enum { ROUNDS = 300, MOST = 16 };
    int workers = oct_pool_workers(*state);
    if (strcmp(oct_pool_kind(*state), "threads") != 0 || workers > MOST)
        skip();
    for (int round = 0; round < ROUNDS; round++) {
        oct_future *fs[MOST];
        atomic_store(&arrived, 0);
        for (int i = 0; i < workers; i++) {
            fs[i] = oct_submit(*state, meets, workers);
            for (volatile int pause = 0; pause < round % 10 * 100; pause++)
                continue;
        }
        for (int i = 0; i < workers; i++) {
            bool met = false;
            assert_int_equal(oct_result(fs[i], &met), OCT_OK);
            assert_true(met);
        }
    }
}

static void wait_times_out_and_the_future_goes_on(void **state)
{
    oct_future *f = oct_submit(*state, sleeper, 0.2, 7);
    int x = 0;
    assert_int_equal(oct_wait(f, 0.01), OCT_E_TIMEOUT);
    assert_int_equal(oct_result_within(f, &x, 0), OCT_E_TIMEOUT);
    assert_false(oct_done(f));
    assert_int_equal(oct_result(f, &x), OCT_OK);
    assert_int_equal(x, 7);
}

static void wait_for_any_returns_with_the_first(void **state)
{
    need_two(*state);
    oct_future *fs[2] = {oct_submit(*state, until_cancelled), oct_submit(*state, sleeper, 0.0, 1)};
    assert_int_equal(oct_wait_many(fs, 2, OCT_ANY_DONE, OCT_FOREVER), OCT_OK);
    assert_true(oct_done(fs[1]));
    assert_false(oct_done(fs[0]));
    oct_cancel(fs[0]);
}

static void wait_for_any_failed_does_not_wait_for_the_rest(void **state)
{
    need_two(*state);
    oct_future *fs[2] = {oct_submit(*state, until_cancelled), oct_submit(*state, failing, 1)};
    assert_int_equal(oct_wait_many(fs, 2, OCT_ANY_FAILED, OCT_FOREVER), OCT_OK);
    assert_false(oct_done(fs[0]));
    oct_cancel(fs[0]);
    oct_future *good[2] = {oct_submit(*state, sleeper, 0.0, 0), oct_submit(*state, sleeper, 0.01, 1)};
    assert_int_equal(oct_wait_many(good, 2, OCT_ANY_FAILED, 5), OCT_OK);
    assert_true(oct_done(good[0]) && oct_done(good[1]));
}

static void wait_for_all_waits_for_all_or_the_time_out(void **state)
{
    oct_future *fs[3] = {oct_submit(*state, sleeper, 0.01, 0), NULL, oct_submit(*state, sleeper, 0.3, 1)};
    assert_int_equal(oct_wait_many(fs, 3, OCT_ALL_DONE, 0.05), OCT_E_TIMEOUT);
    assert_int_equal(oct_wait_many(fs, 3, OCT_ALL_DONE, OCT_FOREVER), OCT_OK);
    assert_true(oct_done(fs[0]) && oct_done(fs[2]));
    assert_int_equal(oct_wait_many(NULL, 0, OCT_ALL_DONE, OCT_FOREVER), OCT_OK);
}

static void as_completed_gives_each_once_in_the_order_they_end(void **state)
{
    need_two(*state);
    oct_future *fs[2] = {oct_submit(*state, sleeper, 0.2, 0), oct_submit(*state, sleeper, 0.0, 1)};
    oct_completed *completed = oct_as_completed(fs, 2);
    size_t index = 9;
    assert_ptr_equal(oct_completed_next(completed, &index, OCT_FOREVER), fs[1]);
    assert_int_equal(index, 1);
    assert_null(oct_completed_next(completed, &index, 0.01));
    assert_int_equal(oct_last_error()->code, OCT_E_TIMEOUT);
    assert_ptr_equal(oct_completed_next(completed, &index, OCT_FOREVER), fs[0]);
    assert_int_equal(index, 0);
    assert_null(oct_completed_next(completed, NULL, OCT_FOREVER));
    assert_int_equal(oct_last_error()->code, OCT_OK);
    oct_completed_destroy(completed);
}

static void as_completed_takes_more_while_it_is_read(void **state)
{
    oct_completed *completed = oct_as_completed(NULL, 0);
    assert_non_null(completed);
    int sum = 0;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(oct_completed_add(completed, oct_submit(*state, sleeper, 0, i)), OCT_OK);
        if (i % 2 == 0)
            continue;
        int x = 0;
        assert_int_equal(oct_result(oct_completed_next(completed, NULL, OCT_FOREVER), &x), OCT_OK);
        sum += x;
    }
    for (oct_future *f; (f = oct_completed_next(completed, NULL, OCT_FOREVER));) {
        int x = 0;
        assert_int_equal(oct_result(f, &x), OCT_OK);
        sum += x;
    }
    assert_int_equal(sum, 199 * 100);
    oct_completed_destroy(completed);
}

static void as_completed_may_be_left_early(void **state)
{
    oct_future *fs[2] = {oct_submit(*state, sleeper, 0.05, 0), oct_submit(*state, sleeper, 0.0, 1)};
    oct_completed *completed = oct_as_completed(fs, 2);
    assert_non_null(oct_completed_next(completed, NULL, OCT_FOREVER));
    oct_completed_destroy(completed);
}

/* A task of its own: ranks are sent many at once of a task that was short so far, as `sleeper` was. */
OCT_TASK(int, long_sleeper, int, x)
{
    oct_sleep(0.2);
    return x;
}

static void what_has_not_started_can_be_cancelled(void **state)
{
    enum { COUNT = 64 };
    oct_future *fs[COUNT];
    for (int i = 0; i < COUNT; i++)
        fs[i] = oct_submit(*state, long_sleeper, i);
    int cancelled = 0;
    for (int i = COUNT - 1; i >= 0; i--)
        cancelled += oct_cancel(fs[i]) == OCT_OK;
    assert_true(cancelled > COUNT / 2);
    int x, failed = 0;
    for (int i = 0; i < COUNT; i++) {
        oct_err code = oct_result(fs[i], &x);
        if (code == OCT_OK)
            continue;
        failed++;
        assert_int_equal(code, OCT_E_CANCELLED);
        assert_int_equal(oct_future_failure(fs[i])->error.code, OCT_E_CANCELLED);
        oct_release(fs[i]);
    }
    /* Where workers are processes, those at a worker, one running and one behind it, end too; on a
     * cluster those that are at another node and have not begun. */
    int killed = strcmp(oct_pool_kind(*state), "threads") != 0 ? 2 * oct_pool_workers(*state) : 0;
    assert_in_range(failed, cancelled, cancelled + killed);
}

static void a_running_task_learns_that_it_is_cancelled(void **state)
{
    oct_future *f = oct_submit(*state, until_cancelled);
    oct_sleep(0.05);
    assert_int_equal(oct_cancel(f), OCT_E_STATE);
    bool told = false;
    oct_err code = oct_result(f, &told);
    assert_true((code == OCT_OK && told) || code == OCT_E_CANCELLED);
}

static void closing_waits_for_everything(void **state)
{
    if (suite_shares_pool())
        skip();
    oct_pool *pool;
    (void)state;
    assert_int_equal(oct_pool_open_spec(suite_spec, &pool, NULL), OCT_OK);
    for (int i = 0; i < 20; i++)
        assert_non_null(oct_submit(pool, sleeper, 0.01, i));
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

static void cancelling_the_pool_makes_closing_quick(void **state)
{
    if (suite_shares_pool())
        skip();
    oct_pool *pool;
    (void)state;
    assert_int_equal(oct_pool_open_spec(suite_spec, &pool, NULL), OCT_OK);
    for (int i = 0; i < 2000; i++)
        assert_non_null(oct_submit(pool, sleeper, 0.05, i));
    oct_pool_cancel(pool);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

static _Atomic int calls;

static void count_call(oct_future *future, void *ctx)
{
    if (oct_done(future))
        atomic_fetch_add((_Atomic int *)ctx, 1);
}

static void a_callback_is_called_once_however_the_task_ends(void **state)
{
    calls = 0;
    oct_future *fs[3] = {oct_submit(*state, sleeper, 0.02, 0), oct_submit(*state, failing, 1),
                         oct_submit(*state, sleeper, 0.0, 0)};
    for (int i = 0; i < 3; i++)
        assert_int_equal(oct_on_done(fs[i], count_call, &calls), OCT_OK);
    assert_int_equal(oct_wait_many(fs, 3, OCT_ALL_DONE, OCT_FOREVER), OCT_OK);
    for (int i = 0; i < 1000 && atomic_load(&calls) < 3; i++)
        oct_sleep(0.001);
    assert_int_equal(calls, 3);
    assert_int_equal(oct_on_done(fs[0], count_call, &calls), OCT_OK);
    assert_int_equal(calls, 4);
}

int suite_waiting(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(as_many_run_at_once_as_there_are_workers),
        SUITE_TEST(wait_times_out_and_the_future_goes_on),
        SUITE_TEST(wait_for_any_returns_with_the_first),
        SUITE_TEST(wait_for_any_failed_does_not_wait_for_the_rest),
        SUITE_TEST(wait_for_all_waits_for_all_or_the_time_out),
        SUITE_TEST(as_completed_gives_each_once_in_the_order_they_end),
        SUITE_TEST(as_completed_takes_more_while_it_is_read),
        SUITE_TEST(as_completed_may_be_left_early),
        SUITE_TEST(what_has_not_started_can_be_cancelled),
        SUITE_TEST(a_running_task_learns_that_it_is_cancelled),
        SUITE_TEST(closing_waits_for_everything),
        SUITE_TEST(cancelling_the_pool_makes_closing_quick),
        SUITE_TEST(a_callback_is_called_once_however_the_task_ends),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
