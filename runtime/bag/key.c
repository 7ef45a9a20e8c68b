#include <stdlib.h>
#include <string.h>

#include "runtime/bag/key.h"
#include "runtime/bag/spill.h"

bool octi_field_has_key(octi_field field)
{
    return octi_field_is_number(field) || field.kind == OCTI_CSTRING;
}

#define SIGN (UINT64_C(1) << 63)

static uint64_t key_of_double(double x)
{
    uint64_t bits;
    if (x != x)
        return UINT64_MAX;
    x += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &x, sizeof(bits));
    return bits & SIGN ? ~bits : bits | SIGN;
}

static int64_t signed_of(octi_field field, const void *number)
{
    switch (field.size) {
    case 1:
        return *(const int8_t *)number;
    case 2:
        return *(const int16_t *)number;
    case 4:
        return *(const int32_t *)number;
    default:
        return *(const int64_t *)number;
    }
}

static uint64_t unsigned_of(octi_field field, const void *number)
{
    uint64_t value = 0;
    memcpy(&value, number, field.size);
    return value;
}

uint64_t octi_key_of(octi_field field, const void *number)
{
    if (field.kind == OCTI_FLOAT)
        return key_of_double(field.size == 8 ? *(const double *)number : (double)*(const float *)number);
    if (field.kind == OCTI_INT || (field.kind == OCTI_CHAR && (char)-1 < 0))
        return (uint64_t)signed_of(field, number) ^ SIGN;
    return unsigned_of(field, number);
}

void octi_keys_of(octi_field field, const void *numbers, size_t count, uint64_t *keys)
{
    if (field.kind == OCTI_FLOAT && field.size == 8)
        for (size_t i = 0; i < count; i++)
            keys[i] = key_of_double(((const double *)numbers)[i]);
    else
        for (size_t i = 0; i < count; i++)
            keys[i] = octi_key_of(field, (const char *)numbers + i * field.size);
}

/* The number that has this key: one of them, where several do. */
static void number_of(octi_field field, uint64_t key, void *number)
{
    double x;
    if (field.kind == OCTI_FLOAT) {
        uint64_t bits = key & SIGN ? key & ~SIGN : ~key;
        memcpy(&x, &bits, sizeof(x));
        if (field.size == 8)
            memcpy(number, &x, sizeof(x));
        else
            *(float *)number = (float)x;
        return;
    }
    if (field.kind == OCTI_INT || (field.kind == OCTI_CHAR && (char)-1 < 0))
        key ^= SIGN;
    memcpy(number, &key, field.size);
}

int octi_key_compare(octi_field field, const void *a, const void *b)
{
    if (octi_field_is_number(field)) {
        uint64_t x = octi_key_of(field, a), y = octi_key_of(field, b);
        return (x > y) - (x < y);
    }
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);
}

/* The finaliser of MurmurHash3 (Appleby, public domain). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

uint64_t octi_key_hash(octi_field field, const void *value)
{
    if (octi_field_is_number(field))
        return mix(octi_key_of(field, value));
    size_t size;
    const char *text = octi_value_bytes_of(field, value, &size);
    uint64_t hash = text ? size + 1 : 0, word;
    for (; size >= 8; text += 8, size -= 8) {
        memcpy(&word, text, 8);
        hash = mix(hash ^ word);
    }
    word = 0;
    if (size > 0)
        memcpy(&word, text, size);
    return mix(hash ^ word);
}

void octi_keys_hash(octi_field field, const void *values, size_t count, uint64_t *hashes)
{
    if (octi_field_is_number(field)) {
        octi_keys_of(field, values, count, hashes);
        for (size_t i = 0; i < count; i++)
            hashes[i] = mix(hashes[i]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        hashes[i] = octi_key_hash(field, (const char *)values + i * field.size);
}

/* ---- sorting ---- */

typedef struct keyed {
    uint64_t key;
    uint64_t row;
} keyed;

enum { DIGIT = 11, DIGITS = 6, VALUES = 1 << DIGIT };

static size_t digit_of(uint64_t key, int digit)
{
    return (size_t)(key >> (DIGIT * digit)) & (VALUES - 1);
}

/* Least significant digit first, which is stable; digits that all keys share are skipped. Both
 * sorts below are this one, over keys alone or keys with their rows. */
