/* frame/radix.h - rows in order of one column that is no string, by the bytes of its values. */
#ifndef OCTI_RADIX_H
#define OCTI_RADIX_H

#include "runtime/frame/column.h"

enum { OCTI_KEYS = 256 };

typedef struct octi_keyed {
    uint64_t key;
    uint32_t row;
} octi_keyed;

/* Values of at most OCTI_KEYS rows from `begin` on as unsigned numbers of the same order, or of the opposite
 * one; of nulls, anything. NaN is more than all numbers, and both zeroes are one. */
void octi_radix_keys(const octi_column *column, bool descending, size_t begin, size_t count,
                     uint64_t keys[OCTI_KEYS]);

/* A stable sort by key (LSD radix sort; Knuth, TAOCP 3, 5.2.5). Returns the one of the two that holds them.
 */
octi_keyed *octi_radix_sort(octi_keyed *keys, octi_keyed *other, size_t count);

#endif
