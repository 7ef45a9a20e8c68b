/* exec/processes/stream.h - messages of any size over a ring, in pieces when they are large.
 *
 * Pieces rather than a place of their own for large messages: nothing is left to be freed when
 * either side dies, the copies overlap, and the ring stays in the cache. Neither side waits
 * here; a message is sent and received in as many calls as it takes. */
#ifndef OCTI_STREAM_H
#define OCTI_STREAM_H

#include "runtime/exec/processes/ring.h"

/* A message that is on its way out. All zero: none. */
typedef struct octi_outgoing {
    const char *data; /* borrowed until all is sent */
    size_t size;
    size_t sent;
    uint64_t position; /* where its first record begins in the ring */
    uint32_t kind;
    bool open; /* not all is sent */
} octi_outgoing;

static inline void octi_outgoing_open(octi_outgoing *box, uint32_t kind, const void *data, size_t size)
{
    *box = (octi_outgoing){data, size, 0, 0, kind, true};
}

/* Writes as much of the message as there is room for, and publishes it; true when that is all.
 * Until then nothing else may be written to the ring. */
bool octi_outgoing_flush(octi_outgoing *box, octi_ring_writer *writer);

/* A message that is on its way in. All zero: none. */
typedef struct octi_incoming {
    char *data; /* malloc'ed, or NULL when there was no memory for it */
    uint64_t total;
    uint64_t got;
    uint32_t kind;
    bool partial; /* the first piece has come, and not the last */
} octi_incoming;

/* A whole one. `data` is the ring's for a short message, else the inbox's: valid until the
 * next is read. NULL with a size: there was no memory for it. */
typedef struct octi_message {
    uint32_t kind;
    char *data;
    size_t size;
} octi_message;

/* Takes a piece. True when it completed *message. *broken is set, and left alone otherwise,
 * for a piece that does not belong there. */
bool octi_incoming_take(octi_incoming *box, const octi_record *record, octi_message *message, bool *broken);

void octi_incoming_deinit(octi_incoming *box);

#endif
