/* core/http.h - a client of one HTTP server: an engine's or a cluster's API.
 *
 * Speaks over a unix socket or TCP, with TLS and client certificates. Many requests run at
 * once in one thread; replies are bounded in size and every request in time. One thread
 * uses a client at a time. */
#ifndef OCTI_HTTP_H
#define OCTI_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

/* Where the server is. Strings are copied by open. */
typedef struct octi_http_endpoint {
    const char *label;  /* how messages call it: "unix:///var/run/docker.sock" */
    const char *url;    /* "http://localhost" or "https://10.0.0.1:6443"; no final slash */
    const char *socket; /* path of a unix socket, or NULL for TCP */
    const char *ca;     /* PEM files of the TLS authority, certificate and key; NULL: the system's, none */
    const char *cert;
    const char *key;
    const char *ca_text; /* the same as PEM texts, which win over files */
    const char *cert_text;
    const char *key_text;
    const char *server_name;   /* the name that the server's certificate has; NULL: that in the url */
    const char *proxy;         /* url of a proxy; NULL: none, whatever http_proxy says */
    bool insecure;             /* do not verify the server's certificate */
    const char *authorization; /* value of the Authorization header, or NULL; kept in memory only */
    double connect_timeout;    /* seconds; 0: 5 */
    unsigned parallel;         /* connections at once; 0: 16 */
} octi_http_endpoint;

typedef struct octi_http octi_http;
struct octi_http_transfer;

/* One request and its reply. Zero-initialise, set the first part, keep it in place until
 * it is done, then octi_http_request_deinit. */
typedef struct octi_http_request {
    const char *method;         /* NULL: GET */
    const char *path;           /* from the root: "/v1.41/info?x=y"; already percent-encoded */
    const char *const *headers; /* NULL-terminated "Name: value", or NULL */
    const char *content_type;   /* of the body; NULL: application/json */
    const void *body;
    size_t body_size;
    int body_fd; /* with stream_body: read to its end and sent in chunks */
    bool stream_body;
    double timeout;      /* seconds for all of it; 0: none */
    double idle_timeout; /* seconds without a byte either way; 0: 60, < 0: none */
    size_t max_reply;    /* bytes kept in `reply`; 0: 16 MiB */

    /* For a successful reply (status below 300): each piece as it arrives, instead of
     * `reply`. Another result than OCT_OK ends the request with that code. */
    oct_err (*output)(void *ctx, const void *bytes, size_t size);
    /* Called by octi_http_wait when the request is over; may start others. */
    void (*done)(void *ctx, struct octi_http_request *request);
    void *ctx;

    oct_err code;      /* OCT_OK when a whole reply came, whatever its status */
    oct_error error;   /* filled when code is not OCT_OK */
    int status;        /* HTTP status, 0 when none came */
    octi_buffer reply; /* the body (of an error, also when there is `output`) */
    struct octi_http_transfer *transfer;
} octi_http_request;

void octi_http_request_deinit(octi_http_request *request);

/* Makes a client; nothing is sent yet. */
OCT_NODISCARD oct_err octi_http_open(const octi_http_endpoint *endpoint, octi_http **out, oct_error *err);
void octi_http_close(octi_http *http);

const char *octi_http_label(const octi_http *http);

/* Value of the Authorization header, or NULL; the client's. */
const char *octi_http_authorization(const octi_http *http);

/* Begins a request, which octi_http_wait drives. A failure to begin is reported through
 * request->code and `done`, as any other. */
void octi_http_start(octi_http *http, octi_http_request *request);

/* Drives all started requests until none is left. `interrupted` is asked at least every
 * 200 ms; true cancels what is left with OCT_E_CANCELLED, which is then also the result.
 * What happened to each request is in the request. */
OCT_NODISCARD oct_err octi_http_wait(octi_http *http, bool (*interrupted)(void *ctx), void *ctx);

/* Starts one request and waits for it: OCT_OK when a whole reply came, whatever its
 * status. Not from within `done`. */
OCT_NODISCARD oct_err octi_http_perform(octi_http *http, octi_http_request *request, oct_error *err);

/* Puts text into buffer with everything percent-encoded that has a meaning in a URL. */
OCT_NODISCARD oct_err octi_http_escape(octi_buffer *buffer, const char *text);

/* For connection.c, which needs the same settings on a handle of its own: a libcurl easy
 * handle set up for this server, as void * to keep curl's header out of ours. */
void *octi_http_new_handle(const octi_http *http);

/* Turns libcurl's failure into ours, naming the server and the way out. */
oct_err octi_http_explain(const octi_http *http, void *handle, int curl_code, const char *detail,
                          oct_error *err);

#endif
