#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "provision/core/connection.h"
#include "provision/core/json.h"
#include "runtime/base/clock.h"

enum { POLL_MS = 200, DEFAULT_TIMEOUT_S = 60, REFUSAL_MAX = 64 * 1024, PIECE = 16 * 1024 };

struct octi_connection {
    octi_http *http;
    CURL *easy;
    curl_socket_t socket;
    octi_buffer early; /* bytes of the stream that came together with the head */
    char detail[CURL_ERROR_SIZE];
};

/* How long, and how, one opening may still wait. */
struct deadline {
    const octi_upgrade *upgrade;
    int64_t at_ns;
};

void octi_connection_close(octi_connection *connection)
{
    if (!connection)
        return;
    if (connection->easy)
        curl_easy_cleanup(connection->easy);
    octi_buffer_deinit(&connection->early);
    free(connection);
}

int octi_connection_fd(const octi_connection *connection)
{
    return connection->socket;
}

oct_err octi_connection_send(octi_connection *connection, const void *bytes, size_t size, size_t *sent,
                             oct_error *err)
{
    size_t taken = 0;
    CURLcode result = curl_easy_send(connection->easy, bytes, size, &taken);
    if (result != CURLE_OK && result != CURLE_AGAIN)
        return octi_http_explain(connection->http, connection->easy, result, connection->detail, err);
    *sent = result == CURLE_OK ? taken : 0;
    return OCT_OK;
}

oct_err octi_connection_recv(octi_connection *connection, void *bytes, size_t capacity, size_t *got,
                             bool *end, oct_error *err)
{
    *end = false;
    if (connection->early.size > 0) {
        *got = capacity < connection->early.size ? capacity : connection->early.size;
        memcpy(bytes, connection->early.data, *got);
        octi_buffer_consume(&connection->early, *got);
        return OCT_OK;
    }
    size_t taken = 0;
    CURLcode result = curl_easy_recv(connection->easy, bytes, capacity, &taken);
    if (result != CURLE_OK && result != CURLE_AGAIN)
        return octi_http_explain(connection->http, connection->easy, result, connection->detail, err);
    *got = result == CURLE_OK ? taken : 0;
    *end = result == CURLE_OK && taken == 0;
    return OCT_OK;
}

void octi_connection_finish(octi_connection *connection)
{
    shutdown(connection->socket, SHUT_WR);
}

/* Waits until the socket is ready for `events`, or says why it no longer waits. */
static oct_err wait_ready(octi_connection *connection, short events, const struct deadline *deadline,
                          oct_error *err)
{
    for (;;) {
        struct pollfd ready = {.fd = connection->socket, .events = events};
        int count = poll(&ready, 1, POLL_MS);
        if (deadline->upgrade->interrupted && deadline->upgrade->interrupted(deadline->upgrade->ctx))
            return oct_fail(err, OCT_E_CANCELLED, "interrupted");
        if (count > 0)
            return OCT_OK;
        if (octi_clock_ns() > deadline->at_ns)
            return oct_fail(err, OCT_E_TIMEOUT, "%s did not answer in time",
                            octi_http_label(connection->http));
    }
}

static oct_err send_all(octi_connection *connection, const octi_buffer *text, const struct deadline *deadline,
                        oct_error *err)
{
    for (size_t done = 0; done < text->size;) {
        size_t sent = 0;
        oct_err code = octi_connection_send(connection, text->data + done, text->size - done, &sent, err);
        if (code == OCT_OK && sent == 0)
            code = wait_ready(connection, POLLOUT, deadline, err);
        if (code != OCT_OK)
            return code;
        done += sent;
    }
    return OCT_OK;
}

static oct_err write_request(const octi_connection *connection, const octi_upgrade *upgrade,
                             octi_buffer *text, oct_error *err)
{
    const char *authorization = octi_http_authorization(connection->http);
    size_t body = upgrade->body ? strlen(upgrade->body) : 0;
    oct_err code =
        octi_buffer_printf(text, "%s %s HTTP/1.1\r\nHost: localhost\r\n", upgrade->method, upgrade->path);
    if (code == OCT_OK && authorization)
        code = octi_buffer_printf(text, "Authorization: %s\r\n", authorization);
    for (const char *const *header = upgrade->headers; code == OCT_OK && header && *header; header++)
        code = octi_buffer_printf(text, "%s\r\n", *header);
    if (code == OCT_OK && upgrade->body)
        code = octi_buffer_printf(text, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body);
    if (code == OCT_OK)
        code = octi_buffer_printf(text, "\r\n%s", upgrade->body ? upgrade->body : "");
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory");
}

