/* core/websocket.h - WebSocket messages over an upgraded connection.
 *
 * RFC 6455, the client's side: every frame sent is masked, pings are to be answered by the
 * caller. The decoder is a pure function over bytes, fuzzed. */
#ifndef OCTI_WEBSOCKET_H
#define OCTI_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

enum { OCTI_WEBSOCKET_KEY = 25, OCTI_WEBSOCKET_ACCEPT = 29, OCTI_WEBSOCKET_MESSAGE_MAX = 4 << 20 };

typedef enum octi_websocket_kind {
    OCTI_WEBSOCKET_TEXT = 1,
    OCTI_WEBSOCKET_BINARY = 2,
    OCTI_WEBSOCKET_CLOSE = 8,
    OCTI_WEBSOCKET_PING = 9,
    OCTI_WEBSOCKET_PONG = 10,
} octi_websocket_kind;

/* A new random Sec-WebSocket-Key, and the Sec-WebSocket-Accept that a server must answer it
 * with. OCT_E_IO when there is no randomness. */
OCT_NODISCARD oct_err octi_websocket_key(char key[OCTI_WEBSOCKET_KEY], oct_error *err);
void octi_websocket_accept(const char *key, char accept[OCTI_WEBSOCKET_ACCEPT]);

/* Appends one whole message, masked, whose payload is the byte `channel` (none when < 0) and
 * size bytes. */
OCT_NODISCARD oct_err octi_websocket_encode(octi_websocket_kind kind, int channel, const void *bytes,
                                            size_t size, octi_buffer *out);

/* Zero-initialise. */
typedef struct octi_websocket {
    octi_buffer input;   /* bytes of a frame that has not come whole */
    octi_buffer message; /* fragments of a message that has not ended */
    octi_websocket_kind kind;
    bool open; /* a fragmented message has begun */
} octi_websocket;

/* Gets one whole message or control frame. Another result than OCT_OK ends the feed. */
typedef oct_err (*octi_websocket_fn)(void *ctx, octi_websocket_kind kind, const void *bytes, size_t size);

/* Takes bytes in pieces of any size. OCT_E_PROTOCOL for what no server may send. */
OCT_NODISCARD oct_err octi_websocket_feed(octi_websocket *socket, const void *bytes, size_t size,
                                          octi_websocket_fn fn, void *ctx, oct_error *err);

void octi_websocket_deinit(octi_websocket *socket);

#endif
