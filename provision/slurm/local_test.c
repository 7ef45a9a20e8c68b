#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "provision/slurm/local.h"
#include "runtime/base/clock.h"

static char *const environment[] = {"PATH=/usr/bin:/bin", "COLOUR=red", NULL};

struct heard {
    octi_buffer text[3];
    bool leave;
};

static oct_err hear(void *ctx, int stream, const void *bytes, size_t size)
{
    struct heard *heard = ctx;
    return octi_buffer_append(&heard->text[stream], bytes, size);
}

static bool leaves(void *ctx)
{
    return ((struct heard *)ctx)->leave;
}

static oct_err run(const char *script, struct heard *heard, octi_exec *exec, int *status, oct_error *err)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    exec->argv = argv;
    exec->output = hear;
    exec->interrupted = leaves;
    exec->ctx = heard;
    oct_err code = octi_local_run(exec, environment, status, err);
    exec->argv = NULL;
    return code;
}

static void forget(struct heard *heard)
{
    octi_buffer_deinit(&heard->text[1]);
    octi_buffer_deinit(&heard->text[2]);
}

static void both_outputs_and_the_status_come_back(void **state)
{
    (void)state;
    struct heard heard = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    assert_int_equal(run("echo $COLOUR; echo no >&2; exit 7", &heard, &exec, &status, NULL), OCT_OK);
    assert_int_equal(status, 7);
    assert_string_equal(heard.text[1].data, "red\n");
    assert_string_equal(heard.text[2].data, "no\n");
    forget(&heard);
}

static void a_signal_shows_in_the_status_as_a_shell_has_it(void **state)
{
    (void)state;
    struct heard heard = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    assert_int_equal(run("kill -9 $$", &heard, &exec, &status, NULL), OCT_OK);
    assert_int_equal(status, 128 + SIGKILL);
    forget(&heard);
}

static void a_megabyte_goes_in_and_out_at_once(void **state)
{
    (void)state;
    static char input[1 << 20];
    struct heard heard = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    memset(input, 'x', sizeof(input));
    exec.input = input;
    exec.input_size = sizeof(input);
    assert_int_equal(run("cat", &heard, &exec, &status, NULL), OCT_OK);
    assert_int_equal(heard.text[1].size, sizeof(input));
    forget(&heard);
}

static void input_that_nobody_reads_is_no_failure(void **state)
{
    (void)state;
    static char input[1 << 20];
    struct heard heard = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    exec.input = input;
    exec.input_size = sizeof(input);
    assert_int_equal(run("exit 3", &heard, &exec, &status, NULL), OCT_OK);
    assert_int_equal(status, 3);
    forget(&heard);
}

static void a_missing_program_is_named(void **state)
{
    (void)state;
    const char *const argv[] = {"/no/such/program", NULL};
    octi_exec exec = OCTI_EXEC_INIT;
    oct_error err = OCT_ERROR_INIT;
    int status;
    exec.argv = argv;
    assert_int_equal(octi_local_run(&exec, environment, &status, &err), OCT_E_NOTFOUND);
    assert_non_null(strstr(err.what, "/no/such/program"));
}

static void a_command_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    struct heard heard = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    oct_error err = OCT_ERROR_INIT;
    int status;
    exec.timeout = 0.3;
    int64_t start = octi_clock_ns();
    assert_int_equal(run("exec sleep 60", &heard, &exec, &status, &err), OCT_E_TIMEOUT);
    assert_true(octi_clock_ns() - start < (int64_t)20e9);
    forget(&heard);
}

static void an_interruption_ends_the_command(void **state)
{
    (void)state;
    struct heard heard = {.leave = true};
    octi_exec exec = OCTI_EXEC_INIT;
    int status;
    assert_int_equal(run("exec sleep 60", &heard, &exec, &status, NULL), OCT_E_CANCELLED);
    forget(&heard);
}

static void a_terminal_is_one_where_it_is_asked_for(void **state)
{
    (void)state;
    struct heard heard = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    exec.tty = true;
    exec.rows = 33;
    exec.columns = 77;
    assert_int_equal(run("test -t 0 && test -t 1 && stty size", &heard, &exec, &status, NULL), OCT_OK);
    assert_int_equal(status, 0);
    assert_string_equal(heard.text[1].data, "33 77\r\n");
    forget(&heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_outputs_and_the_status_come_back),
        cmocka_unit_test(a_signal_shows_in_the_status_as_a_shell_has_it),
        cmocka_unit_test(a_megabyte_goes_in_and_out_at_once),
        cmocka_unit_test(input_that_nobody_reads_is_no_failure),
        cmocka_unit_test(a_missing_program_is_named),
        cmocka_unit_test(a_command_that_takes_too_long_is_ended),
        cmocka_unit_test(an_interruption_ends_the_command),
        cmocka_unit_test(a_terminal_is_one_where_it_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
