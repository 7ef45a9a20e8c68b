/* Priorities, retries, time limits, back-pressure, and waits that would never end. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/runtime/suite.h"

OCT_TASK(int, identity, int, x)
{
    return x;
}

OCT_TASK(int, nap, double, seconds)
{
    oct_sleep(seconds);
    return 1;
}

/* Appends a byte to a file, which processes and nodes on this host share. */
static int append(const char *path, char byte)
{
    FILE *file = fopen(path, "a");
    if (!file)
        return -1;
    fputc(byte, file);
    return fclose(file);
}

static long size_of(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    return size;
}

OCT_TASK(int, fails_until_third, const char *, path)
{
    append(path, 'x');
    long times = size_of(path);
    if (times < 3)
        oct_fail(oct_task_error(), OCT_E_IO, "attempt %ld", times);
    return (int)times;
}

/* It lasts for a while, so that a worker that the system keeps from its processor before it has noted
 * anything is not overtaken by all that others could do meanwhile. */
OCT_TASK(void, note, const char *, path, char, byte)
{
    append(path, byte);
    oct_sleep(0.001);
}

/* Says that it has begun by a byte in the file, and lasts until that is removed. */
OCT_TASK(void, while_there_is, const char *, path)
{
    append(path, 'x');
    for (int i = 0; i < 6000 && access(path, F_OK) == 0; i++)
        oct_sleep(0.005);
}

OCT_TASK(int, until_told, double, seconds)
{
    for (double waited = 0; waited < seconds && !oct_task_cancelled(); waited += 0.005)
        oct_sleep(0.005);
    return 1;
}

static void temporary(char path[1024])
{
    snprintf(path, 1024, "%s/octavo-suite-XXXXXX", getenv("TEST_TMPDIR") ? getenv("TEST_TMPDIR") : "/tmp");
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
}

static void a_task_that_fails_is_retried_as_often_as_asked(void **state)
{
    char path[1024];
    temporary(path);
    int times = 0;
    oct_future *f = oct_submit_with(*state, &(oct_options){.retries = 5}, fails_until_third, path);
    assert_int_equal(oct_result(f, &times), OCT_OK);
    assert_int_equal(times, 3);
    assert_int_equal(truncate(path, 0), 0);
    f = oct_submit_with(*state, &(oct_options){.retries = 1}, fails_until_third, path);
    assert_int_equal(oct_result(f, &times), OCT_E_IO);
    assert_int_equal(oct_future_failure(f)->attempts, 2);
    assert_int_equal(size_of(path), 2);
    remove(path);
}

/* An executor may have sent some of what waits to its workers already: those come first. */
static void what_is_urgent_goes_first(void **state)
{
    enum { COUNT = 200 };
    char path[1024], busy[1024], order[COUNT + 3] = {0};
    temporary(path);
    temporary(busy);
    int workers = oct_pool_workers(*state);
    for (int i = 0; i < workers; i++)
        oct_release(oct_submit(*state, while_there_is, busy));
    for (int i = 0; i < 6000 && size_of(busy) < workers; i++)
        oct_sleep(0.005);
    bool all_busy = size_of(busy) == workers;
    oct_future *fs[COUNT + 2];
    fs[0] = oct_submit_with(*state, &(oct_options){.priority = -1}, note, path, 'c');
    for (int i = 1; i <= COUNT; i++)
        fs[i] = oct_submit(*state, note, path, 'b');
    fs[COUNT + 1] = oct_submit_with(*state, &(oct_options){.priority = 1}, note, path, 'a');
    remove(busy);
    assert_true(all_busy);
    assert_int_equal(oct_wait_many(fs, COUNT + 2, OCT_ALL_DONE, OCT_FOREVER), OCT_OK);
    FILE *file = fopen(path, "r");
    assert_non_null(fgets(order, sizeof(order), file));
    fclose(file);
    remove(path);
    assert_int_equal(strlen(order), COUNT + 2);
    assert_in_range(strchr(order, 'a') - order, 0, COUNT / 2);
    if (strcmp(suite_spec, "threads:1") == 0) {
        assert_int_equal(order[0], 'a');
        assert_int_equal(order[COUNT + 1], 'c');
    }
}

