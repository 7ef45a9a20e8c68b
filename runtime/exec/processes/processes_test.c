#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oct/oct.h"

OCT_TASK(int, add_one, int, x)
{
    return x + 1;
}

OCT_TASK(int64_t, add_all, oct_bytes, in)
{
    int64_t sum = 0;
    for (size_t i = 0; i < in.size; i++)
        sum += ((const char *)in.data)[i];
    return sum;
}

OCT_TASK(int, my_pid)
{
    return (int)getpid();
}

OCT_TASK(int, stores_to, uint64_t, address)
{
    *(volatile int *)(uintptr_t)address = 1;
    return 0;
}

OCT_TASK(int, dies_of, int, number)
{
    raise(number);
    return 0;
}

OCT_TASK(int, leaves_with, int, status)
{
    exit(status);
}

OCT_TASK(int, add_one_or_die, int, x)
{
    if (x % 100 >= 98)
        raise(SIGSEGV);
    return x + 1;
}

OCT_TASK(int, overflows, int, depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : overflows(depth + 1) + frame[0];
}

/* Crashes until the file has as many bytes. */
OCT_TASK(int, succeeds_at, const char *, path, int, attempt)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0 || write(file, "x", 1) != 1)
        return -1;
    int size = (int)lseek(file, 0, SEEK_END);
    close(file);
    if (size < attempt)
        abort();
    return size;
}

OCT_TASK(int, sleeps, double, seconds)
{
    oct_sleep(seconds);
    return (int)getpid();
}

OCT_TASK(oct_bytes, grow, oct_bytes, in)
{
    oct_bytes out = {malloc(2 * in.size), 2 * in.size};
    memcpy(out.data, in.data, in.size);
    memcpy((char *)out.data + in.size, in.data, in.size);
    return out;
}

OCT_TASK(int, asks_for, int, what)
{
    int x = -1;
    if (what == 0) {
        oct_future *f = oct_submit(oct_task_pool(), dies_of, SIGSEGV);
        oct_err code = oct_result(f, &x);
        return code == OCT_E_CRASH && strcmp(oct_future_failure(f)->task, "dies_of") == 0 ? 1 : 0;
    }
    oct_result(oct_submit(oct_task_pool(), add_one, what), &x);
    return x;
}

OCT_TASK(int, deeper, int, depth)
{
    int below = 0;
    if (depth == 0)
        return 0;
    oct_err code = oct_result(oct_submit(oct_task_pool(), deeper, depth - 1), &below);
    if (code != OCT_OK)
        oct_fail(oct_task_error(), code, "%s", oct_last_error()->what);
    return below + 1;
}

static oct_pool *open_pool(const char *spec)
{
    oct_pool *pool = NULL;
    oct_error err = OCT_ERROR_INIT;
    if (oct_pool_open_spec(spec, &pool, &err) != OCT_OK)
        fail_msg("%s", err.what);
    return pool;
}

static int two_workers(void **state)
{
    *state = open_pool("processes:2");
    return 0;
}

static int close_pool(void **state)
{
    return oct_pool_close(*state) == OCT_OK ? 0 : -1;
}

static void assert_works(oct_pool *pool)
{
    int x;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(oct_result(oct_submit(pool, add_one, i), &x), OCT_OK);
        assert_int_equal(x, i + 1);
    }
}

static void assert_crash(oct_future *future, const char *why)
{
    assert_int_equal(oct_result(future, NULL), OCT_E_CRASH);
    const oct_failure *failure = oct_future_failure(future);
    assert_non_null(failure);
    if (!strstr(failure->error.what, why))
        fail_msg("'%s' does not say '%s'", failure->error.what, why);
    assert_int_equal(failure->attempts, 1);
    assert_string_not_equal(failure->node, "");
}

