/* What cluster_test.c runs on some ranks: one case a run, named by the first argument. Rank 0
 * prints what went wrong and exits with 1. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oct/oct.h"

#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            const oct_error *last = oct_last_error();                                                        \
            fprintf(stderr, "%s:%d: not true: %s (last error: %s)\n", __FILE__, __LINE__, #condition,        \
                    last->what);                                                                             \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

OCT_TASK(double, add, double, a, double, b)
{
    return a + b;
}

OCT_TASK(int, node_after, double, seconds)
{
    oct_sleep(seconds);
    return oct_node();
}

OCT_TASK(int, node_with, oct_bytes, value)
{
    oct_sleep(0.05);
    return value.size > 0 ? oct_node() : -1;
}

OCT_TASK(int, node_holding, oct_bytes, value)
{
    return value.size > 0 ? oct_node() : -1;
}

OCT_TASK(oct_bytes, zeroes, size_t, size)
{
    return (oct_bytes){calloc(1, size), size};
}

OCT_TASK(int, fail_here, int, number)
{
    oct_fail(oct_task_error(), OCT_E_IO, "there is no %d", number);
    return 0;
}

OCT_TASK(oct_doubles, range, int, count)
{
    oct_doubles values = {malloc((size_t)count * sizeof(double)), (size_t)count};
    for (int i = 0; i < count; i++)
        values.data[i] = i;
    return values;
}

OCT_TASK(oct_doubles, range_unless, int, count, bool, fails)
{
    if (!fails)
        return range(count);
    oct_fail(oct_task_error(), OCT_E_IO, "there are no numbers");
    return (oct_doubles){0};
}

OCT_TASK(double, sum, oct_doubles, values)
{
    double total = 0;
    for (size_t i = 0; i < values.count; i++)
        total += values.data[i];
    return total;
}

OCT_TASK(int, node_of, oct_doubles, values)
{
    return values.count > 0 ? oct_node() : -1;
}

OCT_TASK(char *, greet, const char *, name, int, times)
{
    char *text = malloc(strlen(name) * (size_t)times + 1);
    text[0] = '\0';
    for (int i = 0; i < times; i++)
        strcat(text, name);
    return text;
}

OCT_TASK(size_t, length, oct_bytes, bytes)
{
    return bytes.size;
}

OCT_TASK(int, fib, int, n)
{
    if (n < 2)
        return n;
    oct_future *left = oct_submit(oct_task_pool(), fib, n - 1);
    oct_future *right = oct_submit(oct_task_pool(), fib, n - 2);
    int a = 0, b = 0;
    if (oct_result(left, &a) != OCT_OK || oct_result(right, &b) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    return a + b;
}

OCT_TASK(bool, until_cancelled, double, seconds)
{
    for (double waited = 0; waited < seconds; waited += 0.001) {
        if (oct_task_cancelled())
            return true;
        oct_sleep(0.001);
    }
    return false;
}

OCT_TASK(int, flaky, int, attempts)
{
    static int calls;
    if (++calls < attempts)
        oct_fail(oct_task_error(), OCT_E_IO, "not yet");
    return calls;
}

OCT_TASK(void, die, int, number)
{
    kill(getpid(), number);
    oct_sleep(10);
}

OCT_TASK(void, leave, int, status)
{
    _exit(status);
}

OCT_TASK(void, orphan, const char *, path)
{
    oct_sleep(0.05);
    FILE *file = fopen(path, "a");
    if (file) {
        fputs("x", file);
        fclose(file);
    }
}

OCT_TASK(void, abandon_some, const char *, path)
{
    for (int i = 0; i < 10; i++)
        oct_release(oct_submit(oct_task_pool(), orphan, path));
}

OCT_TASK(void, dies_with_it, oct_lock, lock, oct_event, taken)
{
    if (oct_lock_take(oct_task_pool(), lock, 20) == OCT_OK && oct_event_set(oct_task_pool(), taken) == OCT_OK)
        kill(getpid(), SIGKILL);
}

typedef struct counter {
    long total;
} counter;

OCT_ACTOR(counter, counter_open, NULL, long, start)
{
    self->total = start;
}

OCT_METHOD(counter, long, counter_add, long, x)
{
    return self->total += x;
}

static int last_node(oct_pool *pool)
{
    return oct_pool_nodes(pool);
}

static oct_options on_last(oct_pool *pool)
{
    return (oct_options){.node = last_node(pool)};
}

static void results(oct_pool *pool, const char *unused)
{
    (void)unused;
    double sum_of_two;
    REQUIRE(oct_result(oct_submit(pool, add, 1.0, 2.0), &sum_of_two) == OCT_OK && sum_of_two == 3);
    oct_options there = on_last(pool);
    char *text;
    REQUIRE(oct_result(oct_submit_with(pool, &there, greet, "ho", 3), &text) == OCT_OK);
    REQUIRE(strcmp(text, "hohoho") == 0);
    free(text);
    REQUIRE(oct_pool_nodes(pool) > 0 && oct_pool_workers(pool) >= oct_pool_nodes(pool));
}

static void many(oct_pool *pool, const char *unused)
{
    (void)unused;
    enum { COUNT = 20000 };
    static oct_future *futures[COUNT];
    for (int i = 0; i < COUNT; i++)
        REQUIRE(futures[i] = oct_submit(pool, add, (double)i, 1.0));
    for (int i = 0; i < COUNT; i++) {
        double value;
        REQUIRE(oct_result(futures[i], &value) == OCT_OK && value == i + 1);
    }
}

static void spread(oct_pool *pool, const char *unused)
{
    (void)unused;
    int nodes = oct_pool_nodes(pool), seen[64] = {0};
    oct_future *futures[64];
    int count = 4 * oct_pool_workers(pool);
    count = count < 64 ? count : 64;
    for (int i = 0; i < count; i++)
        futures[i] = oct_submit(pool, node_after, 0.05);
    for (int i = 0; i < count; i++) {
        int node;
        REQUIRE(oct_result(futures[i], &node) == OCT_OK);
        seen[node]++;
    }
    for (int i = 0; i < nodes; i++)
        REQUIRE(seen[i] > 0);
}

/* What a task submits is not its worker's alone: how many nodes ran some of it. */
OCT_TASK(int, nodes_of_nested, int, count)
{
    oct_pool *pool = oct_task_pool();
    oct_future *futures[64];
    bool seen[64] = {false};
    int nodes = 0;
    for (int i = 0; i < count; i++)
        futures[i] = oct_submit(pool, node_after, 0.05);
    for (int i = 0; i < count; i++) {
        int node;
        if (oct_result(futures[i], &node) != OCT_OK)
            return oct_fail(oct_task_error(), OCT_E_TASK, "node_after failed");
        nodes += !seen[node];
        seen[node] = true;
    }
    return nodes;
}

