/* Queues, locks, semaphores, events and topics. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/runtime/suite.h"

/* Longer than any wait for something that comes takes, however busy the machine. */
#define LONG 60.0

typedef struct entry {
    int who, number;
} entry;

OCT_TASK(entry, an_entry, entry, e)
{
    return e;
}

OCT_TASK(int, put_numbers, oct_queue, queue, int, first, int, count)
{
    for (int i = first; i < first + count; i++) {
        oct_err code = oct_queue_put(oct_task_pool(), queue, int, &i, LONG);
        if (code != OCT_OK)
            *oct_task_error() = *oct_last_error();
    }
    return count;
}

OCT_TASK(long, sum_numbers, oct_queue, queue, int, count)
{
    long sum = 0;
    for (int i = 0, x; i < count; i++) {
        if (oct_queue_get(oct_task_pool(), queue, int, &x, OCT_FOREVER) != OCT_OK)
            *oct_task_error() = *oct_last_error();
        else
            sum += x;
    }
    return sum;
}

OCT_TASK(int, get_code, oct_queue, queue, double, seconds)
{
    int x;
    return (int)oct_queue_get(oct_task_pool(), queue, int, &x, seconds);
}

/* Reads a number from the queue, and puts back one more: without the lock numbers are lost. */
OCT_TASK(oct_err, one_more, oct_lock, lock, oct_queue, cell)
{
    oct_pool *pool = oct_task_pool();
    int x;
    oct_err code = oct_lock_take(pool, lock, OCT_FOREVER);
    if (code != OCT_OK)
        return code;
    if ((code = oct_queue_get(pool, cell, int, &x, 0)) == OCT_OK) {
        x++;
        code = oct_queue_put(pool, cell, int, &x, 0);
    }
    oct_err given = oct_lock_give(pool, lock);
    return code == OCT_OK ? given : code;
}

OCT_TASK(oct_err, takes_and_returns, oct_lock, lock)
{
    return oct_lock_take(oct_task_pool(), lock, LONG);
}

OCT_TASK(int, one, int, x)
{
    return x;
}