static void a_crash_costs_its_task_and_says_where(void **state)
{
    oct_future *f = oct_submit(*state, stores_to, 0xdead8);
    assert_crash(f, "signal 11 (Segmentation fault) at address 0xdead8");
    const oct_failure *failure = oct_future_failure(f);
    assert_string_equal(failure->task, "stores_to");
    assert_string_equal(failure->args, "912088");
    if (strncmp(failure->backtrace, "  #0 stores_to at ", 18) != 0 ||
        !strstr(failure->backtrace, "processes_test.c:"))
        fail_msg("backtrace: '%s'", failure->backtrace);
    oct_release(f);
    assert_works(*state);
}

static void every_way_to_die_is_told(void **state)
{
    assert_crash(oct_submit(*state, dies_of, SIGABRT), "signal 6 (Aborted)");
    assert_crash(oct_submit(*state, dies_of, SIGKILL), "signal 9 (Killed)");
    assert_crash(oct_submit(*state, dies_of, SIGTERM), "signal 15 (Terminated)");
    assert_crash(oct_submit(*state, dies_of, SIGFPE), "signal 8");
    assert_crash(oct_submit(*state, leaves_with, 3), "exit status 3");
    assert_crash(oct_submit(*state, leaves_with, 0), "exit status 0");
    assert_crash(oct_submit(*state, overflows, 0), "signal 11");
    assert_works(*state);
}

static void a_crashed_task_is_retried_as_often_as_allowed(void **state)
{
    char path[] = "/tmp/octavo-retry-XXXXXX";
    int file = mkstemp(path), size = 0;
    assert_true(file >= 0);
    oct_future *f = oct_submit_with(*state, &(oct_options){.retries = 3}, succeeds_at, path, 4);
    assert_int_equal(oct_result(f, &size), OCT_OK);
    assert_int_equal(size, 4);
    f = oct_submit_with(*state, &(oct_options){.retries = 2}, succeeds_at, path, 100);
    assert_int_equal(oct_result(f, &size), OCT_E_CRASH);
    assert_int_equal(oct_future_failure(f)->attempts, 3);
    assert_int_equal(lseek(file, 0, SEEK_END), 7);
    close(file);
    unlink(path);
}

static void a_running_task_is_killed_when_it_is_cancelled_or_too_slow(void **state)
{
    oct_future *f = oct_submit(*state, sleeps, 60.0);
    oct_sleep(0.05);
    assert_int_equal(oct_cancel(f), OCT_E_STATE);
    assert_int_equal(oct_result_within(f, NULL, 5.0), OCT_E_CANCELLED);
    f = oct_submit_with(*state, &(oct_options){.time_limit = 0.1}, sleeps, 60.0);
    assert_int_equal(oct_result_within(f, NULL, 5.0), OCT_E_TIMEOUT);
    if (!strstr(oct_future_failure(f)->error.what, "time limit of 0.1 s"))
        fail_msg("%s", oct_future_failure(f)->error.what);
    int pid;
    f = oct_submit_with(*state, &(oct_options){.time_limit = 5}, sleeps, 0.01);
    assert_int_equal(oct_result(f, &pid), OCT_OK);
    assert_works(*state);
}

static void large_values_travel_both_ways(void **state)
{
    for (size_t size = 1; size <= (size_t)64 << 20; size = size * 7 + 1) {
        oct_bytes in = {malloc(size), size}, out = {0};
        for (size_t i = 0; i < size; i++)
            ((char *)in.data)[i] = (char)(i * 31 + i / 251);
        assert_int_equal(oct_result(oct_submit(*state, grow, in), &out), OCT_OK);
        assert_int_equal(out.size, 2 * size);
        assert_memory_equal(out.data, in.data, size);
        assert_memory_equal((char *)out.data + size, in.data, size);
        free(in.data);
        free(out.data);
    }
}

/* Those that wait at a worker are taken back for one that is idle; never the rest of one that is being read.
 */
static void requests_of_several_pieces_arrive_whole_from_a_queue(void **state)
{
    enum { COUNT = 300, SIZE = 110000 };
    oct_bytes in = {malloc(SIZE), SIZE};
    memset(in.data, 7, SIZE);
    oct_future *all[COUNT];
    for (int i = 0; i < COUNT; i++)
        all[i] = oct_submit(*state, grow, in);
    for (int i = 0; i < COUNT; i++) {
        oct_bytes out;
        assert_int_equal(oct_result_within(all[i], &out, 60.0), OCT_OK);
        assert_int_equal(out.size, 2 * SIZE);
        assert_memory_equal((char *)out.data + SIZE, in.data, SIZE);
        free(out.data);
    }
    free(in.data);
}

