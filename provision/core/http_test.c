#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provision/core/connection.h"
#include "provision/core/http.h"
#include "provision/core/scripted_server.h"
#include "runtime/base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static octi_http *open_client(const char *path)
{
    octi_http *http = NULL;
    octi_http_endpoint endpoint = {.label = "unix://test", .url = "http://localhost", .socket = path};
    assert_int_equal(octi_http_open(&endpoint, &http, NULL), OCT_OK);
    return http;
}

static double seconds_since(int64_t start)
{
    return (double)(octi_clock_ns() - start) / 1e9;
}

/* A server that plays `act` must give `expected`, with a message, within the time that the
 * request allows. */
static void expect_failure(const octi_act *act, double timeout, oct_err expected)
{
    octi_scripted_server *server = octi_scripted_server_start(act, 1);
    octi_http *http = open_client(octi_scripted_server_path(server));
    octi_http_request request = {.path = "/x", .timeout = timeout, .max_reply = 1 << 20};
    oct_error err = OCT_ERROR_INIT;
    int64_t start = octi_clock_ns();
    oct_err code = octi_http_perform(http, &request, &err);
    if (code != expected)
        fail_msg("got %s (%s) instead of %s", oct_err_name(code), err.what, oct_err_name(expected));
    assert_non_null(strstr(err.what, "unix://test"));
    assert_true(seconds_since(start) < timeout + 2);
    octi_http_request_deinit(&request);
    octi_http_close(http);
    octi_scripted_server_stop(server);
}

static void a_reply_cut_in_its_head_is_a_lost_connection(void **state)
{
    (void)state;
    expect_failure(&(octi_act){"HTTP/1.1 200 OK\r\nContent-Le", 0, OCTI_ACT_CLOSE}, 10, OCT_E_LOST);
}

static void an_end_before_the_status_is_a_lost_connection(void **state)
{
    (void)state;
    expect_failure(&(octi_act){NULL, 0, OCTI_ACT_CLOSE}, 10, OCT_E_LOST);
}

static void a_body_shorter_than_its_length_is_a_lost_connection(void **state)
{
    (void)state;
    expect_failure(&(octi_act){OK_HEAD "Content-Length: 100\r\n\r\n{\"a\":", 0, OCTI_ACT_CLOSE}, 10,
                   OCT_E_LOST);
}

static void chunks_cut_in_the_middle_are_a_lost_connection(void **state)
{
    (void)state;
    expect_failure(&(octi_act){OK_HEAD "Transfer-Encoding: chunked\r\n\r\nff\r\nabc", 0, OCTI_ACT_CLOSE}, 10,
                   OCT_E_LOST);
}

static void garbage_is_told_from_http(void **state)
{
    (void)state;
    expect_failure(&(octi_act){"SSH-2.0-OpenSSH_9.2\r\n\r\nxxxxxxxxxxxxxxxxx", 0, OCTI_ACT_CLOSE}, 10,
                   OCT_E_PROTOCOL);
}

static void a_chunk_size_that_is_no_number_is_a_protocol_error(void **state)
{
    (void)state;
    expect_failure(&(octi_act){OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 0, OCTI_ACT_HOLD},
                   10, OCT_E_LOST);
}

static void a_server_that_says_nothing_times_out(void **state)
{
    (void)state;
    expect_failure(&(octi_act){NULL, 0, OCTI_ACT_SILENT}, 0.3, OCT_E_TIMEOUT);
}

static void a_reply_that_stops_in_the_middle_times_out(void **state)
{
    (void)state;
    expect_failure(&(octi_act){OK_HEAD "Content-Length: 100\r\n\r\nabc", 0, OCTI_ACT_HOLD}, 0.3,
                   OCT_E_TIMEOUT);
}

static void a_reply_byte_by_byte_cannot_outlast_the_time_given(void **state)
{
    (void)state;
    expect_failure(
        &(octi_act){OK_HEAD "Content-Length: 100\r\n\r\nabcdefghijklmnopqrstuvwxyz", 0, OCTI_ACT_TRICKLE},
        0.5, OCT_E_TIMEOUT);
}

