#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/heap.h"
#include "runtime/frame/digits.h"
#include "runtime/frame/grouping.h"

void octi_grouping_deinit(octi_grouping *g)
{
    free(g->of);
    free(g->first);
    free(g->hash);
    free(g->slots);
    free(g->rows);
}

/* A multiplication and a fold, as in wyhash (Wang Yi, 2019). */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product =
        (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xe7037ed1a0b428db));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define INLINE __attribute__((always_inline)) static inline

/* The bytes of a short text, the first and last of which may be the same ones: with the size they tell all.
 */
INLINE uint64_t short_word(const char *text, size_t size)
{
    uint32_t first = 0, last = 0;
    if (size >= 4) {
        memcpy(&first, text, 4);
        memcpy(&last, text + size - 4, 4);
        return (uint64_t)last << 32 | first;
    }
    for (size_t i = 0; i < size; i++)
        first |= (uint32_t)(uint8_t)text[i] << (8 * i);
    return first;
}

INLINE uint64_t hash_text(const char *text, size_t size)
{
    uint64_t hash = size, word;
    if (size < 8)
        return mix(hash, short_word(text, size));
    for (size_t at = 0; at + 8 < size; at += 8) {
        memcpy(&word, text + at, 8);
        hash = mix(hash, word);
    }
    memcpy(&word, text + size - 8, 8);
    return mix(hash, word);
}

/* Equal values hash alike: all NaNs, and both zeroes. */
INLINE uint64_t hash_value(const octi_column *column, oct_column_type type, size_t row)
{
    if (!octi_is_valid(column, row))
        return UINT64_C(0x5bd1e995);
    if (type == OCT_STRING)
        return hash_text(column->text + column->offsets[row],
                         (size_t)(column->offsets[row + 1] - column->offsets[row]));
    if (type == OCT_BOOL)
        return column->bools[row];
    if (type == OCT_DOUBLE && isnan(column->doubles[row]))
        return UINT64_C(0x7ff8000000000000);
    return type == OCT_DOUBLE && column->doubles[row] == 0 ? 0 : (uint64_t)column->ints[row];
}

INLINE void hash_column(const octi_column *column, oct_column_type type, size_t begin, size_t end,
                        uint64_t *hash)
{
    for (size_t row = begin; row < end; row++)
        hash[row - begin] = mix(hash[row - begin], hash_value(column, type, row));
}

void octi_hash_rows(const octi_column *column, size_t begin, size_t end, uint64_t *hash)
{
    switch (column->type) {
    case OCT_STRING:
        hash_column(column, OCT_STRING, begin, end, hash);
        break;
    case OCT_DOUBLE:
        hash_column(column, OCT_DOUBLE, begin, end, hash);
        break;
    case OCT_BOOL:
        hash_column(column, OCT_BOOL, begin, end, hash);
        break;
    default:
        hash_column(column, OCT_INT64, begin, end, hash);
    }
}

static inline bool same_text(const octi_column *column, size_t row, size_t other)
{
    size_t size = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    const char *text = column->text + column->offsets[row], *with = column->text + column->offsets[other];
    uint64_t word, other_word;
    if (size != (size_t)(column->offsets[other + 1] - column->offsets[other]))
        return false;
    if (size < 8)
        return short_word(text, size) == short_word(with, size);
    for (size_t at = 0;; at += 8) {
        at = at + 8 < size ? at : size - 8; /* the last ones, some of which may be known */
        memcpy(&word, text + at, 8);
        memcpy(&other_word, with + at, 8);
        if (word != other_word)
            return false;
        if (at + 8 == size)
            return true;
    }
}

/* Whole numbers and texts, the most frequent keys, without a call. */
static inline bool same_value(const octi_column *column, size_t row, size_t other)
{
    bool compared = column->type == OCT_DOUBLE || column->type == OCT_BOOL;
    if (compared || !octi_is_valid(column, row) || !octi_is_valid(column, other))
        return octi_column_compare(column, row, column, other) == 0;
    return column->type == OCT_STRING ? same_text(column, row, other)
                                      : column->ints[row] == column->ints[other];
}