/* A worker that made room while its program had just looked: the rest of the request must still come. */
static void requests_larger_than_the_ring_arrive_however_they_meet(void **state)
{
    enum { COUNT = 120, SIZE = 3 << 20 };
    oct_bytes in = {malloc(SIZE), SIZE};
    memset(in.data, 1, SIZE);
    oct_future *all[COUNT];
    for (int i = 0; i < COUNT; i++)
        all[i] = oct_submit(*state, add_all, in);
    for (int i = 0; i < COUNT; i++) {
        int64_t sum = 0;
        assert_int_equal(oct_result_within(all[i], &sum, 60.0), OCT_OK);
        assert_int_equal(sum, SIZE);
    }
    free(in.data);
}

static void short_tasks_do_not_wait_behind_a_long_one(void **state)
{
    enum { COUNT = 20 };
    oct_future *slow = oct_submit(*state, sleeps, 1.0), *quick[COUNT];
    for (int i = 0; i < COUNT; i++)
        quick[i] = oct_submit(*state, add_one, i);
    assert_int_equal(oct_wait_many(quick, COUNT, OCT_ALL_DONE, 0.8), OCT_OK);
    assert_int_equal(oct_wait(slow, OCT_FOREVER), OCT_OK);
}

static void the_two_longest_run_at_the_same_time(void **state)
{
    int a, b;
    oct_future *f = oct_submit(*state, sleeps, 0.3), *g = oct_submit(*state, sleeps, 0.3);
    assert_int_equal(oct_result_within(f, &a, 0.5), OCT_OK);
    assert_int_equal(oct_result_within(g, &b, 0.2), OCT_OK);
    assert_int_not_equal(a, b);
}

static void a_nested_task_that_crashes_fails_its_future_only(void **state)
{
    int x;
    assert_int_equal(oct_result(oct_submit(*state, asks_for, 0), &x), OCT_OK);
    assert_int_equal(x, 1);
    assert_int_equal(oct_result(oct_submit(*state, asks_for, 41), &x), OCT_OK);
    assert_int_equal(x, 42);
}

static void nesting_too_deep_is_an_error_and_no_hang(void **state)
{
    int x;
    assert_int_equal(oct_result_within(oct_submit(*state, deeper, 20), &x, 30.0), OCT_OK);
    assert_int_equal(x, 20);
    assert_int_equal(oct_result_within(oct_submit(*state, deeper, 1000), &x, 250.0), OCT_E_DEADLOCK);
    assert_works(*state);
}

static int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static void a_closed_pool_leaves_nothing(void **state)
{
    (void)state;
    int files = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task"), pid;
    oct_pool *pool = open_pool("processes:3");
    assert_int_equal(oct_result(oct_submit(pool, my_pid), &pid), OCT_OK);
    assert_int_equal(oct_result(oct_submit(pool, dies_of, SIGKILL), NULL), OCT_E_CRASH);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(count_entries("/proc/self/fd"), files);
    assert_int_equal(count_entries("/proc/self/task"), threads);
}

/* In a process of its own, which is then killed: tells a worker's number. */
static int pid_of_orphan(void)
{
    int ends[2], pid = 0, worker = 0;
    assert_int_equal(pipe(ends), 0);
    if ((pid = fork()) == 0) {
        oct_pool *pool = open_pool("processes:2");
        if (oct_result(oct_submit(pool, my_pid), &worker) != OCT_OK ||
            write(ends[1], &worker, sizeof(worker)) != sizeof(worker))
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &worker, sizeof(worker)), sizeof(worker));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return worker;
}

static bool is_running(int pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t size = read(file, line, sizeof(line) - 1);
    close(file);
    const char *state = size > 0 ? strrchr(line, ')') : NULL;
    return state && state[2] != 'Z';
}