static void a_task_that_outlasts_its_limit_fails(void **state)
{
    oct_future *f = oct_submit_with(*state, &(oct_options){.time_limit = 0.05}, until_told, 5.0);
    assert_int_equal(oct_result(f, NULL), OCT_E_TIMEOUT);
    oct_release(f);
    f = oct_submit_with(*state, &(oct_options){.time_limit = 5}, until_told, 0.01);
    assert_int_equal(oct_result(f, NULL), OCT_OK);
}

static void options_that_make_no_sense_fail_the_future(void **state)
{
    oct_future *f = oct_submit_with(*state, &(oct_options){.node = 1000}, identity, 1);
    assert_int_equal(oct_result(f, NULL), OCT_E_INVALID);
    oct_release(f);
    f = oct_submit_with(*state, &(oct_options){.retries = -1}, identity, 1);
    assert_int_equal(oct_result(f, NULL), OCT_E_INVALID);
    oct_release(f);
}

static void a_limit_holds_the_submitter_back(void **state)
{
    char spec[128];
    oct_pool *pool;
    (void)state;
    if (suite_shares_pool())
        skip();
    snprintf(spec, sizeof(spec), "%s,limit=4", suite_spec);
    assert_int_equal(oct_pool_open_spec(spec, &pool, NULL), OCT_OK);
    oct_future *fs[40];
    for (int i = 0; i < 40; i++) {
        fs[i] = oct_submit(pool, nap, 0.002);
        int unfinished = 0;
        for (int k = 0; k <= i; k++)
            unfinished += !oct_done(fs[k]);
        assert_in_range(unfinished, 0, 4);
    }
    for (int i = 0; i < 40; i++)
        assert_int_equal(oct_result(fs[i], NULL), OCT_OK);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

static void specs_that_make_no_sense_are_refused(void **state)
{
    const char *const bad[] = {
        "",          ":",          "threads:",         "threads:0",       "threads:-1",
        "threads:x", "threads:1x", "threads:99999999", "threads,",        "threads,limit=",
        "threads,x", "thread",     "threads:2:2",      "threads,limit=0", "cluster x"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        oct_pool *pool = NULL;
        oct_error err = OCT_ERROR_INIT;
        if (i == 0)
            continue; /* the default */
        assert_int_equal(oct_pool_open_spec(bad[i], &pool, &err), OCT_E_INVALID);
        assert_true(err.what[0] && err.hint[0]);
        assert_null(pool);
    }
}

static void a_program_without_a_pool_gets_errors_only(void **state)
{
    (void)state;
    char *argv[] = {(char *)"program", (char *)"--pool=nonsense", (char *)"rest", NULL};
    int argc = 3, x;
    oct_pool *pool = oct_pool_open(&argc, argv);
    assert_null(pool);
    assert_int_equal(argc, 2);
    assert_string_equal(argv[1], "rest");
    assert_null(oct_submit(pool, identity, 1));
    assert_int_equal(oct_result(NULL, &x), OCT_E_INVALID);
    assert_int_equal(oct_map(pool, identity, &x, 1, &x), OCT_E_INVALID);
    assert_non_null(strstr(oct_last_error()->what, "nonsense"));
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

/* Two tasks that wait for each other, as far as tasks can know of futures: by memory they share,
 * so on threads only. */
static _Atomic(oct_future *) first_of_circle, second_of_circle;

OCT_TASK(int, waits_for_other, int, which)
{
    _Atomic(oct_future *) *other = which == 1 ? &second_of_circle : &first_of_circle;
    while (!atomic_load(other))
        oct_sleep(0.001);
    int x = 0;
    oct_err code = oct_result(atomic_load(other), &x);
    if (code != OCT_OK)
        oct_fail(oct_task_error(), code, "%s", oct_last_error()->what);
    return x;
}

static void a_circle_of_waits_is_reported(void **state)
{
    if (strcmp(oct_pool_kind(*state), "threads") != 0)
        skip();
    atomic_store(&first_of_circle, NULL);
    atomic_store(&second_of_circle, NULL);
    oct_future *a = oct_submit(*state, waits_for_other, 1);
    oct_future *b = oct_submit(*state, waits_for_other, 2);
    atomic_store(&first_of_circle, a);
    atomic_store(&second_of_circle, b);
    assert_int_equal(oct_wait(a, OCT_FOREVER), OCT_OK);
    assert_int_equal(oct_wait(b, OCT_FOREVER), OCT_OK);
    assert_true(oct_future_failure(a) || oct_future_failure(b));
    const oct_failure *failure = oct_future_failure(a) ? oct_future_failure(a) : oct_future_failure(b);
    assert_int_equal(failure->error.code, OCT_E_DEADLOCK);
}

OCT_TASK(int, waits_for_itself, int, x)
{
    while (!atomic_load(&first_of_circle))
        oct_sleep(0.001);
    oct_err code = oct_wait(atomic_load(&first_of_circle), OCT_FOREVER);
    if (code != OCT_OK)
        oct_fail(oct_task_error(), code, "%s", oct_last_error()->what);
    return x;
}

static void a_task_that_waits_for_itself_is_told(void **state)
{
    if (strcmp(oct_pool_kind(*state), "threads") != 0)
        skip();
    atomic_store(&first_of_circle, NULL);
    oct_future *f = oct_submit(*state, waits_for_itself, 1);
    atomic_store(&first_of_circle, f);
    assert_int_equal(oct_result(f, NULL), OCT_E_DEADLOCK);
}

static void a_circle_through_an_argument_is_reported(void **state)
{
    if (strcmp(oct_pool_kind(*state), "threads") != 0)
        skip();
    atomic_store(&first_of_circle, NULL);
    oct_future *f = oct_submit(*state, waits_for_itself, 1); /* waits for g, which needs f */
    oct_future *g = oct_submit(*state, identity, f);
    atomic_store(&first_of_circle, g);
    assert_int_equal(oct_result(g, NULL), OCT_E_DEADLOCK);
    assert_int_equal(oct_result(f, NULL), OCT_E_DEADLOCK);
}

OCT_TASK(int, item_waits_for_map, int, x)
{
    return waits_for_itself(x);
}

OCT_TASK(oct_err, maps_what_waits_for_it, int, count)
{
    int in[16] = {0}, out[16];
    return oct_map(oct_task_pool(), item_waits_for_map, in, (size_t)count, out);
}

static void items_that_wait_for_their_map_fail_and_it_ends(void **state)
{
    if (strcmp(oct_pool_kind(*state), "threads") != 0)
        skip();
    for (int i = 0; i < 50; i++) {
        atomic_store(&first_of_circle, NULL);
        oct_future *f = oct_submit(*state, maps_what_waits_for_it, 16);
        atomic_store(&first_of_circle, f);
        assert_int_equal(oct_result(f, NULL), OCT_E_DEADLOCK);
        oct_release(f);
    }
}

int suite_options(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_task_that_fails_is_retried_as_often_as_asked),
        SUITE_TEST(what_is_urgent_goes_first),
        SUITE_TEST(a_task_that_outlasts_its_limit_fails),
        SUITE_TEST(options_that_make_no_sense_fail_the_future),
        SUITE_TEST(a_limit_holds_the_submitter_back),
        SUITE_TEST(specs_that_make_no_sense_are_refused),
        SUITE_TEST(a_program_without_a_pool_gets_errors_only),
        SUITE_TEST(a_circle_of_waits_is_reported),
        SUITE_TEST(a_task_that_waits_for_itself_is_told),
        SUITE_TEST(a_circle_through_an_argument_is_reported),
        SUITE_TEST(items_that_wait_for_their_map_fail_and_it_ends),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
