/* exec/processes/ring.h - records from one process to another, through memory they share.
 *
 * One writer, one reader. Neither ever waits here: a full or an empty ring is told. A record is
 * in one piece and aligned to 16 bytes; what is larger than OCTI_RING_PIECE goes in pieces
 * (exec/processes/stream.h).
 *
 * Three counts of bytes that only grow order it all: what was written (head), what the reader
 * began to read (claimed), and what may be written over (tail). Since a record is claimed
 * atomically, the writer can take back what the reader has not begun: octi_ring_revoke.
 *
 * The reader may be wrecked by a task that writes where it should not. The writer's own
 * position is therefore private to it, and so is that of a reader that does not claim. */
#ifndef OCTI_RING_H
#define OCTI_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OCTI_RING_BYTES = 1 << 17,
    OCTI_RING_PIECE = OCTI_RING_BYTES / 4, /* the largest payload of one record */
};

typedef struct octi_record {
    uint32_t size;  /* of the payload that follows */
    uint32_t kind;  /* the user's; 0 is the ring's own */
    uint64_t total; /* of the message whose first piece this is; 0 in the others */
    _Alignas(16) char payload[];
} octi_record;

/* In shared memory; all zero is an empty ring. */
typedef struct octi_ring {
    _Alignas(64) _Atomic uint64_t head;
    _Alignas(64) _Atomic uint64_t claimed;
    _Alignas(64) _Atomic uint64_t tail;
    _Alignas(64) char bytes[OCTI_RING_BYTES];
} octi_ring;

typedef struct octi_ring_writer {
    octi_ring *ring;
    uint64_t head; /* ahead of ring->head by what is not published */
    uint64_t tail; /* as it was when last looked at */
    uint64_t last; /* where the latest record begins */
} octi_ring_writer;

typedef struct octi_ring_reader {
    octi_ring *ring;
    uint64_t next;
} octi_ring_reader;

/* Makes the ring empty. Nobody else may use it meanwhile. */
void octi_ring_reset(octi_ring *ring);

/* A record to fill in, or NULL when there is no room. `size` is at most OCTI_RING_PIECE. */
octi_record *octi_ring_write(octi_ring_writer *writer, uint32_t kind, uint32_t size);

/* Shows the reader what was written. */
static inline void octi_ring_publish(octi_ring_writer *writer)
{
    atomic_store_explicit(&writer->ring->head, writer->head, memory_order_release);
}

/* True when the reader has given room back since the writer last looked for some in vain. */
static inline bool octi_ring_has_drained(const octi_ring_writer *writer)
{
    uint64_t tail = atomic_load_explicit(&writer->ring->tail, memory_order_acquire);
    return tail > writer->tail && tail <= writer->head;
}

/* Takes back every record that was not claimed, and returns the position before them: records
 * that begin there or later will not be read. Everything written must be published. */
uint64_t octi_ring_revoke(octi_ring_writer *writer);

/* The same, unless the reader has gone beyond *claimed meanwhile: then *claimed is where it is now. */
bool octi_ring_revoke_at(octi_ring_writer *writer, uint64_t *claimed);

/* How far the reader has come. */
static inline uint64_t octi_ring_claimed(const octi_ring *ring)
{
    return atomic_load_explicit(&ring->claimed, memory_order_acquire);
}

/* True when the record that begins at `position` was claimed. */
static inline bool octi_ring_was_claimed(const octi_ring *ring, uint64_t position)
{
    return octi_ring_claimed(ring) > position;
}

/* The next record, which stays in place until the next call; NULL when there is none. This
 * reader does not claim: its writer must not revoke. *broken is set, and left alone otherwise,
 * when what is in the ring makes no sense. */
const octi_record *octi_ring_read(octi_ring_reader *reader, bool *broken);

/* Claims the next record, and gives back those before it; NULL when there is none. */
octi_record *octi_ring_claim(octi_ring *ring);

/* True when there is something to read. */
static inline bool octi_ring_waits(const octi_ring_reader *reader)
{
    return atomic_load_explicit(&reader->ring->head, memory_order_acquire) != reader->next;
}

static inline bool octi_ring_claimable(const octi_ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_acquire) !=
           atomic_load_explicit(&ring->claimed, memory_order_relaxed);
}

#endif