static void spread_by_a_task(oct_pool *pool, const char *unused)
{
    (void)unused;
    int count = 4 * oct_pool_workers(pool), nodes;
    oct_options there = on_last(pool);
    oct_future *future = oct_submit_with(pool, &there, nodes_of_nested, count < 64 ? count : 64);
    REQUIRE(oct_result(future, &nodes) == OCT_OK && nodes == oct_pool_nodes(pool));
}

/* Takes the future. Its tasks become ready where it ends. */
static void spread_beside(oct_pool *pool, oct_future *value)
{
    int seen[64] = {0};
    oct_future *futures[32];
    int count = 4 * oct_pool_workers(pool);
    count = count < 32 ? count : 32;
    for (int i = 0; i < count; i++)
        futures[i] = oct_submit(pool, node_with, value);
    for (int i = 0; i < count; i++) {
        int node;
        REQUIRE(oct_result(futures[i], &node) == OCT_OK && node >= 0);
        seen[node]++;
    }
    for (int i = 0; i < oct_pool_nodes(pool); i++)
        REQUIRE(seen[i] > 0);
    oct_release(value);
}

/* What is small, or everywhere, keeps no task where it is. */
static void spread_with_value(oct_pool *pool, const char *unused)
{
    (void)unused;
    for (size_t size = 10000; size < 1000000; size *= 10) {
        oct_bytes block = {calloc(1, size), size};
        spread_beside(pool, oct_broadcast(pool, oct_bytes, &block));
        free(block.data);
    }
    spread_beside(pool, oct_submit(pool, zeroes, (size_t)30000));
}

/* A value that stays draws tasks to its node, but lets them go to others that are free when to move it is
 * little beside what they take; not when it is more. */
