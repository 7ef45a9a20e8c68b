#include <string.h>

#include "runtime/bag/key.h"
#include "runtime/bag/spill.h"
#include "runtime/bag/table.h"

/* The hash of a number tells the number: octi_key_hash maps 64 bits one to one, so keys need not be looked at
 * again, neither to compare nor to grow. */
struct octi_table_slot {
    uint64_t hash;
    uint64_t row; /* counted from 1; 0: free */
};

enum { STRETCH = 1024, AHEAD = 12, LEAST = 64 };

void octi_table_deinit(octi_table *table)
{
    octi_spill_release(table->slots);
    *table = (octi_table){0};
}

/* The low half decides buckets, within which it says little. */
static size_t place_of(const octi_table *table, uint64_t hash)
{
    return (size_t)(hash >> 32) & (table->size - 1);
}

/* The slot where the key is or would be. */
static struct octi_table_slot *slot_of(const octi_table *table, const octi_rows *rows, const void *key,
                                       uint64_t hash, bool by_hash)
{
    for (size_t at = place_of(table, hash);; at = (at + 1) & (table->size - 1)) {
        struct octi_table_slot *slot = &table->slots[at];
        if (slot->row == 0 || (slot->hash == hash &&
                               (by_hash || octi_key_compare(rows->shape.fields[0],
                                                            octi_rows_at(rows, 0, slot->row - 1), key) == 0)))
            return slot;
    }
}

/* At most half of the slots are taken. */
static bool make_room(octi_table *table, size_t more)
{
    octi_table bigger = {.size = table->size ? table->size : LEAST, .count = table->count};
    while (bigger.size < 2 * (table->count + more))
        bigger.size *= 2;
    if (bigger.size == table->size)
        return true;
    bigger.slots = octi_spill_take(bigger.size * sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    memset(bigger.slots, 0, bigger.size * sizeof(*bigger.slots));
    for (size_t i = 0; i < table->size; i++) {
        if (table->slots[i].row == 0)
            continue;
        size_t at = place_of(&bigger, table->slots[i].hash);
        while (bigger.slots[at].row != 0)
            at = (at + 1) & (bigger.size - 1);
        bigger.slots[at] = table->slots[i];
    }
    octi_spill_release(table->slots);
    *table = bigger;
    return true;
}

static bool find_stretch(octi_table *table, octi_rows *rows, const octi_rows *block, size_t first,
                         size_t count, uint32_t *row_of)
{
    uint64_t hashes[STRETCH + AHEAD];
    octi_field field = block->shape.fields[0];
    bool by_hash = octi_field_is_number(field);
    if (rows->count + count >= UINT32_MAX || !make_room(table, count) || !octi_rows_reserve(rows, count))
        return false;
    octi_keys_hash(field, octi_rows_at(block, 0, first), count, hashes);
    memset(hashes + count, 0, AHEAD * sizeof(*hashes));
    for (size_t i = 0; i < count; i++) {
        const void *key = octi_rows_at(block, 0, first + i);
        __builtin_prefetch(&table->slots[place_of(table, hashes[i + AHEAD])]);
        struct octi_table_slot *slot = slot_of(table, rows, key, hashes[i], by_hash);
        if (slot->row == 0) {
            void *own = octi_rows_at(rows, 0, rows->count);
            memcpy(own, key, field.size);
            octi_rows_own(rows, field, own);
            *slot = (struct octi_table_slot){hashes[i], ++rows->count};
            table->count++;
        }
        row_of[i] = (uint32_t)slot->row - 1;
    }
    return !rows->failed;
}

bool octi_table_find(octi_table *table, octi_rows *rows, const octi_rows *block, uint32_t *row_of)
{
    for (size_t i = 0, count; i < block->count; i += count) {
        count = block->count - i < STRETCH ? block->count - i : STRETCH;
        if (!find_stretch(table, rows, block, i, count, row_of + i)) {
            rows->failed = true;
            return false;
        }
    }
    return true;
}

void octi_table_look(const octi_table *table, const octi_rows *rows, const octi_rows *block, uint32_t *row_of)
{
    octi_field field = block->shape.fields[0];
    bool by_hash = octi_field_is_number(field);
    for (size_t i = 0; i < block->count; i++) {
        const void *key = octi_rows_at(block, 0, i);
        uint64_t row =
            table->size > 0 ? slot_of(table, rows, key, octi_key_hash(field, key), by_hash)->row : 0;
        row_of[i] = row > 0 ? (uint32_t)row - 1 : UINT32_MAX;
    }
}