static bool same_keys(const octi_batch *keys, size_t count, size_t row, size_t other)
{
    for (size_t k = 0; k < count; k++)
        if (!same_value(&keys->columns[k], row, other))
            return false;
    return true;
}

/* A slot is a group + 1 below the upper half of its hash, or 0: most rows of other groups are told apart
 * without looking at their keys, which are elsewhere in memory. */
static uint64_t slot_of(uint64_t hash, size_t group)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (group + 1);
}

static bool grow_slots(octi_grouping *g)
{
    size_t wanted = g->slot_count ? 4 * g->slot_count : 1024;
    uint64_t *slots = octi_heap_zeroes(wanted * sizeof(*slots));
    if (!slots)
        return false;
    for (size_t i = 0; i < g->groups; i++) {
        size_t at = g->hash[i] & (wanted - 1);
        while (slots[at])
            at = (at + 1) & (wanted - 1);
        slots[at] = slot_of(g->hash[i], i);
    }
    free(g->slots);
    g->slots = slots;
    g->slot_count = wanted;
    return true;
}

enum { AHEAD = 16 }; /* rows whose slots are on their way from memory */

/* The rows from `begin` to before `end`, all of which have the given hashes. */
static bool assign_groups(octi_grouping *g, const octi_batch *keys, size_t count, const uint64_t *hash,
                          size_t begin, size_t end)
{
    for (size_t row = begin; row < end; row++) {
        if (2 * g->groups >= g->slot_count && !grow_slots(g))
            return false;
        if (row + AHEAD < end)
            __builtin_prefetch(&g->slots[hash[row + AHEAD] & (g->slot_count - 1)]);
        size_t at = hash[row] & (g->slot_count - 1);
        uint64_t mine = hash[row], slot;
        while ((slot = g->slots[at]) &&
               (((slot ^ mine) >> 32) || !same_keys(keys, count, g->first[(uint32_t)slot - 1], row)))
            at = (at + 1) & (g->slot_count - 1);
        if (!slot) {
            g->first[g->groups] = (uint32_t)row;
            g->hash[g->groups] = mine;
            g->slots[at] = slot = slot_of(mine, g->groups++);
        }
        g->of[row] = (uint32_t)slot - 1;
    }
    return true;
}

static oct_err out_of_memory(octi_grouping *g, size_t rows, oct_error *err)
{
    octi_grouping_deinit(g);
    return oct_fail(err, OCT_E_NOMEM, "out of memory to group %zu rows", rows);
}

static uint64_t hash_row(const octi_batch *keys, size_t count, size_t row)
{
    uint64_t hash = 0;
    for (size_t k = 0; k < count; k++)
        octi_hash_rows(&keys->columns[k], row, row + 1, &hash);
    return hash;
}

/* By a table of all keys that there may be. Only the rows that groups begin with are hashed. */
static bool assign_by_digits(octi_grouping *g, const octi_batch *keys, size_t count,
                             const octi_digits *digits)
{
    uint32_t *groups = octi_heap_zeroes(digits->numbers * sizeof(*groups)); /* a group + 1, or 0 */
    if (!groups)
        return false;
    octi_digits_number(digits, keys, g->of);
    for (size_t row = 0; row < keys->rows; row++) {
        uint32_t *group = &groups[g->of[row]];
        if (*group == 0) {
            g->first[g->groups] = (uint32_t)row;
            *group = (uint32_t)++g->groups;
        }
        g->of[row] = *group - 1;
    }
    free(groups);
    for (size_t i = 0; i < g->groups; i++)
        g->hash[i] = hash_row(keys, count, g->first[i]);
    return true;
}

enum { FIRST = 4096 }; /* rows that tell how many have a key that others have */