#define RADIX_SORT(name, item, key_in)                                                                       \
    static item *name(item *from, item *to, size_t count, size_t(*counts)[VALUES])                           \
    {                                                                                                        \
        memset(counts, 0, DIGITS * sizeof(*counts));                                                         \
        for (size_t i = 0; i < count; i++)                                                                   \
            for (int d = 0; d < DIGITS; d++)                                                                 \
                counts[d][digit_of(key_in(from[i]), d)]++;                                                   \
        for (int d = 0; d < DIGITS; d++) {                                                                   \
            size_t at = 0;                                                                                   \
            if (counts[d][digit_of(key_in(from[0]), d)] == count)                                            \
                continue;                                                                                    \
            for (size_t v = 0; v < VALUES; v++) {                                                            \
                size_t here = counts[d][v];                                                                  \
                counts[d][v] = at;                                                                           \
                at += here;                                                                                  \
            }                                                                                                \
            for (size_t i = 0; i < count; i++)                                                               \
                to[counts[d][digit_of(key_in(from[i]), d)]++] = from[i];                                     \
            item *swap = from;                                                                               \
            from = to;                                                                                       \
            to = swap;                                                                                       \
        }                                                                                                    \
        return from;                                                                                         \
    }
#define KEY_ALONE(item) (item)
#define KEY_WITH_ROW(item) ((item).key)
RADIX_SORT(sort_keys, uint64_t, KEY_ALONE)
RADIX_SORT(sort_keyed, keyed, KEY_WITH_ROW)

/* Numbers alone are their keys. */
static bool sort_numbers(octi_rows *rows, uint64_t flip)
{
    octi_field field = rows->shape.fields[0];
    uint64_t *keys = octi_spill_take(2 * rows->count * sizeof(*keys));
    size_t(*counts)[VALUES] = octi_spill_take(DIGITS * sizeof(*counts));
    if (keys && counts) {
        octi_keys_of(field, rows->values[0], rows->count, keys);
        for (size_t i = 0; i < rows->count; i++)
            keys[i] ^= flip;
        const uint64_t *sorted = sort_keys(keys, keys + rows->count, rows->count, counts);
        for (size_t i = 0; i < rows->count; i++)
            number_of(field, sorted[i] ^ flip, octi_rows_at(rows, 0, i));
    }
    bool done = keys && counts;
    octi_spill_release(keys);
    octi_spill_release(counts);
    return done;
}

typedef struct text_order {
    const octi_rows *rows;
    bool descending;
} text_order;

static int compare_rows(const void *a, const void *b, void *ctx)
{
    const text_order *order = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int way = octi_key_compare(order->rows->shape.fields[0], octi_rows_at(order->rows, 0, x),
                               octi_rows_at(order->rows, 0, y));
    if (way == 0)
        return (x > y) - (x < y);
    return order->descending ? -way : way;
}

static bool order_rows(const octi_rows *rows, uint64_t flip, uint32_t *index)
{
    octi_field field = rows->shape.fields[0];
    if (!octi_field_is_number(field)) {
        for (size_t i = 0; i < rows->count; i++)
            index[i] = (uint32_t)i;
        text_order order = {rows, flip != 0};
        qsort_r(index, rows->count, sizeof(*index), compare_rows, &order);
        return true;
    }
    keyed *keys = octi_spill_take(2 * rows->count * sizeof(*keys));
    size_t(*counts)[VALUES] = octi_spill_take(DIGITS * sizeof(*counts));
    if (keys && counts) {
        for (size_t i = 0; i < rows->count; i++)
            keys[i] = (keyed){octi_key_of(field, octi_rows_at(rows, 0, i)) ^ flip, i};
        const keyed *sorted = sort_keyed(keys, keys + rows->count, rows->count, counts);
        for (size_t i = 0; i < rows->count; i++)
            index[i] = (uint32_t)sorted[i].row;
    }
    bool done = keys && counts;
    octi_spill_release(keys);
    octi_spill_release(counts);
    return done;
}

bool octi_rows_sort(octi_rows *rows, bool descending)
{
    uint64_t flip = descending ? UINT64_MAX : 0;
    if (rows->count < 2)
        return true;
    if (rows->shape.count == 1 && octi_field_is_number(rows->shape.fields[0]))
        return sort_numbers(rows, flip);
    uint32_t *index = rows->count < UINT32_MAX ? octi_spill_take(rows->count * sizeof(*index)) : NULL;
    octi_rows sorted;
    octi_rows_init(&sorted, &rows->shape);
    bool done = index && order_rows(rows, flip, index);
    if (done) {
        octi_rows_gather(&sorted, rows, index, rows->count);
        done = !sorted.failed;
    }
    octi_spill_release(index);
    if (!done) {
        octi_rows_deinit(&sorted);
        return false;
    }
    octi_rows_deinit(rows);
    *rows = sorted;
    return true;
}
