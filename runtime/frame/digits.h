/* frame/digits.h - keys that are few whole numbers, as one number.
 *
 * A column of whole numbers or bools is a digit: how far a value is from the least one, and one more where 0
 * stands for null. The digits of all columns, one behind the other, tell the keys of a row, so that a table
 * of all keys that there may be needs neither hashes nor comparisons. */
#ifndef OCTI_DIGITS_H
#define OCTI_DIGITS_H

#include "runtime/frame/column.h"

enum { OCTI_DIGITS = 4 }; /* columns at most */

typedef struct octi_digit {
    int64_t least;
    uint64_t count; /* of values that there may be */
} octi_digit;

typedef struct octi_digits {
    octi_digit of[OCTI_DIGITS];
    size_t count;   /* of columns */
    size_t numbers; /* of keys that there may be, the product of the digits' counts */
} octi_digits;

/* Of the first `count` columns. False, and *out untouched, where they have other values than whole numbers
 * and bools, or may have more keys than rows. */
bool octi_digits_find(const octi_batch *keys, size_t count, octi_digits *out);

/* The number, below `numbers`, of each row of the batch that the digits were found in. */
void octi_digits_number(const octi_digits *digits, const octi_batch *keys, uint32_t *number);

#endif