static void chunks_without_end_are_cut_at_the_limit(void **state)
{
    (void)state;
    expect_failure(&(octi_act){OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0, OCTI_ACT_ENDLESS},
                   20, OCT_E_PROTOCOL);
}

static void a_head_without_end_is_cut(void **state)
{
    (void)state;
    octi_act act = {OK_HEAD "X: a\r\nX: abc\r\n", 0, OCTI_ACT_ENDLESS};
    octi_scripted_server *server = octi_scripted_server_start(&act, 1);
    octi_http *http = open_client(octi_scripted_server_path(server));
    octi_http_request request = {.path = "/x", .timeout = 5};
    assert_int_not_equal(octi_http_perform(http, &request, NULL), OCT_OK);
    octi_http_request_deinit(&request);
    octi_http_close(http);
    octi_scripted_server_stop(server);
}

static void a_missing_socket_is_unreachable_and_named(void **state)
{
    (void)state;
    octi_http *http = open_client("/tmp/octavo-no-such-socket");
    octi_http_request request = {.path = "/x"};
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_http_perform(http, &request, &err), OCT_E_UNREACHABLE);
    assert_string_equal(err.what, "there is no socket at unix://test");
    octi_http_request_deinit(&request);
    octi_http_close(http);
}

static void an_error_status_is_a_reply_with_its_body(void **state)
{
    (void)state;
    octi_act act = {"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nbody", 0, OCTI_ACT_CLOSE};
    octi_scripted_server *server = octi_scripted_server_start(&act, 1);
    octi_http *http = open_client(octi_scripted_server_path(server));
    octi_http_request request = {.path = "/x"};
    assert_int_equal(octi_http_perform(http, &request, NULL), OCT_OK);
    assert_int_equal(request.status, 500);
    assert_string_equal(request.reply.data, "body");
    octi_http_request_deinit(&request);
    octi_http_close(http);
    octi_scripted_server_stop(server);
}

static void count_done(void *ctx, octi_http_request *request)
{
    if (request->code == OCT_OK && request->status == 200)
        ++*(int *)ctx;
}

static void many_requests_run_at_once_and_each_is_told(void **state)
{
    (void)state;
    enum { REQUESTS = 100 };
    static octi_http_request requests[REQUESTS];
    octi_act act = {OK_HEAD "Content-Length: 2\r\nConnection: close\r\n\r\nok", 0, OCTI_ACT_CLOSE};
    octi_scripted_server *server = octi_scripted_server_start(&act, 1);
    octi_http *http = open_client(octi_scripted_server_path(server));
    int done = 0;
    for (int i = 0; i < REQUESTS; i++) {
        requests[i] = (octi_http_request){.path = "/x", .done = count_done, .ctx = &done};
        octi_http_start(http, &requests[i]);
    }
    assert_int_equal(octi_http_wait(http, NULL, NULL), OCT_OK);
    assert_int_equal(done, REQUESTS);
    assert_int_equal(octi_scripted_server_connections(server), REQUESTS);
    for (int i = 0; i < REQUESTS; i++)
        octi_http_request_deinit(&requests[i]);
    octi_http_close(http);
    octi_scripted_server_stop(server);
}

static bool yes(void *ctx)
{
    (void)ctx;
    return true;
}

static void an_interrupt_ends_all_requests_soon(void **state)
{
    (void)state;
    octi_act act = {NULL, 0, OCTI_ACT_SILENT};
    octi_scripted_server *server = octi_scripted_server_start(&act, 1);
    octi_http *http = open_client(octi_scripted_server_path(server));
    octi_http_request one = {.path = "/x"}, two = {.path = "/y"};
    int64_t start = octi_clock_ns();
    octi_http_start(http, &one);
    octi_http_start(http, &two);
    assert_int_equal(octi_http_wait(http, yes, NULL), OCT_E_CANCELLED);
    assert_int_equal(one.code, OCT_E_CANCELLED);
    assert_int_equal(two.code, OCT_E_CANCELLED);
    assert_true(seconds_since(start) < 1);
    octi_http_request_deinit(&one);
    octi_http_request_deinit(&two);
    octi_http_close(http);
    octi_scripted_server_stop(server);
}