static void spread_from_value(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool), here = {.node = 1};
    spread_beside(pool, oct_submit_with(pool, &there, zeroes, (size_t)1000000));
    spread_beside(pool, oct_submit_with(pool, &here, zeroes, (size_t)1000000));

    oct_future *large = oct_submit_with(pool, &there, zeroes, (size_t)32000000);
    oct_future *futures[32];
    for (int i = 0; i < 32; i++)
        futures[i] = oct_submit(pool, node_holding, large);
    for (int i = 0; i < 32; i++) {
        int node;
        REQUIRE(oct_result(futures[i], &node) == OCT_OK && node == last_node(pool) - 1);
    }
    oct_release(large);
}

/* More values that stayed, on all nodes, than are brought home at once; one of them is not there. */
static void gathered(oct_pool *pool, const char *unused)
{
    (void)unused;
    enum { COUNT = 150, LENGTH = 5000, FAILS = 70 };
    oct_future *futures[COUNT];
    static oct_doubles values[COUNT];
    for (int i = 0; i < COUNT; i++) {
        oct_options at = {.node = i % oct_pool_nodes(pool) + 1};
        futures[i] = oct_submit_with(pool, &at, range_unless, LENGTH + i, i == FAILS);
    }
    REQUIRE(oct_wait_many(futures, COUNT, OCT_ALL_DONE, OCT_FOREVER) == OCT_OK);
    REQUIRE(oct_gather(futures, COUNT, values) == OCT_E_IO);
    for (int i = 0; i < COUNT; i++) {
        size_t count = i == FAILS ? 0 : LENGTH + (size_t)i;
        REQUIRE(values[i].count == count && (count == 0 || values[i].data[count - 1] == (double)count - 1));
        free(values[i].data);
    }
    oct_release(futures[FAILS]);
}

static void bound(oct_pool *pool, const char *unused)
{
    (void)unused;
    for (int i = 0; i < oct_pool_nodes(pool); i++) {
        oct_options there = {.node = i + 1};
        int node;
        REQUIRE(oct_result(oct_submit_with(pool, &there, node_after, 0.0), &node) == OCT_OK && node == i);
    }
    oct_options nowhere = {.node = oct_pool_nodes(pool) + 1};
    REQUIRE(oct_result(oct_submit_with(pool, &nowhere, node_after, 0.0), &(int){0}) == OCT_E_INVALID);
}

static void failure(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool);
    oct_future *future = oct_submit_with(pool, &there, fail_here, 7);
    REQUIRE(oct_result(future, &(int){0}) == OCT_E_IO);
    const oct_failure *why = oct_future_failure(future);
    REQUIRE(why && strcmp(why->error.what, "there is no 7") == 0);
    REQUIRE(strcmp(why->task, "fail_here") == 0 && strcmp(why->args, "7") == 0 && why->node[0]);

    there.retries = 3;
    int calls;
    REQUIRE(oct_result(oct_submit_with(pool, &there, flaky, 3), &calls) == OCT_OK && calls == 3);
}

/* Half a gigabyte would do as well; this is enough for several of MPI's own fragments. */
static void large(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool);
    size_t size = 64 << 20;
    oct_bytes block = {calloc(1, size), size};
    size_t seen;
    REQUIRE(oct_result(oct_submit_with(pool, &there, length, block), &seen) == OCT_OK && seen == size);
    free(block.data);

    oct_doubles values;
    int count = 4000000;
    REQUIRE(oct_result(oct_submit_with(pool, &there, range, count), &values) == OCT_OK);
    REQUIRE(values.count == (size_t)count);
    for (int i = 0; i < count; i++)
        REQUIRE(values.data[i] == i);
    free(values.data);
}

