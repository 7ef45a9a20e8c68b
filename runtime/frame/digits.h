/* frame/digits.h - keys that are of few bits, as one number.
 *
 * A column of whole numbers or bools is a digit: how far a value is from the least one. A text is as many
 * digits as there are runs of bits in which rows differ, in its bytes and in its size. Whether a row is null
 * is one more. The digits of all columns, one behind the other, tell the keys of a row, so that a table of
 * all keys that there may be needs neither hashes nor comparisons ("normalized keys", as in sortkey.h, of
 * which not even their order remains). */
#ifndef OCTI_DIGITS_H
#define OCTI_DIGITS_H

#include "runtime/frame/column.h"

enum {
    OCTI_DIGITS = 32,          /* at most */
    OCTI_DIGIT_TEXT_WORDS = 4, /* of a text, 8 bytes each; longer ones have no digits */
};

typedef struct octi_digit {
    size_t column;
    int part;       /* of a value of the column; see digits.c */
    uint64_t least; /* of the part, 0 of texts */
    uint64_t mask;  /* of the bits from `shift` on of what the part has more than the least */
    int shift;
    uint64_t count; /* of numbers that it may be */
} octi_digit;

typedef struct octi_digits {
    octi_digit of[OCTI_DIGITS];
    size_t count;
    size_t numbers; /* of keys that there may be, the product of the digits' counts */
} octi_digits;

/* Of the first `count` columns. False, and *out untouched, where they have doubles, or may have more keys
 * than twice the rows. */
bool octi_digits_find(const octi_batch *keys, size_t count, octi_digits *out);

/* The number, below `numbers`, of each row of the batch that the digits were found in. */
void octi_digits_number(const octi_digits *digits, const octi_batch *keys, uint32_t *number);

#endif
