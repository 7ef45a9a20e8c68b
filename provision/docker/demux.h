/* docker/demux.h - takes apart the two output streams that an engine sends as one.
 *
 * Frames of an 8-byte header (stream, three zero bytes, big-endian size) and that many
 * bytes; Docker Engine API, "Attach to a container", stream format. Pure, fuzzed. */
#ifndef OCTI_DOCKER_DEMUX_H
#define OCTI_DOCKER_DEMUX_H

#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"

/* Zero-initialised is the start of a stream. */
typedef struct octi_demux {
    unsigned char header[8];
    size_t header_size;
    uint32_t left; /* bytes of the current frame still to come */
} octi_demux;

typedef oct_err (*octi_demux_fn)(void *ctx, int stream, const void *bytes, size_t size);

/* Feeds any piece of the stream; hands on every byte of payload at once, with stream 1 or
 * 2. OCT_E_PROTOCOL for a header that cannot be; what `output` returns ends it too. */
OCT_NODISCARD oct_err octi_demux_feed(octi_demux *demux, const void *bytes, size_t size, octi_demux_fn output,
                                      void *ctx, oct_error *err);

/* Whether the stream may end here: between frames. */
int octi_demux_at_boundary(const octi_demux *demux);

#endif