static void an_upload_waits_for_a_slow_source_without_stopping_others(void **state)
{
    (void)state;
    octi_act acts[] = {{NULL, 0, OCTI_ACT_HOLD}, {OK_HEAD "Content-Length: 2\r\n\r\nok", 0, OCTI_ACT_HOLD}};
    octi_scripted_server *server = octi_scripted_server_start(acts, COUNT(acts));
    octi_http *http = open_client(octi_scripted_server_path(server));
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    octi_http_request upload = {
        .method = "POST", .path = "/x", .stream_body = true, .body_fd = ends[0], .timeout = 0.5};
    octi_http_request other = {.path = "/y", .timeout = 5};
    octi_http_start(http, &upload);
    octi_http_start(http, &other);
    assert_int_equal(octi_http_wait(http, NULL, NULL), OCT_OK);
    assert_int_equal(upload.code, OCT_E_TIMEOUT);
    assert_int_equal(other.code == OCT_OK || other.code == OCT_E_TIMEOUT, 1);
    close(ends[0]);
    close(ends[1]);
    octi_http_request_deinit(&upload);
    octi_http_request_deinit(&other);
    octi_http_close(http);
    octi_scripted_server_stop(server);
}

static void text_is_escaped_for_a_url(void **state)
{
    (void)state;
    octi_buffer buffer = {0};
    assert_int_equal(octi_http_escape(&buffer, "a-Z_0.~{\"/ \xc3\xa9"), OCT_OK);
    assert_string_equal(buffer.data, "a-Z_0.~%7B%22%2F%20%C3%A9");
    octi_buffer_deinit(&buffer);
}

/* What opening an upgraded connection to a server that plays `act` comes to. */
struct opening {
    octi_scripted_server *server;
    octi_http *http;
    octi_connection *connection;
    octi_http_head head;
    octi_buffer refusal;
    oct_error err;
    oct_err code;
};

static struct opening open_upgrade(const octi_act *act)
{
    struct opening opening = {.err = OCT_ERROR_INIT};
    octi_upgrade upgrade = {.method = "POST", .path = "/exec", .body = "{}", .timeout = 0.5};
    opening.server = octi_scripted_server_start(act, 1);
    opening.http = open_client(octi_scripted_server_path(opening.server));
    opening.code = octi_connection_open(opening.http, &upgrade, &opening.connection, &opening.head,
                                        &opening.refusal, &opening.err);
    return opening;
}

static void close_opening(struct opening *opening)
{
    octi_connection_close(opening->connection);
    octi_buffer_deinit(&opening->refusal);
    octi_http_close(opening->http);
    octi_scripted_server_stop(opening->server);
}

static void an_upgraded_stream_keeps_its_early_bytes_and_both_halves(void **state)
{
    (void)state;
    octi_act act = {"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nearly", 0, OCTI_ACT_ECHO};
    struct opening opening = open_upgrade(&act);
    assert_int_equal(opening.code, OCT_OK);
    assert_non_null(opening.connection);

    size_t sent, got, used = 0;
    bool end = false;
    char text[64] = "";
    assert_int_equal(octi_connection_send(opening.connection, " and late", 9, &sent, NULL), OCT_OK);
    assert_int_equal(sent, 9);
    octi_connection_finish(opening.connection);
    while (!end) {
        assert_int_equal(
            octi_connection_recv(opening.connection, text + used, sizeof(text) - used, &got, &end, NULL),
            OCT_OK);
        used += got;
    }
    assert_int_equal(used, strlen("early and late"));
    assert_memory_equal(text, "early and late", used);
    close_opening(&opening);
}

