#include <string.h>

#include "runtime/exec/processes/ring.h"

enum { ALIGN = 16, FILLER = 0 };

static uint64_t space_of(uint64_t payload)
{
    return sizeof(octi_record) + ((payload + ALIGN - 1) & ~(uint64_t)(ALIGN - 1));
}

static octi_record *record_at(octi_ring *ring, uint64_t position)
{
    return (octi_record *)(ring->bytes + position % OCTI_RING_BYTES);
}

void octi_ring_reset(octi_ring *ring)
{
    atomic_store_explicit(&ring->head, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->claimed, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, 0, memory_order_release);
}

static bool has_room(octi_ring_writer *writer, uint64_t space)
{
    if (writer->head + space - writer->tail <= OCTI_RING_BYTES)
        return true;
    uint64_t tail = atomic_load_explicit(&writer->ring->tail, memory_order_acquire);
    /* A wrecked reader may have left nonsense; it will be found dead. */
    if (tail < writer->tail || tail > writer->head)
        return false;
    writer->tail = tail;
    return writer->head + space - writer->tail <= OCTI_RING_BYTES;
}

octi_record *octi_ring_write(octi_ring_writer *writer, uint32_t kind, uint32_t size)
{
    uint64_t space = space_of(size);
    uint64_t to_end = OCTI_RING_BYTES - writer->head % OCTI_RING_BYTES;
    if (!has_room(writer, to_end < space ? to_end + space : space))
        return NULL;
    if (to_end < space) {
        octi_record *filler = record_at(writer->ring, writer->head);
        filler->size = (uint32_t)(to_end - sizeof(*filler));
        filler->kind = FILLER;
        writer->head += to_end;
    }
    octi_record *record = record_at(writer->ring, writer->head);
    record->size = size;
    record->kind = kind;
    record->total = size;
    writer->last = writer->head;
    writer->head += space;
    return record;
}

bool octi_ring_revoke_at(octi_ring_writer *writer, uint64_t *claimed)
{
    return *claimed >= writer->head ||
           atomic_compare_exchange_strong_explicit(&writer->ring->claimed, claimed, writer->head,
                                                   memory_order_acq_rel, memory_order_acquire);
}

uint64_t octi_ring_revoke(octi_ring_writer *writer)
{
    uint64_t claimed = octi_ring_claimed(writer->ring);
    while (!octi_ring_revoke_at(writer, &claimed))
        continue;
    return claimed;
}

const octi_record *octi_ring_read(octi_ring_reader *reader, bool *broken)
{
    octi_ring *ring = reader->ring;
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        atomic_store_explicit(&ring->tail, reader->next, memory_order_release);
        if (head == reader->next)
            return NULL;
        octi_record *record = record_at(ring, reader->next);
        uint64_t space = space_of(record->size);
        uint64_t to_end = OCTI_RING_BYTES - reader->next % OCTI_RING_BYTES;
        if (head - reader->next > OCTI_RING_BYTES || space > head - reader->next || space > to_end) {
            *broken = true;
            return NULL;
        }
        reader->next += space;
        if (record->kind != FILLER)
            return record;
    }
}

octi_record *octi_ring_claim(octi_ring *ring)
{
    uint64_t claimed = atomic_load_explicit(&ring->claimed, memory_order_acquire);
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (claimed == head) {
            atomic_store_explicit(&ring->tail, claimed, memory_order_release);
            return NULL;
        }
        /* Behind the tail nothing is written over, so the record is whole even if it is being
         * revoked; then the exchange fails. */
        octi_record *record = record_at(ring, claimed);
        uint64_t before = claimed, after = claimed + space_of(record->size);
        if (!atomic_compare_exchange_strong_explicit(&ring->claimed, &claimed, after, memory_order_acq_rel,
                                                     memory_order_acquire))
            continue;
        atomic_store_explicit(&ring->tail, before, memory_order_release);
        if (record->kind != FILLER)
            return record;
        claimed = after;
    }
}
