#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "provision/node/report.h"
#include "provision/probe/probe.h"
#include "runtime/base/clock.h"

/* PID 1's loop in a thread of its own, while the tests ask. */
struct node {
    octi_report report;
    pthread_t thread;
    atomic_bool ends;
};

static char folder[] = "/tmp/octavo-report-XXXXXX";

/* A port of this process's own, so that tests can run side by side. */
static uint16_t port(void)
{
    return (uint16_t)(20000 + getpid() % 20000);
}

/* What is started as octavo-slurm from now on. */
static void set_slurm(const char *script)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/octavo-slurm", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static void *serve(void *ctx)
{
    struct node *node = ctx;
    while (!atomic_load(&node->ends)) {
        octi_report_answer(&node->report, octi_clock_ns());
        poll(NULL, 0, 2);
    }
    return NULL;
}

static void start(struct node *node)
{
    *node = (struct node){0};
    assert_int_equal(octi_report_init(&node->report, port(), NULL), OCT_OK);
    assert_int_equal(pthread_create(&node->thread, NULL, serve, node), 0);
}

static void stop(struct node *node)
{
    atomic_store(&node->ends, true);
    pthread_join(node->thread, NULL);
    octi_report_deinit(&node->report);
}

static oct_err ask(int timeout_ms, octi_buffer *answer, oct_error *err)
{
    return octi_probe_status("127.0.0.1", port(), timeout_ms, answer, err);
}

static void who_connects_is_told_slurms_answer(void **state)
{
    (void)state;
    struct node node;
    set_slurm("cat; echo '{\"nodes\":[]}'");
    start(&node);
    for (int i = 0; i < 5; i++) {
        octi_buffer answer = {0};
        assert_int_equal(ask(10000, &answer, NULL), OCT_OK);
        assert_int_equal(octi_buffer_append(&answer, "", 1), OCT_OK);
        assert_string_equal(answer.data, "{\"op\":\"status\"}\n{\"nodes\":[]}\n");
        octi_buffer_deinit(&answer);
    }
    stop(&node);
}

static void *ask_once(void *ctx)
{
    octi_buffer answer = {0};
    *(oct_err *)ctx = ask(20000, &answer, NULL);
    octi_buffer_deinit(&answer);
    return NULL;
}

/* The script fails when another of it runs. */
static void many_are_served_one_after_another(void **state)
{
    (void)state;
    enum { MANY = 6 };
    struct node node;
    pthread_t threads[MANY];
    oct_err codes[MANY];
    char script[256], trouble[128];
    snprintf(trouble, sizeof(trouble), "%s/two", folder);
    snprintf(script, sizeof(script), "mkdir %s/one || touch %s; sleep 0.02; rmdir %s/one", folder, trouble,
             folder);
    set_slurm(script);
    start(&node);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_once, &codes[i]), 0);
    for (int i = 0; i < MANY; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(codes[i], OCT_OK);
    }
    stop(&node);
    assert_int_not_equal(access(trouble, F_OK), 0);
}

static void a_slurm_that_hangs_is_not_waited_for(void **state)
{
    (void)state;
    struct node node;
    octi_buffer answer = {0};
    oct_error err = OCT_ERROR_INIT;
    set_slurm("exec sleep 2");
    start(&node);
    assert_int_equal(ask(100, &answer, &err), OCT_E_TIMEOUT);
    assert_string_equal(err.what, "the head's Slurm does not answer");
    stop(&node);
    octi_buffer_deinit(&answer);
}

static void an_answer_without_end_is_cut(void **state)
{
    (void)state;
    struct node node;
    octi_buffer answer = {0};
    oct_error err = OCT_ERROR_INIT;
    set_slurm("exec cat /dev/zero");
    start(&node);
    assert_int_equal(ask(60000, &answer, &err), OCT_E_PROTOCOL);
    stop(&node);
    octi_buffer_deinit(&answer);
}

static void nobody_answers_where_nobody_listens(void **state)
{
    (void)state;
    octi_buffer answer = {0};
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(ask(1000, &answer, &err), OCT_E_UNREACHABLE);
    assert_int_equal(octi_probe_status("", port(), 1000, &answer, &err), OCT_E_UNREACHABLE);
    assert_int_equal(octi_probe_status("::1", port(), 1000, &answer, &err), OCT_E_UNREACHABLE);
    assert_int_equal(answer.size, 0);
}

static void a_port_that_is_taken_is_said_so(void **state)
{
    (void)state;
    octi_report first, second;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_report_init(&first, port(), NULL), OCT_OK);
    assert_int_equal(octi_report_init(&second, port(), &err), OCT_E_IO);
    assert_non_null(strstr(err.what, "in use"));
    octi_report_answer(&second, octi_clock_ns());
    octi_report_deinit(&second);
    octi_report_deinit(&first);
}

static int make_folder(void **state)
{
    (void)state;
    char path[1024];
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s:%s", folder, getenv("PATH"));
    return setenv("PATH", path, 1);
}

static int remove_folder(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof(path), "%s/octavo-slurm", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_connects_is_told_slurms_answer),
        cmocka_unit_test(many_are_served_one_after_another),
        cmocka_unit_test(a_slurm_that_hangs_is_not_waited_for),
        cmocka_unit_test(an_answer_without_end_is_cut),
        cmocka_unit_test(nobody_answers_where_nobody_listens),
        cmocka_unit_test(a_port_that_is_taken_is_said_so),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