static void a_refused_upgrade_gives_the_status_and_the_body(void **state)
{
    (void)state;
    octi_act act = {"HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nbody", 0, OCTI_ACT_HOLD};
    struct opening opening = open_upgrade(&act);
    assert_int_equal(opening.code, OCT_OK);
    assert_null(opening.connection);
    assert_int_equal(opening.head.status, 409);
    assert_string_equal(opening.refusal.data, "body");
    close_opening(&opening);
}

static void a_refusal_in_chunks_is_put_together(void **state)
{
    (void)state;
    octi_act act = {"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
                    0, OCTI_ACT_HOLD};
    struct opening opening = open_upgrade(&act);
    assert_int_equal(opening.code, OCT_OK);
    assert_string_equal(opening.refusal.data, "body");
    close_opening(&opening);
}

static void an_upgrade_that_is_cut_garbage_or_silent_fails_in_time(void **state)
{
    (void)state;
    static const struct {
        octi_act act;
        oct_err expected;
    } cases[] = {
        {{"HTTP/1.1 101 UPG", 0, OCTI_ACT_CLOSE}, OCT_E_LOST},
        {{NULL, 0, OCTI_ACT_CLOSE}, OCT_E_LOST},
        {{"what is this, an answer?", 0, OCTI_ACT_HOLD}, OCT_E_PROTOCOL},
        {{"HTTP/1.1 101 UPGRADED\r\nno field\r\n\r\n", 0, OCTI_ACT_HOLD}, OCT_E_PROTOCOL},
        {{OK_HEAD "X: a\r\nX: abc\r\n", 0, OCTI_ACT_ENDLESS}, OCT_E_PROTOCOL},
        {{"HTTP/1.1 101", 0, OCTI_ACT_HOLD}, OCT_E_TIMEOUT},
        {{NULL, 0, OCTI_ACT_SILENT}, OCT_E_TIMEOUT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t start = octi_clock_ns();
        struct opening opening = open_upgrade(&cases[i].act);
        if (opening.code != cases[i].expected)
            fail_msg("case %zu: got %s (%s) instead of %s", i, oct_err_name(opening.code), opening.err.what,
                     oct_err_name(cases[i].expected));
        assert_true(seconds_since(start) < 3);
        close_opening(&opening);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_cut_in_its_head_is_a_lost_connection),
        cmocka_unit_test(an_end_before_the_status_is_a_lost_connection),
        cmocka_unit_test(a_body_shorter_than_its_length_is_a_lost_connection),
        cmocka_unit_test(chunks_cut_in_the_middle_are_a_lost_connection),
        cmocka_unit_test(garbage_is_told_from_http),
        cmocka_unit_test(a_chunk_size_that_is_no_number_is_a_protocol_error),
        cmocka_unit_test(a_server_that_says_nothing_times_out),
        cmocka_unit_test(a_reply_that_stops_in_the_middle_times_out),
        cmocka_unit_test(a_reply_byte_by_byte_cannot_outlast_the_time_given),
        cmocka_unit_test(chunks_without_end_are_cut_at_the_limit),
        cmocka_unit_test(a_head_without_end_is_cut),
        cmocka_unit_test(a_missing_socket_is_unreachable_and_named),
        cmocka_unit_test(an_error_status_is_a_reply_with_its_body),
        cmocka_unit_test(many_requests_run_at_once_and_each_is_told),
        cmocka_unit_test(an_interrupt_ends_all_requests_soon),
        cmocka_unit_test(an_upload_waits_for_a_slow_source_without_stopping_others),
        cmocka_unit_test(text_is_escaped_for_a_url),
        cmocka_unit_test(an_upgraded_stream_keeps_its_early_bytes_and_both_halves),
        cmocka_unit_test(a_refused_upgrade_gives_the_status_and_the_body),
        cmocka_unit_test(a_refusal_in_chunks_is_put_together),
        cmocka_unit_test(an_upgrade_that_is_cut_garbage_or_silent_fails_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
