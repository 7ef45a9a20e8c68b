#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "oct/oct.h"

enum { COUNT = 100 };

OCT_TASK(int, some_fail, int, x)
{
    oct_sleep(0.0005);
    if (x % 10 == 0)
        oct_fail(oct_task_error(), OCT_E_INVALID, "%d", x);
    return x;
}

OCT_TASK(int, doubled, int, x)
{
    return 2 * x;
}

static char *path_of(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", getenv("TEST_TMPDIR") ? getenv("TEST_TMPDIR") : "/tmp", name);
    return path;
}

static void run_some(oct_pool *pool)
{
    oct_future *fs[COUNT];
    for (int i = 0; i < COUNT; i++)
        fs[i] = oct_submit(pool, some_fail, i);
    assert_int_equal(oct_wait_many(fs, COUNT, OCT_ALL_DONE, OCT_FOREVER), OCT_OK);
    for (int i = 0; i < COUNT; i++)
        oct_release(fs[i]);
}

static oct_pool *open_threads(void)
{
    oct_pool *pool;
    assert_int_equal(oct_pool_open_spec("threads:2", &pool, NULL), OCT_OK);
    assert_int_equal(oct_trace_start(NULL), OCT_OK);
    return pool;
}

static void a_profile_counts_runs_and_failures(void **state)
{
    (void)state;
    oct_pool *pool = open_threads();
    run_some(pool);
    assert_int_equal(oct_pool_close(pool), OCT_OK);

    char line[512], name[64];
    unsigned long long runs = 0, failed = 0;
    double total = 0;
    FILE *file = tmpfile();
    assert_non_null(file);
    oct_profile_print(file);
    rewind(file);
    bool found = false;
    while (!found && fgets(line, sizeof(line), file))
        found = sscanf(line, "%63s %llu %llu %lf", name, &runs, &failed, &total) == 4 &&
                strcmp(name, "some_fail") == 0;
    fclose(file);
    assert_true(found);
    assert_int_equal(runs, COUNT);
    assert_int_equal(failed, COUNT / 10);
    assert_true(total > COUNT * 0.0005 && total < 60);
}

static void a_trace_has_every_task_once_with_its_times(void **state)
{
    (void)state;
    oct_pool *pool = open_threads();
    run_some(pool);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
    char *path = path_of("trace.json");
    assert_int_equal(oct_trace_write(path, NULL), OCT_OK);

    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    assert_non_null(root);
    size_t index, found = 0, failed = 0;
    json_t *event;
    json_array_foreach(json_object_get(root, "traceEvents"), index, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "name")), "some_fail") != 0)
            continue;
        found++;
        failed += json_is_true(json_object_get(json_object_get(event, "args"), "failed"));
        assert_true(json_number_value(json_object_get(event, "dur")) >= 500);
    }
    assert_int_equal(found, COUNT);
    assert_int_equal(failed, COUNT / 10);
    json_decref(root);
    remove(path);
}

/* A worker runs one task after another: it cannot be more than busy, however much it was sent ahead. */
static void worker_processes_have_their_own_times(void **state)
{
    (void)state;
    oct_pool *pool;
    assert_int_equal(oct_pool_open_spec("processes:2", &pool, NULL), OCT_OK);
    assert_int_equal(oct_trace_start(NULL), OCT_OK);
    run_some(pool);
    assert_int_equal(oct_pool_close(pool), OCT_OK);

    char line[512];
    int worker, workers = 0, runs = 0;
    double busy, total = 0;
    FILE *file = tmpfile();
    assert_non_null(file);
    oct_profile_print(file);
    rewind(file);
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "worker %d %lf %%", &worker, &busy) == 2) {
            workers++;
            assert_true(busy > 0 && busy < 100.5);
        }
        if (sscanf(line, "some_fail %d %*d %lf", &runs, &total) == 2)
            assert_true(total > COUNT * 0.0005);
    }
    fclose(file);
    assert_true(workers >= 1 && workers <= 2);
    assert_int_equal(runs, COUNT);
}

static void a_trace_that_cannot_be_written_says_so(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(oct_trace_write("/no/such/folder/trace.json", &err), OCT_E_IO);
    assert_non_null(strstr(err.what, "/no/such/folder"));
}

static void the_options_of_every_program_are_taken_from_argv(void **state)
{
    (void)state;
    char trace[1100];
    snprintf(trace, sizeof(trace), "--trace=%s", path_of("options.json"));
    char *argv[] = {(char *)"program", (char *)"a",         trace,
                    (char *)"--pool",  (char *)"threads:1", (char *)"b",
                    (char *)"--",      (char *)"--pool=x",  NULL};
    int argc = 8;
    oct_pool *pool = oct_pool_open(&argc, argv);
    assert_non_null(pool);
    assert_int_equal(argc, 5);
    assert_string_equal(argv[2], "b");
    assert_string_equal(argv[4], "--pool=x");
    assert_null(argv[5]);
    int in[50], out[50];
    for (int i = 0; i < 50; i++)
        in[i] = i;
    oct_progress *progress = oct_progress_open(pool, "doubling");
    assert_int_equal(oct_map(pool, doubled, in, 50, out), OCT_OK);
    oct_progress_close(progress);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
    FILE *file = fopen(path_of("options.json"), "r");
    assert_non_null(file);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_counts_runs_and_failures),
        cmocka_unit_test(a_trace_has_every_task_once_with_its_times),
        cmocka_unit_test(worker_processes_have_their_own_times),
        cmocka_unit_test(a_trace_that_cannot_be_written_says_so),
        cmocka_unit_test(the_options_of_every_program_are_taken_from_argv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