static void workers_end_with_a_program_that_is_killed(void **state)
{
    (void)state;
    int worker = pid_of_orphan();
    for (int i = 0; i < 500 && is_running(worker); i++)
        oct_sleep(0.01);
    assert_false(is_running(worker));
}

static void too_many_processes_are_refused_with_the_number_that_works(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {20, 20};
        oct_pool *pool;
        oct_error err = OCT_ERROR_INIT;
        if (setrlimit(RLIMIT_NPROC, &limit) != 0 ||
            (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresuid(54321, 54321, 54321) != 0)))
            _exit(77);
        oct_err code = oct_pool_open_spec("processes:100", &pool, &err);
        if (code != OCT_E_EXHAUSTED || !strstr(err.what, "of 100") || !strstr(err.hint, "processes:"))
            fprintf(stderr, "%d %s (%s)\n", (int)code, err.what, err.hint);
        _exit(code == OCT_E_EXHAUSTED && strstr(err.what, "of 100") && strstr(err.hint, "processes:") ? 0
                                                                                                      : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

/* Nothing is lost while somebody kills workers at random. */
static void workers_killed_at_random_lose_nothing(void **state)
{
    enum { ROUNDS = 60, COUNT = 400 };
    oct_future *fs[COUNT];
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        int pid;
        assert_int_equal(
            oct_result_within(oct_submit_with(*state, &(oct_options){.retries = 100}, my_pid), &pid, 10.0),
            OCT_OK);
        for (int i = 0; i < COUNT; i++)
            fs[i] = oct_submit_with(*state, &(oct_options){.retries = 100}, add_one, i);
        oct_sleep(rand() % 1000 * 1e-6);
        kill(pid, SIGKILL);
        for (int i = 0; i < COUNT; i++) {
            int x;
            assert_int_equal(oct_result_within(fs[i], &x, 20.0), OCT_OK);
            assert_int_equal(x, i + 1);
        }
    }
}

static void count_crash(size_t item, const oct_failure *failure, void *ctx)
{
    assert_int_equal(failure->error.code, OCT_E_CRASH);
    assert_true(item % 100 >= 98);
    ++*(int *)ctx;
}

static void an_item_that_crashes_costs_a_map_that_item_alone(void **state)
{
    enum { COUNT = 400 };
    static const size_t chunks[] = {0, 7, COUNT};
    for (size_t k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k++) {
        int in[COUNT], out[COUNT], crashes = 0;
        for (int i = 0; i < COUNT; i++)
            in[i] = i;
        const oct_map_options options = {.chunk = chunks[k], .on_failure = count_crash, .ctx = &crashes};
        assert_int_equal(oct_map_with(*state, &options, add_one_or_die, in, COUNT, out), OCT_E_CRASH);
        assert_int_equal(crashes, 8);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(out[i], i % 100 >= 98 ? 0 : i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ON_TWO(test) cmocka_unit_test_setup_teardown(test, two_workers, close_pool)
        ON_TWO(an_item_that_crashes_costs_a_map_that_item_alone),
        ON_TWO(a_crash_costs_its_task_and_says_where),
        ON_TWO(every_way_to_die_is_told),
        ON_TWO(a_crashed_task_is_retried_as_often_as_allowed),
        ON_TWO(a_running_task_is_killed_when_it_is_cancelled_or_too_slow),
        ON_TWO(large_values_travel_both_ways),
        ON_TWO(requests_of_several_pieces_arrive_whole_from_a_queue),
        ON_TWO(requests_larger_than_the_ring_arrive_however_they_meet),
        ON_TWO(short_tasks_do_not_wait_behind_a_long_one),
        ON_TWO(the_two_longest_run_at_the_same_time),
        ON_TWO(a_nested_task_that_crashes_fails_its_future_only),
        ON_TWO(nesting_too_deep_is_an_error_and_no_hang),
        ON_TWO(workers_killed_at_random_lose_nothing),
        cmocka_unit_test(a_closed_pool_leaves_nothing),
        cmocka_unit_test(workers_end_with_a_program_that_is_killed),
        cmocka_unit_test(too_many_processes_are_refused_with_the_number_that_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