/* Receives more into buffer, waiting for it; *end when the other side has closed. */
static oct_err receive_more(octi_connection *connection, octi_buffer *buffer, const struct deadline *deadline,
                            bool *end, oct_error *err)
{
    char piece[PIECE];
    size_t got = 0;
    for (;;) {
        oct_err code = octi_connection_recv(connection, piece, sizeof(piece), &got, end, err);
        if (code != OCT_OK)
            return code;
        if (got > 0 || *end)
            break;
        code = wait_ready(connection, POLLIN, deadline, err);
        if (code != OCT_OK)
            return code;
    }
    if (octi_buffer_append(buffer, piece, got) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    return OCT_OK;
}

/* Reads the reply's head; what follows it stays in `early`. */
static oct_err read_head(octi_connection *connection, const struct deadline *deadline, octi_http_head *head,
                         oct_error *err)
{
    octi_buffer bytes = {0};
    bool complete = false, end = false;
    oct_err code = OCT_OK;
    while (code == OCT_OK && !complete) {
        code = receive_more(connection, &bytes, deadline, &end, err);
        if (code == OCT_OK && end)
            code = oct_fail(err, OCT_E_LOST, "the connection to %s was cut before its reply",
                            octi_http_label(connection->http));
        if (code != OCT_OK)
            break;
        code = octi_http_head_parse(bytes.data, bytes.size, head, &complete, err);
        if (code != OCT_OK)
            oct_prefix(err, "%s", octi_http_label(connection->http));
    }
    if (complete) {
        octi_buffer_consume(&bytes, head->size);
        connection->early = bytes;
        return OCT_OK;
    }
    octi_buffer_deinit(&bytes);
    return code;
}

/* Reads the body of a reply that is no upgrade, as far as it helps a message. A cut body
 * is as good as none. */
static void read_refusal(octi_connection *connection, const octi_http_head *head,
                         const struct deadline *deadline, octi_buffer *refusal)
{
    octi_buffer body = connection->early;
    connection->early = (octi_buffer){0};
    size_t wanted = head->has_length && head->length < REFUSAL_MAX ? (size_t)head->length : REFUSAL_MAX;
    bool end = false;
    while (!end && body.size < wanted &&
           !(head->chunked && body.size >= 5 && memmem(body.data, body.size, "0\r\n\r\n", 5)))
        if (receive_more(connection, &body, deadline, &end, NULL) != OCT_OK)
            break;
    if (head->chunked && body.size > 0)
        body.size = octi_http_dechunk(body.data, body.size);
    if (body.size > 0)
        body.data[body.size] = '\0';
    *refusal = body;
}

static oct_err connect_to(octi_connection *connection, oct_error *err)
{
    connection->easy = octi_http_new_handle(connection->http);
    if (!connection->easy)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    curl_easy_setopt(connection->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(connection->easy, CURLOPT_ERRORBUFFER, connection->detail);
    CURLcode result = curl_easy_perform(connection->easy);
    if (result == CURLE_OK)
        result = curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &connection->socket);
    if (result != CURLE_OK)
        return octi_http_explain(connection->http, connection->easy, result, connection->detail, err);
    return OCT_OK;
}

oct_err octi_connection_open(octi_http *http, const octi_upgrade *upgrade, octi_connection **out,
                             octi_http_head *head, octi_buffer *refusal, oct_error *err)
{
    octi_connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    connection->http = http;
    double timeout = upgrade->timeout > 0 ? upgrade->timeout : DEFAULT_TIMEOUT_S;
    struct deadline deadline = {upgrade, octi_clock_ns() + (int64_t)(timeout * 1e9)};
    octi_buffer request = {0};

    oct_err code = connect_to(connection, err);
    if (code == OCT_OK)
        code = write_request(connection, upgrade, &request, err);
    if (code == OCT_OK)
        code = send_all(connection, &request, &deadline, err);
    if (request.data)
        explicit_bzero(request.data, request.size); /* it may hold a token */
    octi_buffer_deinit(&request);
    if (code == OCT_OK)
        code = read_head(connection, &deadline, head, err);

    bool upgraded = code == OCT_OK && (head->status == 101 || (upgrade->accept_200 && head->status == 200));
    if (upgraded) {
        *out = connection;
        return OCT_OK;
    }
    if (code == OCT_OK) {
        read_refusal(connection, head, &deadline, refusal);
        *out = NULL;
    }
    octi_connection_close(connection);
    return code;
}
