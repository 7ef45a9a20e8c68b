/* frame/radix.h - rows in order of numbers, by the bytes of those. */
#ifndef OCTI_RADIX_H
#define OCTI_RADIX_H

#include <math.h>
#include <string.h>

#include "runtime/frame/column.h"

enum { OCTI_KEYS = 256 };

typedef struct octi_keyed {
    uint64_t key;
    uint32_t row;
    uint32_t at; /* the caller's */
} octi_keyed;

/* Unsigned numbers of the same order as values. NaN is more than all numbers, and both zeroes are one. */
static inline uint64_t octi_radix_of_double(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    if (isnan(value))
        return UINT64_MAX;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof(bits));
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | sign);
}

/* What such a number is of. */
static inline double octi_radix_to_double(uint64_t key)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits = key & sign ? key ^ sign : ~key;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint64_t octi_radix_of_int(int64_t value)
{
    return (uint64_t)value ^ UINT64_C(1) << 63;
}

/* Values of at most OCTI_KEYS rows from `begin` on, of a column that is no string, as such numbers, or as
 * those of the opposite order; of nulls, anything. */
void octi_radix_keys(const octi_column *column, bool descending, size_t begin, size_t count,
                     uint64_t keys[OCTI_KEYS]);

/* A stable sort by key (LSD radix sort of the upper bits that differ, and again of those that do not; Knuth,
 * TAOCP 3, 5.2.5). Returns the one of the two that holds them.
 */
octi_keyed *octi_radix_sort(octi_keyed *keys, octi_keyed *other, size_t count);

#endif
