/* core/http_head.h - the head of an HTTP/1 reply, parsed by hand.
 *
 * Only for a connection that changes its protocol (exec, attach, WebSocket): there libcurl
 * hands us raw bytes. Pure functions over bytes, fuzzed. RFC 9112, sections 4 to 7. */
#ifndef OCTI_HTTP_HEAD_H
#define OCTI_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"

enum { OCTI_HTTP_HEAD_MAX = 32 * 1024 };

typedef struct octi_http_head {
    int status;
    bool has_length;
    uint64_t length; /* Content-Length, where has_length */
    bool chunked;
    char accept[64];   /* Sec-WebSocket-Accept, or "" */
    char protocol[64]; /* Sec-WebSocket-Protocol, or "" */
    size_t size;       /* bytes of the head, with its empty line */
} octi_http_head;

/* Parses what has come so far. *complete is false while the empty line is missing; then
 * *head is untouched. OCT_E_PROTOCOL when it can never become a head. */
OCT_NODISCARD oct_err octi_http_head_parse(const char *bytes, size_t size, octi_http_head *head,
                                           bool *complete, oct_error *err);

/* Undoes chunked framing in place and returns the size of what is left; bytes that are
 * no chunks end it, as this only serves the text of an error. */
size_t octi_http_dechunk(char *bytes, size_t size);

#endif
