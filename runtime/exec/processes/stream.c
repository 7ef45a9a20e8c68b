#include <stdlib.h>
#include <string.h>

#include "runtime/exec/processes/stream.h"

static bool write_piece(octi_outgoing *box, octi_ring_writer *writer)
{
    size_t left = box->size - box->sent;
    size_t size = left < OCTI_RING_PIECE ? left : OCTI_RING_PIECE;
    octi_record *record = octi_ring_write(writer, box->kind, (uint32_t)size);
    if (!record)
        return false;
    record->total = box->sent == 0 ? box->size : 0;
    if (box->sent == 0)
        box->position = writer->last;
    if (size > 0)
        memcpy(record->payload, box->data + box->sent, size);
    box->sent += size;
    box->open = box->sent < box->size;
    return true;
}

bool octi_outgoing_flush(octi_outgoing *box, octi_ring_writer *writer)
{
    while (box->open && write_piece(box, writer))
        octi_ring_publish(writer);
    return !box->open;
}

bool octi_incoming_take(octi_incoming *box, const octi_record *record, octi_message *message, bool *broken)
{
    if (!box->partial) {
        octi_incoming_deinit(box);
        if (record->size == record->total) {
            *message = (octi_message){record->kind, (char *)record->payload, record->size};
            return true;
        }
        *box = (octi_incoming){malloc(record->total), record->total, 0, record->kind, true};
    }
    if (record->kind != box->kind || record->size > box->total - box->got) {
        *broken = true;
        return false;
    }
    if (box->data)
        memcpy(box->data + box->got, record->payload, record->size);
    box->got += record->size;
    if (box->got < box->total)
        return false;
    box->partial = false;
    *message = (octi_message){box->kind, box->data, box->total};
    return true;
}

void octi_incoming_deinit(octi_incoming *box)
{
    free(box->data);
    *box = (octi_incoming){0};
}
