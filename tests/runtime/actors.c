/* Actors: order, state, failures, and who may call them. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/runtime/suite.h"

typedef struct tally {
    long total;
    int calls;
    bool busy;
    int *log; /* what it was told, in order */
    int logged;
} tally;

typedef struct other {
    int x;
} other;

static void tally_end(tally *self)
{
    free(self->log);
}

OCT_ACTOR(tally, tally_open, tally_end, long, start)
{
    if (start < 0)
        oct_fail(oct_task_error(), OCT_E_INVALID, "%ld is too little to start with", start);
    else if (!(self->log = calloc(4096, sizeof(*self->log))))
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory");
    self->total = start;
}

OCT_ACTOR(other, other_open, NULL)
{
    self->x = 1;
}

/* Fails when another call of the actor runs at the same time. */
OCT_METHOD(tally, long, tally_add, long, x)
{
    if (self->busy)
        oct_fail(oct_task_error(), OCT_E_STATE, "two calls at once");
    self->busy = true;
    if (x % 16 == 0)
        oct_sleep(0.0002);
    self->total += x;
    if (self->logged < 4096)
        self->log[self->logged++] = (int)x;
    self->busy = false;
    self->calls++;
    return self->total;
}

OCT_METHOD(tally, oct_ints, tally_log)
{
    oct_ints out = {malloc((size_t)self->logged * sizeof(int) + 1), (size_t)self->logged};
    memcpy(out.data, self->log, (size_t)self->logged * sizeof(int));
    return out;
}

OCT_METHOD(tally, void, tally_reset)
{
    self->total = 0;
}

OCT_METHOD(tally, int, tally_node)
{
    return oct_node();
}

OCT_METHOD(tally, int, tally_process)
{
    return getpid();
}

OCT_METHOD(tally, int, tally_fail, const char *, why)
{
    self->calls++;
    oct_fail(oct_task_error(), OCT_E_IO, "%s", why);
    return 1;
}

OCT_METHOD(tally, void, tally_crash)
{
    raise(SIGSEGV);
}

OCT_METHOD(tally, double, tally_weigh, oct_doubles, values)
{
    double sum = 0;
    for (size_t i = 0; i < values.count; i++)
        sum += values.data[i];
    self->total += (long)sum;
    return sum;
}

OCT_METHOD(tally, long, tally_slow, double, seconds)
{
    oct_sleep(seconds);
    return self->total;
}

OCT_METHOD(tally, int, other_than_self, oct_actor, me)
{
    long x;
    oct_future *again = oct_submit(oct_task_pool(), tally_add, me, 1);
    oct_err code = oct_result(again, &x);
    oct_release(again);
    return (int)code;
}