/* Waits for another task while it holds the lock that all want. */
OCT_TASK(int, waits_inside, oct_lock, lock)
{
    int x = 0;
    oct_err code = oct_lock_take(oct_task_pool(), lock, OCT_FOREVER);
    if (code != OCT_OK || oct_result(oct_submit(oct_task_pool(), one, 1), &x) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    oct_lock_give(oct_task_pool(), lock);
    return x;
}

OCT_TASK(oct_err, locks_and_unlocks, oct_lock, lock)
{
    oct_err code = oct_lock_take(oct_task_pool(), lock, OCT_FOREVER);
    return code == OCT_OK ? oct_lock_give(oct_task_pool(), lock) : code;
}

OCT_TASK(int, waits_for_one_that_locks, oct_lock, lock, int, node)
{
    oct_options there = {.node = node + 1};
    if (oct_lock_take(oct_task_pool(), lock, OCT_FOREVER) != OCT_OK)
        return -1;
    oct_future *child = oct_submit_with(oct_task_pool(), &there, locks_and_unlocks, lock);
    oct_err code = oct_result(child, NULL);
    oct_lock_give(oct_task_pool(), lock);
    oct_wait(child, OCT_FOREVER);
    oct_release(child);
    return (int)code;
}

OCT_TASK(int, takes_twice, oct_lock, lock)
{
    oct_err first = oct_lock_take(oct_task_pool(), lock, LONG);
    oct_err second = oct_lock_take(oct_task_pool(), lock, LONG);
    oct_lock_give(oct_task_pool(), lock);
    return first == OCT_OK ? (int)second : -1;
}

/* Takes the first, and the second when all others have their first. */
OCT_TASK(int, takes_both, oct_lock, first, oct_lock, second, oct_queue, there, oct_queue, others)
{
    oct_pool *pool = oct_task_pool();
    int x = 1;
    if (oct_lock_take(pool, first, OCT_FOREVER) != OCT_OK ||
        oct_queue_put(pool, there, int, &x, OCT_FOREVER) != OCT_OK ||
        oct_queue_get(pool, others, int, &x, OCT_FOREVER) != OCT_OK)
        return -1;
    oct_err code = oct_lock_take(pool, second, OCT_FOREVER);
    if (code == OCT_OK)
        oct_lock_give(pool, second);
    oct_lock_give(pool, first);
    return (int)code;
}

OCT_TASK(void, takes_and_dies, oct_lock, lock)
{
    if (oct_lock_take(oct_task_pool(), lock, LONG) == OCT_OK)
        raise(SIGKILL);
}

OCT_TASK(int, lock_code, oct_lock, lock, double, seconds)
{
    return (int)oct_lock_take(oct_task_pool(), lock, seconds);
}

OCT_TASK(int, event_code, oct_event, event, double, seconds)
{
    return (int)oct_event_wait(oct_task_pool(), event, seconds);
}

OCT_TASK(oct_err, sets, oct_event, event)
{
    return oct_event_set(oct_task_pool(), event);
}

/* At most two at once: `inside` has an item for each that is. */
OCT_TASK(int, guarded, oct_semaphore, semaphore, oct_queue, inside)
{
    oct_pool *pool = oct_task_pool();
    int x = 1;
    if (oct_semaphore_take(pool, semaphore, OCT_FOREVER) != OCT_OK)
        return -1;
    bool put = oct_queue_put(pool, inside, int, &x, 0) == OCT_OK; /* room for two */
    oct_sleep(0.001);
    bool got = put && oct_queue_get(pool, inside, int, &x, 0) == OCT_OK;
    return oct_semaphore_give(pool, semaphore) == OCT_OK && got;
}

OCT_TASK(oct_err, publishes, oct_topic, topic, int, count)
{
    oct_err code = OCT_OK;
    for (int i = 0; code == OCT_OK && i < count; i++)
        code = oct_topic_publish(oct_task_pool(), topic, int, &i);
    return code;
}

static void a_queue_gives_back_in_order_what_was_put(void **state)
{
    oct_queue queue = oct_queue_open(*state, 0);
    const char *words[] = {"one", NULL, "three"};
    assert_true(queue.id != 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(oct_queue_put(*state, queue, const char *, &words[i], 0), OCT_OK);
    entry e = {1, 2};
    oct_doubles numbers = {(double[]){1.5, 2.5}, 2};
    assert_int_equal(oct_queue_put(*state, queue, entry, &e, 0), OCT_OK);
    assert_int_equal(oct_queue_put(*state, queue, oct_doubles, &numbers, 0), OCT_OK);
    assert_int_equal(oct_queue_count(*state, queue), 5);
    for (int i = 0; i < 3; i++) {
        char *word = "?";
        assert_int_equal(oct_queue_get(*state, queue, char *, &word, 0), OCT_OK);
        if (words[i])
            assert_string_equal(word, words[i]);
        else
            assert_null(word);
        free(word);
    }
    int wrong = 9;
    assert_int_equal(oct_queue_get(*state, queue, int, &wrong, 0), OCT_E_TYPE);
    assert_int_equal(wrong, 9);
    e = (entry){0, 0};
    assert_int_equal(oct_queue_get(*state, queue, entry, &e, 0), OCT_OK);
    assert_int_equal(e.who + e.number, 3);
    assert_int_equal(oct_queue_get(*state, queue, oct_doubles, &numbers, 0), OCT_OK);
    assert_true(numbers.count == 2 && numbers.data[1] == 2.5);
    free(numbers.data);
    assert_int_equal(oct_queue_get(*state, queue, entry, &e, 0), OCT_E_TIMEOUT);
    assert_int_equal(oct_queue_get(*state, queue, entry, &e, 0.01), OCT_E_TIMEOUT);
    assert_int_equal(oct_queue_close(*state, queue), OCT_OK);
    assert_int_equal(oct_queue_get(*state, queue, entry, &e, LONG), OCT_E_NOTFOUND);
    assert_int_equal(oct_queue_close(*state, queue), OCT_E_NOTFOUND);
}

/* More consumers than workers, and producers behind them: those that wait must let others run. */
static void tasks_that_wait_let_others_run(void **state)
{
    enum { PAIRS = 6, EACH = 40 };
    oct_queue queue = oct_queue_open(*state, 3);
    oct_future *consumers[PAIRS], *producers[PAIRS];
    long sums[PAIRS], sum = 0;
    int counts[PAIRS];
    for (int i = 0; i < PAIRS; i++)
        consumers[i] = oct_submit(*state, sum_numbers, queue, EACH);
    for (int i = 0; i < PAIRS; i++)
        producers[i] = oct_submit(*state, put_numbers, queue, i * EACH, EACH);
    assert_int_equal(oct_gather(producers, PAIRS, counts), OCT_OK);
    assert_int_equal(oct_gather(consumers, PAIRS, sums), OCT_OK);
    for (int i = 0; i < PAIRS; i++)
        sum += sums[i];
    assert_int_equal(sum, (long)PAIRS * EACH * (PAIRS * EACH - 1) / 2);
    assert_int_equal(oct_queue_count(*state, queue), 0);
    oct_queue_close(*state, queue);
}

static void a_full_queue_holds_up_who_puts(void **state)
{
    oct_queue queue = oct_queue_open(*state, 2);
    int x = 7;
    assert_int_equal(oct_queue_put(*state, queue, int, &x, 0), OCT_OK);
    assert_int_equal(oct_queue_put(*state, queue, int, &x, 0), OCT_OK);
    assert_int_equal(oct_queue_put(*state, queue, int, &x, 0.01), OCT_E_TIMEOUT);
    assert_int_equal(oct_queue_count(*state, queue), 2);
    oct_future *puts = oct_submit(*state, put_numbers, queue, 8, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(oct_queue_get(*state, queue, int, &x, LONG), OCT_OK);
    assert_int_equal(x, 8);
    assert_int_equal(oct_result(puts, NULL), OCT_OK);
    oct_queue_close(*state, queue);
}

static void closing_breaks_waits_and_keeps_items(void **state)
{
    oct_queue empty = oct_queue_open(*state, 0), full = oct_queue_open(*state, 1);
    int code = 0, x = 3;
    oct_future *waits = oct_submit(*state, get_code, empty, LONG);
    oct_sleep(0.02);
    assert_int_equal(oct_queue_close(*state, empty), OCT_OK);
    assert_int_equal(oct_result(waits, &code), OCT_OK);
    assert_int_equal(code, OCT_E_NOTFOUND);
    assert_int_equal(oct_queue_put(*state, full, int, &x, 0), OCT_OK);
    assert_int_equal(oct_queue_close(*state, full), OCT_OK);
    assert_int_equal(oct_queue_put(*state, full, int, &x, LONG), OCT_E_NOTFOUND);
    assert_int_equal(oct_queue_get(*state, full, int, &x, 0), OCT_OK);
    assert_int_equal(oct_queue_get(*state, full, int, &x, LONG), OCT_E_NOTFOUND);
    oct_queue none = {0};
    assert_int_equal(oct_queue_get(*state, none, int, &x, LONG), OCT_E_NOTFOUND);
    assert_int_equal(oct_queue_open(NULL, 0).id, 0);
}

static void a_time_out_in_a_task_is_that_waits_alone(void **state)
{
    oct_queue queue = oct_queue_open(*state, 0);
    oct_future *brief = oct_submit(*state, get_code, queue, 0.02);
    int code = 0, x = 1;
    assert_int_equal(oct_result(brief, &code), OCT_OK);
    assert_int_equal(code, OCT_E_TIMEOUT);
    oct_future *patient = oct_submit(*state, get_code, queue, LONG);
    assert_int_equal(oct_queue_put(*state, queue, int, &x, 0), OCT_OK);
    assert_int_equal(oct_result(patient, &code), OCT_OK);
    assert_int_equal(code, OCT_OK);
    assert_int_equal(oct_queue_count(*state, queue), 0);
    oct_queue_close(*state, queue);
}

static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

/* However long: ranks and the tender of processes poll, now and then, so on threads alone. */
static void a_task_that_waits_takes_no_processor(void **state)
{
    if (strcmp(oct_pool_kind(*state), "threads") != 0)
        skip();
    oct_queue queue = oct_queue_open(*state, 0);
    oct_future *waits = oct_submit(*state, get_code, queue, OCT_FOREVER);
    int code = 0, x = 1;
    double before = processor_seconds();
    oct_sleep(0.5);
    assert_true(processor_seconds() - before < 0.25);
    assert_int_equal(oct_queue_put(*state, queue, int, &x, 0), OCT_OK);
    assert_int_equal(oct_result(waits, &code), OCT_OK);
    assert_int_equal(code, OCT_OK);
    oct_queue_close(*state, queue);
}

static void a_lock_lets_one_in_at_a_time(void **state)
{
    enum { TASKS = 60 };
    oct_lock lock = oct_lock_open(*state);
    oct_queue cell = oct_queue_open(*state, 1);
    oct_future *tasks[TASKS];
    int x = 0;
    assert_int_equal(oct_queue_put(*state, cell, int, &x, 0), OCT_OK);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = oct_submit_with(*state, &(oct_options){.node = i % oct_pool_nodes(*state) + 1}, one_more,
                                   lock, cell);
    assert_int_equal(oct_gather(tasks, TASKS, (oct_err *)NULL), OCT_OK);
    assert_int_equal(oct_queue_get(*state, cell, int, &x, 0), OCT_OK);
    assert_int_equal(x, TASKS);
    assert_int_equal(oct_lock_give(*state, lock), OCT_E_STATE);
    assert_int_equal(oct_lock_take(*state, lock, 0), OCT_OK);
    assert_int_equal(oct_lock_take(*state, lock, 0.01), OCT_E_TIMEOUT);
    assert_int_equal(oct_lock_give(*state, lock), OCT_OK);
    oct_lock_close(*state, lock);
    oct_queue_close(*state, cell);
}

static void a_task_may_wait_for_others_while_it_holds_a_lock(void **state)
{
    enum { TASKS = 20 };
    oct_lock lock = oct_lock_open(*state);
    oct_future *tasks[TASKS];
    int x[TASKS];
    for (int i = 0; i < TASKS; i++)
        tasks[i] = oct_submit(*state, waits_inside, lock);
    assert_int_equal(oct_gather(tasks, TASKS, x), OCT_OK);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(x[i], 1);
    oct_lock_close(*state, lock);
}

static void a_task_that_returns_with_a_lock_gives_it_up(void **state)
{
    oct_lock lock = oct_lock_open(*state);
    assert_int_equal(oct_result(oct_submit(*state, takes_and_returns, lock), NULL), OCT_OK);
    assert_int_equal(oct_lock_take(*state, lock, LONG), OCT_E_LOST);
    assert_int_equal(oct_lock_give(*state, lock), OCT_OK);
    assert_int_equal(oct_lock_take(*state, lock, LONG), OCT_OK);
    oct_lock_close(*state, lock);
}

static void a_task_that_takes_a_lock_twice_is_told(void **state)
{
    oct_lock lock = oct_lock_open(*state);
    int code = 0;
    assert_int_equal(oct_result(oct_submit(*state, takes_twice, lock), &code), OCT_OK);
    assert_int_equal(code, OCT_E_DEADLOCK);
    assert_int_equal(oct_lock_take(*state, lock, LONG), OCT_OK);
    oct_lock_close(*state, lock);
}

/* Each waits for the lock of the next: the last to ask is told, and the others go on when it gives up. */
static void circle_of(oct_pool *pool, int count)
{
    oct_lock locks[4];
    oct_queue arrived[4];
    oct_future *tasks[4];
    int codes[4], told = 0;
    for (int i = 0; i < count; i++) {
        locks[i] = oct_lock_open(pool);
        arrived[i] = oct_queue_open(pool, 0);
    }
    for (int i = 0; i < count; i++) {
        int next = (i + 1) % count;
        tasks[i] = oct_submit_with(pool, &(oct_options){.node = i % oct_pool_nodes(pool) + 1}, takes_both,
                                   locks[i], locks[next], arrived[i], arrived[next]);
    }
    assert_int_equal(oct_gather(tasks, (size_t)count, codes), OCT_OK);
    for (int i = 0; i < count; i++) {
        assert_true(codes[i] == OCT_OK || codes[i] == OCT_E_DEADLOCK);
        told += codes[i] == OCT_E_DEADLOCK;
        oct_lock_close(pool, locks[i]);
        oct_queue_close(pool, arrived[i]);
    }
    assert_int_equal(told, 1);
}

static void a_circle_of_locks_is_broken(void **state)
{
    circle_of(*state, 2);
    circle_of(*state, 4);
}

/* The parent holds the lock that its child wants, and waits for it. */
static void a_circle_of_a_lock_and_a_future_is_broken(void **state)
{
    for (int i = 0; i < oct_pool_nodes(*state); i++) {
        oct_lock lock = oct_lock_open(*state);
        int code = -1;
        oct_future *parent = oct_submit(*state, waits_for_one_that_locks, lock, i);
        assert_int_equal(oct_result(parent, &code), OCT_OK);
        assert_int_equal(code, OCT_E_DEADLOCK);
        assert_int_equal(oct_lock_take(*state, lock, LONG), OCT_OK);
        oct_lock_close(*state, lock);
    }
}

static void a_circle_through_the_program_is_broken(void **state)
{
    oct_lock mine = oct_lock_open(*state), its = oct_lock_open(*state);
    oct_queue here = oct_queue_open(*state, 0), there = oct_queue_open(*state, 0);
    int x = 1, code = -1;
    assert_int_equal(oct_lock_take(*state, mine, 0), OCT_OK);
    assert_int_equal(oct_lock_take(*state, mine, OCT_FOREVER), OCT_E_DEADLOCK);
    assert_int_equal(oct_queue_put(*state, here, int, &x, 0), OCT_OK);
    oct_future *task = oct_submit(*state, takes_both, its, mine, there, here);
    assert_int_equal(oct_queue_get(*state, there, int, &x, LONG), OCT_OK);
    oct_err own = oct_lock_take(*state, its, OCT_FOREVER);
    assert_int_equal(oct_lock_give(*state, mine), OCT_OK);
    assert_int_equal(oct_result(task, &code), OCT_OK);
    assert_true((own == OCT_OK && code == OCT_E_DEADLOCK) || (own == OCT_E_DEADLOCK && code == OCT_OK));
    oct_lock_close(*state, mine);
    oct_lock_close(*state, its);
    oct_queue_close(*state, here);
    oct_queue_close(*state, there);
}

static void a_lock_outlives_the_worker_that_had_it(void **state)
{
    if (strcmp(oct_pool_kind(*state), "processes") != 0)
        skip();
    oct_lock lock = oct_lock_open(*state);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(oct_lock_take(*state, lock, LONG), OCT_OK);
        oct_future *dies = oct_submit(*state, takes_and_dies, lock);
        oct_sleep(0.01);
        assert_int_equal(oct_lock_give(*state, lock), OCT_OK);
        assert_int_equal(oct_result(dies, NULL), OCT_E_CRASH);
        oct_release(dies);
        assert_int_equal(oct_lock_take(*state, lock, LONG), OCT_E_LOST);
        assert_int_equal(oct_lock_give(*state, lock), OCT_OK);
    }
    oct_lock_close(*state, lock);
}

static void an_event_lets_all_go_on(void **state)
{
    enum { TASKS = 5 };
    oct_event event = oct_event_open(*state);
    oct_future *waits[TASKS];
    int codes[TASKS];
    assert_int_equal(oct_event_wait(*state, event, 0.01), OCT_E_TIMEOUT);
    for (int i = 0; i < TASKS; i++)
        waits[i] = oct_submit(*state, event_code, event, OCT_FOREVER);
    assert_int_equal(oct_result(oct_submit(*state, sets, event), NULL), OCT_OK);
    assert_int_equal(oct_gather(waits, TASKS, codes), OCT_OK);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(codes[i], OCT_OK);
    assert_int_equal(oct_event_wait(*state, event, 0), OCT_OK);
    assert_int_equal(oct_event_clear(*state, event), OCT_OK);
    assert_int_equal(oct_event_wait(*state, event, 0), OCT_E_TIMEOUT);
    oct_event_close(*state, event);
}

static void a_semaphore_lets_so_many_in(void **state)
{
    enum { TASKS = 24 };
    oct_semaphore semaphore = oct_semaphore_open(*state, 2);
    oct_queue inside = oct_queue_open(*state, 2);
    oct_future *tasks[TASKS];
    int fine[TASKS];
    for (int i = 0; i < TASKS; i++)
        tasks[i] = oct_submit(*state, guarded, semaphore, inside);
    assert_int_equal(oct_gather(tasks, TASKS, fine), OCT_OK);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(fine[i], 1);
    assert_int_equal(oct_semaphore_open(*state, -1).id, 0);
    oct_semaphore_close(*state, semaphore);
    oct_queue_close(*state, inside);
}

static void subscribers_get_what_is_published(void **state)
{
    oct_topic topic = oct_topic_open(*state);
    int x = -1;
    assert_int_equal(oct_topic_publish(*state, topic, int, &x), OCT_OK); /* to nobody */
    oct_queue all = oct_topic_subscribe(*state, topic, 0), latest = oct_topic_subscribe(*state, topic, 3);
    oct_queue left = oct_topic_subscribe(*state, topic, 0);
    oct_queue_close(*state, left);
    assert_int_equal(oct_result(oct_submit(*state, publishes, topic, 10), NULL), OCT_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(oct_queue_get(*state, all, int, &x, LONG), OCT_OK);
        assert_int_equal(x, i);
    }
    for (int i = 7; i < 10; i++) {
        assert_int_equal(oct_queue_get(*state, latest, int, &x, LONG), OCT_OK);
        assert_int_equal(x, i);
    }
    long sum = 0;
    oct_future *sums = oct_submit(*state, sum_numbers, all, 10);
    assert_int_equal(oct_result(oct_submit(*state, publishes, topic, 10), NULL), OCT_OK);
    assert_int_equal(oct_result(sums, &sum), OCT_OK);
    assert_int_equal(sum, 45);
    oct_topic_close(*state, topic);
    assert_int_equal(oct_queue_get(*state, all, int, &x, LONG), OCT_E_NOTFOUND);
    assert_int_equal(oct_topic_subscribe(*state, topic, 0).id, 0);
    assert_int_equal(oct_last_error()->code, OCT_E_NOTFOUND);
}

static void closing_the_pool_breaks_all_waits(void **state)
{
    (void)state;
    if (suite_shares_pool())
        skip();
    oct_pool *pool;
    assert_int_equal(oct_pool_open_spec(suite_spec, &pool, NULL), OCT_OK);
    oct_queue queue = oct_queue_open(pool, 0);
    oct_lock lock = oct_lock_open(pool);
    assert_int_equal(oct_lock_take(pool, lock, 0), OCT_OK);
    for (int i = 0; i < 4; i++) {
        oct_submit(pool, get_code, queue, OCT_FOREVER);
        oct_submit(pool, lock_code, lock, LONG);
    }
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

int suite_shared(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_queue_gives_back_in_order_what_was_put),
        SUITE_TEST(tasks_that_wait_let_others_run),
        SUITE_TEST(a_full_queue_holds_up_who_puts),
        SUITE_TEST(closing_breaks_waits_and_keeps_items),
        SUITE_TEST(a_time_out_in_a_task_is_that_waits_alone),
        SUITE_TEST(a_task_that_waits_takes_no_processor),
        SUITE_TEST(a_lock_lets_one_in_at_a_time),
        SUITE_TEST(a_task_may_wait_for_others_while_it_holds_a_lock),
        SUITE_TEST(a_task_that_returns_with_a_lock_gives_it_up),
        SUITE_TEST(a_task_that_takes_a_lock_twice_is_told),
        SUITE_TEST(a_circle_of_locks_is_broken),
        SUITE_TEST(a_circle_of_a_lock_and_a_future_is_broken),
        SUITE_TEST(a_circle_through_the_program_is_broken),
        SUITE_TEST(a_lock_outlives_the_worker_that_had_it),
        SUITE_TEST(an_event_lets_all_go_on),
        SUITE_TEST(a_semaphore_lets_so_many_in),
        SUITE_TEST(subscribers_get_what_is_published),
        SUITE_TEST(closing_the_pool_breaks_all_waits),
    };
    return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
