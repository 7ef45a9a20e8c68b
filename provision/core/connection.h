/* core/connection.h - an HTTP request that turns into a two-way stream of bytes.
 *
 * What an engine's exec and attach, and WebSockets, begin with. The connection is made by
 * libcurl, so unix sockets and TLS work; afterwards nothing here blocks except open. */
#ifndef OCTI_CONNECTION_H
#define OCTI_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "provision/core/http.h"
#include "provision/core/http_head.h"
#include "runtime/base/buffer.h"

typedef struct octi_connection octi_connection;

typedef struct octi_upgrade {
    const char *method; /* "POST" or "GET" */
    const char *path;
    const char *const *headers;     /* NULL-terminated; Upgrade and Connection are the caller's */
    const char *body;               /* JSON, or NULL */
    double timeout;                 /* seconds until the reply's head; 0: 60 */
    bool accept_200;                /* old engines hijack after a plain 200 */
    bool (*interrupted)(void *ctx); /* as in octi_exec; or NULL */
    void *ctx;
} octi_upgrade;

/* Connects, asks, and waits for the reply's head. Upgraded: *out is the stream. Answered
 * otherwise: still OCT_OK, *out is NULL, head->status tells and `refusal` has the body (at
 * most 64 KiB of it). */
OCT_NODISCARD oct_err octi_connection_open(octi_http *http, const octi_upgrade *upgrade,
                                           octi_connection **out, octi_http_head *head, octi_buffer *refusal,
                                           oct_error *err);
void octi_connection_close(octi_connection *connection);

/* For poll(2). Call recv until it gives nothing before polling: TLS may hold bytes back. */
int octi_connection_fd(const octi_connection *connection);

/* Takes up to size bytes; *sent may be 0 when the other side is not taking any. */
OCT_NODISCARD oct_err octi_connection_send(octi_connection *connection, const void *bytes, size_t size,
                                           size_t *sent, oct_error *err);

/* *got 0 with *end false: nothing now. *end: the other side has closed its half. */
OCT_NODISCARD oct_err octi_connection_recv(octi_connection *connection, void *bytes, size_t capacity,
                                           size_t *got, bool *end, oct_error *err);

/* No more will be sent; receiving goes on. Under TLS the transport is closed without
 * TLS's own farewell, which libcurl cannot send for one half; engines take it as the end
 * of input. */
void octi_connection_finish(octi_connection *connection);

#endif