OCT_METHOD(tally, long, tally_ask, oct_actor, whom, double, seconds)
{
    long x = -1;
    oct_sleep(seconds);
    oct_future *asked = oct_submit(oct_task_pool(), tally_slow, whom, 0.0);
    if (oct_result(asked, &x) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    oct_release(asked);
    return x;
}

OCT_METHOD(other, int, other_x)
{
    return self->x;
}

OCT_TASK(long, later, double, seconds, long, x)
{
    oct_sleep(seconds);
    return x;
}

OCT_TASK(oct_doubles, zeros, int, count)
{
    return (oct_doubles){calloc((size_t)count, sizeof(double)), (size_t)count};
}

OCT_TASK(long, adds_many, oct_actor, actor, int, count, int, first)
{
    long last = -1;
    for (int i = 0; i < count; i++) {
        oct_future *f = oct_submit(oct_task_pool(), tally_add, actor, first + i);
        if (i == count - 1 && oct_result(f, &last) != OCT_OK)
            *oct_task_error() = *oct_last_error();
        else
            oct_release(f);
    }
    return last;
}

OCT_TASK(oct_actor, opens_one, long, start)
{
    return oct_actor_open(oct_task_pool(), tally_open, start);
}

static void calls_run_in_order_and_one_at_a_time(void **state)
{
    enum { CALLS = 300 };
    for (int node = 0; node < oct_pool_nodes(*state); node++) {
        oct_actor actor = oct_actor_open_on(*state, node, tally_open, 1000);
        oct_future *calls[CALLS];
        long total[CALLS], wanted = 1000;
        for (int i = 0; i < CALLS; i++)
            calls[i] = oct_submit(*state, tally_add, actor, i);
        assert_int_equal(oct_gather(calls, CALLS, total), OCT_OK);
        for (int i = 0; i < CALLS; i++)
            assert_int_equal(total[i], wanted += i);
        oct_ints log;
        assert_int_equal(oct_result(oct_submit(*state, tally_log, actor), &log), OCT_OK);
        assert_int_equal(log.count, CALLS);
        for (int i = 0; i < CALLS; i++)
            assert_int_equal(log.data[i], i);
        free(log.data);
        int at = -1;
        assert_int_equal(oct_result(oct_submit(*state, tally_node, actor), &at), OCT_OK);
        assert_int_equal(at, node);
        assert_int_equal(oct_actor_close(*state, actor), OCT_OK);
    }
}

static void a_call_that_waits_for_an_argument_holds_up_those_behind_it(void **state)
{
    int last = oct_pool_nodes(*state) - 1;
    oct_actor actor = oct_actor_open_on(*state, last, tally_open, 0);
    oct_future *slow = oct_submit(*state, later, 0.05, 3), *array = oct_submit(*state, zeros, 20000);
    oct_future *calls[4] = {oct_submit(*state, tally_add, actor, slow), NULL,
                            oct_submit(*state, tally_add, actor, 4)};
    long total[3] = {0};
    double sum = -1;
    calls[1] = oct_submit(*state, tally_weigh, actor, array);
    calls[3] = oct_submit(*state, tally_add, actor, 5);
    oct_release(slow);
    oct_release(array);
    assert_int_equal(oct_result(calls[0], &total[0]), OCT_OK);
    assert_int_equal(oct_result(calls[1], &sum), OCT_OK);
    assert_int_equal(oct_result(calls[2], &total[1]), OCT_OK);
    assert_int_equal(oct_result(calls[3], &total[2]), OCT_OK);
    assert_int_equal(total[0], 3);
    assert_int_equal(total[1], 7);
    assert_int_equal(total[2], 12);
    assert_true(sum == 0);
    oct_actor_close(*state, actor);
}

static void a_call_that_fails_is_that_calls(void **state)
{
    oct_actor actor = oct_actor_open(*state, tally_open, 1);
    oct_future *bad = oct_submit(*state, tally_fail, actor, "the disk is full");
    oct_future *argument = oct_submit(*state, tally_fail, actor, "no");
    oct_future *passed_over = oct_submit(*state, tally_slow, actor, 0.0);
    long total = 0;
    assert_int_equal(oct_result(bad, NULL), OCT_E_IO);
    assert_string_equal(oct_last_error()->what, "the disk is full");
    assert_string_equal(oct_future_failure(bad)->task, "tally_fail");
    assert_int_equal(oct_result(argument, NULL), OCT_E_IO);
    assert_int_equal(oct_result(passed_over, &total), OCT_OK);
    assert_int_equal(oct_result(oct_submit(*state, tally_add, actor, 1), &total), OCT_OK);
    assert_int_equal(total, 2);
    oct_release(bad);
    oct_release(argument);
    oct_actor_close(*state, actor);
}

static void a_constructor_that_fails_fails_every_call(void **state)
{
    oct_actor actor = oct_actor_open(*state, tally_open, -5);
    for (int i = 0; i < 2; i++) {
        oct_future *call = oct_submit(*state, tally_add, actor, 1);
        assert_int_equal(oct_result(call, NULL), OCT_E_INVALID);
        assert_non_null(strstr(oct_last_error()->what, "-5 is too little"));
        oct_release(call);
    }
    oct_actor_close(*state, actor);
}

static void a_closed_actor_is_not_there(void **state)
{
    oct_actor actor = oct_actor_open(*state, tally_open, 0), none = {0};
    oct_future *before = oct_submit(*state, tally_add, actor, 1);
    long total = 0;
    assert_int_equal(oct_actor_close(*state, actor), OCT_OK);
    oct_future *after = oct_submit(*state, tally_add, actor, 1);
    assert_int_equal(oct_result(before, &total), OCT_OK);
    assert_int_equal(total, 1);
    assert_int_equal(oct_result(after, NULL), OCT_E_NOTFOUND);
    oct_release(after);
    after = oct_submit(*state, tally_add, none, 1);
    assert_int_equal(oct_result(after, NULL), OCT_E_NOTFOUND);
    oct_release(after);
    assert_int_equal(oct_actor_close(*state, none), OCT_E_NOTFOUND);
}

static void an_actor_of_another_type_is_refused(void **state)
{
    oct_actor actor = oct_actor_open(*state, other_open);
    oct_future *wrong = oct_submit(*state, tally_add, actor, 1);
    int x = 0;
    assert_int_equal(oct_result(wrong, NULL), OCT_E_TYPE);
    assert_int_equal(oct_result(oct_submit(*state, other_x, actor), &x), OCT_OK);
    assert_int_equal(x, 1);
    oct_release(wrong);
    oct_actor_close(*state, actor);
    assert_int_equal(oct_actor_open_on(*state, oct_pool_nodes(*state), other_open).id, 0);
    assert_int_equal(oct_last_error()->code, OCT_E_INVALID);
    assert_int_equal(oct_actor_open(NULL, other_open).id, 0);
}

static void a_method_runs_only_when_it_is_submitted(void **state)
{
    oct_actor actor = oct_actor_open(*state, tally_open, 0);
    *oct_task_error() = (oct_error)OCT_ERROR_INIT;
    assert_int_equal(tally_add(actor, 1), 0);
    assert_int_equal(oct_task_error()->code, OCT_E_STATE);
    *oct_task_error() = (oct_error)OCT_ERROR_INIT;
    long total = 0;
    assert_int_equal(oct_result(oct_submit(*state, tally_add, actor, 2), &total), OCT_OK);
    assert_int_equal(total, 2);
    oct_actor_close(*state, actor);
}

static void tasks_everywhere_call_the_same_actor(void **state)
{
    enum { TASKS = 12, CALLS = 40 };
    oct_actor actor = oct_actor_open_on(*state, oct_pool_nodes(*state) - 1, tally_open, 0);
    oct_future *tasks[TASKS];
    int seen[TASKS] = {0};
    for (int i = 0; i < TASKS; i++)
        tasks[i] = oct_submit_with(*state, &(oct_options){.node = i % oct_pool_nodes(*state) + 1}, adds_many,
                                   actor, CALLS, 100 * i);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(oct_result(tasks[i], NULL), OCT_OK);
    oct_ints log;
    assert_int_equal(oct_result(oct_submit(*state, tally_log, actor), &log), OCT_OK);
    assert_int_equal(log.count, TASKS * CALLS);
    for (size_t i = 0; i < log.count; i++) { /* each caller's in order */
        int who = log.data[i] / 100;
        assert_int_equal(log.data[i] % 100, seen[who]++);
    }
    free(log.data);
    oct_actor_close(*state, actor);
}

static void a_task_may_open_an_actor_and_return_it(void **state)
{
    oct_actor actor;
    long total = 0;
    assert_int_equal(oct_result(oct_on_node(*state, oct_pool_nodes(*state) - 1, opens_one, 41), &actor),
                     OCT_OK);
    assert_int_equal(oct_result(oct_submit(*state, tally_reset, actor), NULL), OCT_OK);
    assert_int_equal(oct_result(oct_submit(*state, tally_add, actor, 42), &total), OCT_OK);
    assert_int_equal(total, 42);
    oct_actor_close(*state, actor);
}

static void a_call_in_the_queue_can_be_cancelled(void **state)
{
    oct_actor actor = oct_actor_open(*state, tally_open, 0);
    oct_future *arguments[8], *calls[8];
    long total = 0;
    for (int i = 0; i < 8; i++) {
        arguments[i] = oct_submit(*state, later, i == 0 ? 0.05 : 0.0, 1 << i);
        calls[i] = oct_submit(*state, tally_add, actor, arguments[i]);
    }
    for (int i = 1; i < 8; i += 2)
        assert_int_equal(oct_cancel(calls[i]), OCT_OK);
    for (int i = 0; i < 8; i++) {
        oct_release(arguments[i]);
        assert_int_equal(oct_result(calls[i], &total), i % 2 ? OCT_E_CANCELLED : OCT_OK);
        oct_release(calls[i]);
    }
    assert_int_equal(total, 1 + 4 + 16 + 64);
    oct_actor_close(*state, actor);
}

static void an_actor_that_waits_for_itself_is_told(void **state)
{
    oct_actor actor = oct_actor_open(*state, tally_open, 0);
    int code = 0;
    long total = 0;
    assert_int_equal(oct_result(oct_submit(*state, other_than_self, actor, actor), &code), OCT_OK);
    assert_int_equal(code, OCT_E_DEADLOCK);
    assert_int_equal(oct_result(oct_submit(*state, tally_add, actor, 0), &total), OCT_OK);
    assert_int_equal(total, 1); /* the call itself ran, later */
    oct_actor_close(*state, actor);
}

/* Each asks the next, the last one the first, and waits. One of them at least is told; what the others
 * hear depends on whether they asked it before or after. */
static void ring_of_actors(oct_pool *pool, int count, int apart)
{
    oct_actor actors[8];
    oct_future *calls[8];
    int told = 0;
    for (int i = 0; i < count; i++)
        actors[i] = oct_actor_open_on(pool, i * apart % oct_pool_nodes(pool), tally_open, 0);
    for (int i = 0; i < count; i++)
        calls[i] = oct_submit(pool, tally_ask, actors[i], actors[(i + 1) % count], 0.05);
    for (int i = 0; i < count; i++)
        told += oct_result(calls[i], NULL) == OCT_E_DEADLOCK;
    assert_true(told > 0);
    for (int i = 0; i < count; i++) {
        oct_release(calls[i]);
        oct_actor_close(pool, actors[i]);
    }
}

static void actors_that_wait_for_each_other_are_told(void **state)
{
    ring_of_actors(*state, 2, 0);
    ring_of_actors(*state, 2, 1);
    ring_of_actors(*state, 5, 1);
}

static void a_lost_worker_takes_its_actor_and_no_other(void **state)
{
    if (strcmp(oct_pool_kind(*state), "processes") != 0)
        skip();
    oct_actor doomed = oct_actor_open(*state, tally_open, 0), safe = oct_actor_open(*state, tally_open, 7);
    int a = 0, b = 0;
    assert_int_equal(oct_result(oct_submit(*state, tally_process, doomed), &a), OCT_OK);
    assert_int_equal(oct_result(oct_submit(*state, tally_process, safe), &b), OCT_OK);
    assert_int_not_equal(a, b);
    oct_future *calls[3] = {oct_submit(*state, tally_crash, doomed), oct_submit(*state, tally_add, doomed, 1),
                            oct_submit(*state, tally_add, doomed, 1)};
    assert_int_equal(oct_result(calls[0], NULL), OCT_E_CRASH);
    for (int i = 1; i < 3; i++)
        assert_int_equal(oct_result(calls[i], NULL), OCT_E_LOST);
    for (int i = 0; i < 3; i++)
        oct_release(calls[i]);
    calls[0] = oct_submit(*state, tally_add, doomed, 1);
    assert_int_equal(oct_result(calls[0], NULL), OCT_E_LOST);
    oct_release(calls[0]);
    long total = 0;
    assert_int_equal(oct_result(oct_submit(*state, tally_add, safe, 1), &total), OCT_OK);
    assert_int_equal(total, 8);
    oct_actor_close(*state, safe);
}

static void many_actors_come_and_go(void **state)
{
    for (int round = 0; round < 8; round++) {
        oct_actor actors[6];
        for (int i = 0; i < 6; i++)
            actors[i] = oct_actor_open(*state, tally_open, i);
        for (int i = 0; i < 6; i++) {
            long total = 0;
            assert_int_equal(oct_result(oct_submit(*state, tally_add, actors[i], 100), &total), OCT_OK);
            assert_int_equal(total, 100 + i);
            assert_int_equal(oct_actor_close(*state, actors[i]), OCT_OK);
        }
    }
}

static void closing_the_pool_ends_what_is_left(void **state)
{
    (void)state;
    if (suite_shares_pool())
        skip();
    oct_pool *pool;
    assert_int_equal(oct_pool_open_spec(suite_spec, &pool, NULL), OCT_OK);
    oct_actor actor = oct_actor_open(pool, tally_open, 0);
    for (int i = 0; i < 20; i++)
        oct_submit(pool, tally_add, actor, i);
    oct_pool_cancel(pool);
    oct_submit(pool, tally_add, actor, 1);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

int suite_actors(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(calls_run_in_order_and_one_at_a_time),
        SUITE_TEST(a_call_that_waits_for_an_argument_holds_up_those_behind_it),
        SUITE_TEST(a_call_that_fails_is_that_calls),
        SUITE_TEST(a_constructor_that_fails_fails_every_call),
        SUITE_TEST(a_closed_actor_is_not_there),
        SUITE_TEST(an_actor_of_another_type_is_refused),
        SUITE_TEST(a_method_runs_only_when_it_is_submitted),
        SUITE_TEST(tasks_everywhere_call_the_same_actor),
        SUITE_TEST(a_task_may_open_an_actor_and_return_it),
        SUITE_TEST(a_call_in_the_queue_can_be_cancelled),
        SUITE_TEST(an_actor_that_waits_for_itself_is_told),
        SUITE_TEST(actors_that_wait_for_each_other_are_told),
        SUITE_TEST(a_lost_worker_takes_its_actor_and_no_other),
        SUITE_TEST(many_actors_come_and_go),
        SUITE_TEST(closing_the_pool_ends_what_is_left),
    };
    return cmocka_run_group_tests_name("actors", tests, NULL, NULL);
}