/* A value of a size that stays: the task goes to it; and when it may not, the value moves. */
static void data(oct_pool *pool, const char *unused)
{
    (void)unused;
    int count = 100000;
    double total = (double)count * (count - 1) / 2;
    oct_options there = on_last(pool), here = {.node = 1},
                second = {.node = oct_pool_nodes(pool) > 1 ? 2 : 1};
    oct_future *values = oct_submit_with(pool, &there, range, count);
    int node;
    REQUIRE(oct_result(oct_submit(pool, node_of, values), &node) == OCT_OK && node == last_node(pool) - 1);
    double got;
    REQUIRE(oct_result(oct_submit_with(pool, &second, sum, values), &got) == OCT_OK && got == total);
    REQUIRE(oct_result(oct_submit_with(pool, &here, sum, values), &got) == OCT_OK && got == total);
    oct_options beside = {.near = values};
    REQUIRE(oct_result(oct_submit_with(pool, &beside, node_after, 0.0), &node) == OCT_OK);
    oct_doubles home;
    REQUIRE(oct_result(values, &home) == OCT_OK && home.count == (size_t)count &&
            home.data[count - 1] == count - 1);
    free(home.data);

    /* A value that is here goes along. */
    oct_future *small = oct_submit_with(pool, &here, range, 100);
    REQUIRE(oct_result(oct_submit_with(pool, &there, sum, small), &got) == OCT_OK && got == 4950);
    oct_release(small);
}

static void nested(oct_pool *pool, const char *unused)
{
    (void)unused;
    int value;
    REQUIRE(oct_result(oct_submit(pool, fib, 16), &value) == OCT_OK && value == 987);
}

static void cancelled(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool);
    oct_future *future = oct_submit_with(pool, &there, until_cancelled, 10.0);
    REQUIRE(oct_wait(future, 0.1) == OCT_E_TIMEOUT);
    REQUIRE(oct_cancel(future) == OCT_E_STATE);
    bool was_told;
    REQUIRE(oct_result_within(future, &was_told, 2) == OCT_OK && was_told);
}

static void mapped(oct_pool *pool, const char *unused)
{
    (void)unused;
    enum { COUNT = 100000 };
    static double in[COUNT], out[COUNT];
    for (int i = 0; i < COUNT; i++)
        in[i] = i;
    REQUIRE(oct_map(pool, add, in, COUNT, out, 0.5) == OCT_OK);
    for (int i = 0; i < COUNT; i++)
        REQUIRE(out[i] == i + 0.5);
}

/* What tasks submitted and nobody waits for has run when the pool has closed. */
static void orphans(oct_pool *pool, const char *path)
{
    oct_options there = on_last(pool);
    REQUIRE(oct_result(oct_submit_with(pool, &there, abandon_some, path), NULL) == OCT_OK);
    REQUIRE(oct_pool_close(pool) == OCT_OK);
    FILE *file = fopen(path, "r");
    char text[64] = "";
    REQUIRE(file && fread(text, 1, sizeof(text) - 1, file) == 10);
    fclose(file);
    printf("done\n");
    exit(0);
}

static void close_with_work(oct_pool *pool, const char *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++)
        oct_submit(pool, node_after, 0.0001);
}

/* The program leaves without closing, while the others work. */
static void exit_early(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool);
    oct_release(oct_submit_with(pool, &there, node_after, 30.0));
    oct_sleep(0.05);
    printf("done\n");
    exit(3);
}

/* A rank dies while all work; the arguments say how and when. */
static void lose_rank(oct_pool *pool, const char *milliseconds)
{
    oct_options there = on_last(pool);
    double delay = milliseconds ? atof(milliseconds) / 1000 : 0.1;
    for (int i = 0; i < 2000; i++)
        oct_release(oct_submit(pool, node_after, 0.01));
    oct_sleep(delay);
    oct_result(oct_submit_with(pool, &there, die, SIGKILL), NULL) == OCT_OK ? exit(0) : exit(7);
}

/* A task's end is that task's alone, and its program goes on everywhere. */
static void crashes(oct_pool *pool, const char *unused)
{
    (void)unused;
    enum { OTHERS = 200 };
    oct_future *others[OTHERS];
    for (int i = 0; i < OTHERS; i++)
        others[i] = oct_submit(pool, node_after, 0.001);
    for (int i = 0; i < oct_pool_nodes(pool); i++) {
        oct_options there = {.node = i + 1, .retries = 1};
        oct_future *killed = oct_submit_with(pool, &there, die, i % 2 ? SIGKILL : SIGSEGV);
        oct_future *left = oct_submit_with(pool, &there, leave, 5);
        REQUIRE(oct_result(killed, NULL) == OCT_E_CRASH);
        const oct_failure *why = oct_future_failure(killed);
        REQUIRE(why && strcmp(why->task, "die") == 0 && why->attempts == 2 && why->node[0]);
        REQUIRE(strstr(why->error.what, i % 2 ? "signal 9" : "signal 11"));
        REQUIRE(oct_result(left, NULL) == OCT_E_CRASH);
        oct_release(killed);
        oct_release(left);
    }
    for (int i = 0; i < OTHERS; i++) {
        int node;
        REQUIRE(oct_result(others[i], &node) == OCT_OK && node >= 0 && node < oct_pool_nodes(pool));
    }
}

