/* The provider against engines that break off, lie or say nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/scripted_server.h"
#include "provision/docker/docker.h"
#include "runtime/base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JSON(text) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" text
#define VERSION JSON("{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\",\"Version\":\"20.10\"}")
#define RAW "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

static const octi_node node = {.name = "dev-0", .engine_id = "abc"};

static octi_scripted_server *play(const octi_act *acts, size_t count)
{
    octi_scripted_server *server = octi_scripted_server_start(acts, count);
    char host[128];
    snprintf(host, sizeof(host), "unix://%s", octi_scripted_server_path(server));
    setenv("DOCKER_HOST", host, 1);
    return server;
}

static oct_err try_open(const octi_act *act, oct_error *err)
{
    octi_scripted_server *server = play(act, 1);
    void *self;
    oct_err code = octi_docker_ops.open(&self, NULL, err);
    if (code == OCT_OK)
        octi_docker_ops.close(self);
    octi_scripted_server_stop(server);
    return code;
}

static void what_is_no_engine_is_told_when_opening(void **state)
{
    (void)state;
    static const struct {
        octi_act act;
        oct_err code;
        const char *what;
    } cases[] = {
        {{JSON("<html>hello</html>"), 0, OCTI_ACT_CLOSE}, OCT_E_PROTOCOL, "is not JSON"},
        {{JSON("{}"), 0, OCTI_ACT_CLOSE}, OCT_E_PROTOCOL, "'ApiVersion' is missing"},
        {{JSON("{\"ApiVersion\":41}"), 0, OCTI_ACT_CLOSE}, OCT_E_PROTOCOL, "is an integer where a string"},
        {{JSON("{\"ApiVersion\":\"1.12\"}"), 0, OCTI_ACT_CLOSE}, OCT_E_UNSUPPORTED, "speaks API 1.12"},
        {{JSON("{\"ApiVersion\":\"1.99\",\"MinAPIVersion\":\"1.90\"}"), 0, OCTI_ACT_CLOSE},
         OCT_E_UNSUPPORTED,
         "1.99"},
        {{"HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\n<html>", 0, OCTI_ACT_CLOSE}, OCT_E_IO, "status 500"},
        {{"HTTP/1.1 403 No\r\nContent-Length: 16\r\n\r\n{\"message\":\"no\"}", 0, OCTI_ACT_CLOSE},
         OCT_E_DENIED,
         "no"},
        {{"SSH-2.0-OpenSSH_9.2\r\n", 0, OCTI_ACT_CLOSE}, OCT_E_PROTOCOL, "does not speak HTTP"},
        {{NULL, 0, OCTI_ACT_CLOSE}, OCT_E_LOST, "was cut"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        oct_error err = OCT_ERROR_INIT;
        oct_err code = try_open(&cases[i].act, &err);
        if (code != cases[i].code || !strstr(err.what, cases[i].what))
            fail_msg("case %zu: %s: %s", i, oct_err_name(code), err.what);
    }
}

static oct_err keep(void *ctx, int stream, const void *bytes, size_t size)
{
    (void)stream;
    return octi_buffer_append(ctx, bytes, size);
}

/* Runs `true` on the node of an engine that plays VERSION and then `acts`. */
static oct_err try_exec(const octi_act *acts, size_t count, octi_buffer *output, int *status, oct_error *err)
{
    static const char *const argv[] = {"true", NULL};
    octi_act all[10] = {{VERSION, 0, OCTI_ACT_CLOSE}};
    memcpy(all + 1, acts, count * sizeof(*acts));
    octi_scripted_server *server = play(all, count + 1);
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.timeout = 1;
    exec.output = keep;
    exec.ctx = output;
    void *self;
    oct_err code = octi_docker_ops.open(&self, NULL, err);
    if (code == OCT_OK) {
        code = octi_docker_ops.exec(self, &node, &exec, status, err);
        octi_docker_ops.close(self);
    }
    octi_scripted_server_stop(server);
    return code;
}

static void an_exec_is_followed_to_its_status_even_when_it_outlives_its_streams(void **state)
{
    (void)state;
    static const octi_act acts[] = {
        {JSON("{\"Id\":\"e1\"}"), 0, OCTI_ACT_CLOSE},
        {RAW "\1\0\0\0\0\0\0\2hi", sizeof(RAW "\1\0\0\0\0\0\0\2hi") - 1, OCTI_ACT_CLOSE},
        {JSON("{\"Running\":true,\"ExitCode\":null}"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Running\":true,\"ExitCode\":0}"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Running\":false,\"ExitCode\":3}"), 0, OCTI_ACT_CLOSE},
    };
    octi_buffer output = {0};
    int status = -1;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(try_exec(acts, COUNT(acts), &output, &status, &err), OCT_OK);
    assert_int_equal(status, 3);
    assert_string_equal(output.data, "hi");
    octi_buffer_deinit(&output);
}