/* By the hashes of rows. Where `alone`, those that hardly have keys in common are not looked for. */
static bool assign_by_hashes(octi_grouping *g, const octi_batch *keys, size_t count, bool alone)
{
    size_t first = alone && keys->rows > FIRST ? FIRST : keys->rows;
    uint64_t *hash = octi_heap_zeroes((keys->rows + 1) * sizeof(*hash));
    if (!hash)
        return false;
    for (size_t k = 0; k < count; k++)
        octi_hash_rows(&keys->columns[k], 0, keys->rows, hash);
    bool assigned = assign_groups(g, keys, count, hash, 0, first);
    if (assigned && first < keys->rows && g->groups > FIRST - FIRST / 32) {
        for (size_t row = 0; row < keys->rows; row++)
            g->of[row] = g->first[row] = (uint32_t)row;
        g->groups = keys->rows;
        free(g->hash);
        g->hash = hash;
        return true;
    }
    assigned = assigned && assign_groups(g, keys, count, hash, first, keys->rows);
    free(hash);
    return assigned;
}

static oct_err assign(octi_grouping *g, const octi_batch *keys, size_t count, bool alone, oct_error *err)
{
    size_t rows = keys->rows + 1;
    octi_digits digits;
    *g = (octi_grouping){.of = malloc(rows * sizeof(*g->of)),
                         .first = malloc(rows * sizeof(*g->first)),
                         .hash = malloc(rows * sizeof(*g->hash))};
    bool assigned = g->of && g->first && g->hash;
    if (assigned && octi_digits_find(keys, count, &digits))
        assigned = assign_by_digits(g, keys, count, &digits);
    else if (assigned)
        assigned = assign_by_hashes(g, keys, count, alone);
    return assigned ? OCT_OK : out_of_memory(g, keys->rows, err);
}

oct_err octi_grouping_init(octi_grouping *g, const octi_batch *keys, size_t count, oct_error *err)
{
    return assign(g, keys, count, false, err);
}

oct_err octi_grouping_init_partial(octi_grouping *g, const octi_batch *keys, size_t count, oct_error *err)
{
    return assign(g, keys, count, true, err);
}

static size_t partition_of(uint64_t hash)
{
    return (size_t)(hash >> (64 - OCTI_PARTITION_BITS));
}

oct_err octi_grouping_divide(octi_grouping *g, size_t rows, oct_error *err)
{
    size_t at[OCTI_PARTITIONS] = {0}, sum = 0;
    uint32_t *number = malloc((g->groups + 1) * sizeof(*number));
    uint32_t *first = malloc((g->groups + 1) * sizeof(*first));
    g->rows = octi_heap_zeroes((g->groups + 1) * sizeof(*g->rows));
    if (!number || !first || !g->rows) {
        free(number);
        free(first);
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu groups", g->groups);
    }
    for (size_t i = 0; i < g->groups; i++)
        at[partition_of(g->hash[i])]++;
    for (size_t p = 0; p < OCTI_PARTITIONS; p++) {
        size_t groups = at[p];
        at[p] = sum;
        sum += groups;
    }
    for (size_t i = 0; i < g->groups; i++) {
        number[i] = (uint32_t)at[partition_of(g->hash[i])]++;
        first[number[i]] = g->first[i];
    }
    for (size_t row = 0; row < rows; row++) {
        uint32_t group = number[g->of[row]];
        g->of[row] = group;
        g->rows[group]++;
    }
    free(number);
    free(g->first);
    g->first = first;
    free(g->slots); /* of the numbers before, as are the hashes */
    free(g->hash);
    g->slots = g->hash = NULL;
    g->slot_count = 0;
    return OCT_OK;
}

void octi_grouping_find(const octi_batch *keys, size_t count, size_t begin[OCTI_PARTITIONS + 1])
{
    begin[0] = 0;
    begin[OCTI_PARTITIONS] = keys->rows;
    for (size_t p = 1; p < OCTI_PARTITIONS; p++) {
        size_t low = begin[p - 1], high = keys->rows;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (partition_of(hash_row(keys, count, middle)) < p)
                low = middle + 1;
            else
                high = middle;
        }
        begin[p] = low;
    }
}