/* Their states stay where they were made. */
static void actors(oct_pool *pool, const char *unused)
{
    (void)unused;
    enum { ACTORS = 6, CALLS = 50 };
    oct_actor all[ACTORS];
    for (int i = 0; i < ACTORS; i++) {
        all[i] = oct_actor_open(pool, counter_open, (long)i);
        REQUIRE(all[i].id);
    }
    for (long k = 1; k <= CALLS; k++) {
        for (int i = 0; i < ACTORS; i++) {
            long total;
            REQUIRE(oct_result(oct_submit(pool, counter_add, all[i], 1L), &total) == OCT_OK &&
                    total == i + k);
        }
    }
    for (int i = 0; i < ACTORS; i++)
        REQUIRE(oct_actor_close(pool, all[i]) == OCT_OK);
}

/* Killed, because it does not ask. */
static void limits(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool);
    there.time_limit = 0.2;
    REQUIRE(oct_result_within(oct_submit_with(pool, &there, node_after, 60.0), &(int){0}, 20) ==
            OCT_E_TIMEOUT);
    there.time_limit = 0;
    oct_future *future = oct_submit_with(pool, &there, node_after, 60.0);
    REQUIRE(oct_wait(future, 0.2) == OCT_E_TIMEOUT && oct_cancel(future) == OCT_E_STATE);
    REQUIRE(oct_result_within(future, &(int){0}, 20) == OCT_E_CANCELLED);
    results(pool, NULL);
}

/* What a worker process of any rank held when it died is the next one's. */
static void locks(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_lock lock = oct_lock_open(pool);
    for (int i = 0; i < oct_pool_nodes(pool); i++) {
        oct_options there = {.node = i + 1};
        oct_event taken = oct_event_open(pool);
        oct_future *future = oct_submit_with(pool, &there, dies_with_it, lock, taken);
        REQUIRE(oct_event_wait(pool, taken, 20) == OCT_OK);
        REQUIRE(oct_lock_take(pool, lock, 20) == OCT_E_LOST);
        REQUIRE(oct_lock_give(pool, lock) == OCT_OK);
        REQUIRE(oct_result(future, NULL) == OCT_E_CRASH);
        oct_release(future);
        oct_event_close(pool, taken);
    }
    oct_lock_close(pool, lock);
}

static void leave_rank(oct_pool *pool, const char *unused)
{
    (void)unused;
    oct_options there = on_last(pool);
    oct_result(oct_submit_with(pool, &there, leave, 5), NULL) == OCT_OK ? exit(0) : exit(7);
}

static const struct {
    const char *name;
    void (*run)(oct_pool *pool, const char *argument);
} cases[] = {
    {"results", results},
    {"many", many},
    {"spread", spread},
    {"gathered", gathered},
    {"spread_from_value", spread_from_value},
    {"spread_by_a_task", spread_by_a_task},
    {"spread_with_value", spread_with_value},
    {"bound", bound},
    {"failure", failure},
    {"large", large},
    {"data", data},
    {"nested", nested},
    {"cancelled", cancelled},
    {"mapped", mapped},
    {"orphans", orphans},
    {"close_with_work", close_with_work},
    {"exit_early", exit_early},
    {"lose_rank", lose_rank},
    {"leave_rank", leave_rank},
    {"crashes", crashes},
    {"limits", limits},
    {"actors", actors},
    {"locks", locks},
};

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(cases[i].name, argv[1]) != 0)
            continue;
        cases[i].run(pool, argc > 2 ? argv[2] : NULL);
        REQUIRE(oct_pool_close(pool) == OCT_OK);
        printf("done\n");
        return 0;
    }
    fprintf(stderr, "there is no such case\n");
    return 2;
}