static void an_exec_whose_stream_is_garbage_fails(void **state)
{
    (void)state;
    static const octi_act acts[] = {
        {JSON("{\"Id\":\"e1\"}"), 0, OCTI_ACT_CLOSE},
        {RAW "not a frame at all", 0, OCTI_ACT_HOLD},
        {JSON("{\"Id\":\"e2\"}"), 0, OCTI_ACT_CLOSE}, /* the command is ended */
        {JSON(""), 0, OCTI_ACT_CLOSE},
        {JSON("{\"State\":{\"Running\":true}}"), 0, OCTI_ACT_CLOSE},
    };
    octi_buffer output = {0};
    int status = -1;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(try_exec(acts, COUNT(acts), &output, &status, &err), OCT_E_PROTOCOL);
    assert_non_null(strstr(err.what, "cannot run 'true' on dev-0"));
    assert_int_equal(status, -1);
}

static void an_exec_that_never_ends_ends_with_its_timeout(void **state)
{
    (void)state;
    static const octi_act acts[] = {
        {JSON("{\"Id\":\"e1\"}"), 0, OCTI_ACT_CLOSE},
        {RAW, 0, OCTI_ACT_HOLD},
    };
    octi_buffer output = {0};
    int status;
    oct_error err = OCT_ERROR_INIT;
    int64_t start = octi_clock_ns();
    assert_int_equal(try_exec(acts, COUNT(acts), &output, &status, &err), OCT_E_TIMEOUT);
    assert_true(octi_clock_ns() - start < 3000000000);
}

static void an_engine_that_dies_under_an_exec_is_named(void **state)
{
    (void)state;
    static const octi_act acts[] = {
        {JSON("{\"Id\":\"e1\"}"), 0, OCTI_ACT_CLOSE},
        {RAW, 0, OCTI_ACT_CLOSE},
        {NULL, 0, OCTI_ACT_CLOSE},
    };
    octi_buffer output = {0};
    int status;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(try_exec(acts, COUNT(acts), &output, &status, &err), OCT_E_LOST);
    assert_non_null(strstr(err.what, "unix://"));
}

static void an_exec_refused_says_why(void **state)
{
    (void)state;
    static const octi_act acts[] = {
        {"HTTP/1.1 409 Conflict\r\nConnection: close\r\n\r\n{\"message\":\"Container abc is not running\"}",
         0, OCTI_ACT_CLOSE},
        {JSON("{\"State\":{\"Running\":false,\"ExitCode\":137,\"OOMKilled\":true,\"Status\":\"exited\"}}"), 0,
         OCTI_ACT_CLOSE},
    };
    octi_buffer output = {0};
    int status;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(try_exec(acts, COUNT(acts), &output, &status, &err), OCT_E_LOST);
    assert_string_equal(err.what, "node dev-0 is gone: killed by signal 9 (Killed), out of memory");
}

static void an_engine_that_dies_during_create_is_an_error_and_no_hang(void **state)
{
    (void)state;
    static const octi_act acts[] = {
        {VERSION, 0, OCTI_ACT_CLOSE},
        {JSON("[]"), 0, OCTI_ACT_CLOSE},
        {JSON("[]"), 0, OCTI_ACT_CLOSE},
        {JSON("[]"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Id\":\"image\"}"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Name\":\"v\",\"Labels\":{\"octavo.cluster\":\"octavo\"}}"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Name\":\"v\",\"Labels\":{\"octavo.cluster\":\"octavo\"}}"), 0, OCTI_ACT_CLOSE},
        {JSON("[]"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Id\":\"network\"}"), 0, OCTI_ACT_CLOSE},
        {JSON("{\"Id\":\"head\"}"), 0, OCTI_ACT_CLOSE},
        {"HTTP/1.1 20", 0, OCTI_ACT_CLOSE},
    };
    /* However far it comes, what follows is cut. */
    for (size_t length = 1; length < COUNT(acts); length++) {
        octi_act some[COUNT(acts)];
        memcpy(some, acts, length * sizeof(*some));
        some[length] = acts[COUNT(acts) - 1];
        octi_scripted_server *server = play(some, length + 1);
        octi_spec spec;
        octi_cluster cluster;
        oct_error err = OCT_ERROR_INIT;
        void *self;
        octi_spec_init(&spec);
        assert_int_equal(octi_docker_ops.open(&self, NULL, &err), OCT_OK);
        oct_err code = octi_docker_ops.create(self, &spec, NULL, &cluster, &err);
        if (code != OCT_E_LOST)
            fail_msg("after %zu replies: %s: %s", length, oct_err_name(code), err.what);
        octi_docker_ops.close(self);
        octi_scripted_server_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_engine_is_told_when_opening),
        cmocka_unit_test(an_exec_is_followed_to_its_status_even_when_it_outlives_its_streams),
        cmocka_unit_test(an_exec_whose_stream_is_garbage_fails),
        cmocka_unit_test(an_exec_that_never_ends_ends_with_its_timeout),
        cmocka_unit_test(an_engine_that_dies_under_an_exec_is_named),
        cmocka_unit_test(an_exec_refused_says_why),
        cmocka_unit_test(an_engine_that_dies_during_create_is_an_error_and_no_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
