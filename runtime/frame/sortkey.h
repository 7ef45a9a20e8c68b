/* frame/sortkey.h - rows' places in an order of several columns, as words that are compared as numbers.
 *
 * Each column is a few unsigned numbers in its order, of any type: whether it is null, its value, or the
 * bytes of its text, eight at a time, and then how many they are. Those bits in which rows differ are put one
 * behind the other ("normalized keys"; Graefe, "Implementing sorting in database systems", ACM Computing
 * Surveys 38, 2006), so that a few columns of few values fit in one word. Long texts and many columns do
 * not fit: rows whose words are the same are then compared (order.h). */
#ifndef OCTI_SORTKEY_H
#define OCTI_SORTKEY_H

#include "runtime/frame/order.h"
#include "runtime/frame/radix.h"

enum {
    OCTI_SORTKEY_WORDS = 8,
    OCTI_SORTKEY_KNOWN = 2,      /* of these, that a sort may be given */
    OCTI_SORTKEY_COLUMNS = 16,   /* of an order; those behind are compared */
    OCTI_SORTKEY_TEXT_WORDS = 4, /* of a text, 8 bytes each */
    OCTI_SORTKEY_PARTS = 2 + OCTI_SORTKEY_TEXT_WORDS,
    OCTI_SORTKEY_PIECES = 64,
};

/* What the numbers of one part of a column have in common. */
typedef struct octi_bounds {
    uint64_t least, most, all, any; /* the last two: bits that are set in each, and in some */
} octi_bounds;

typedef struct octi_sortkey_bounds {
    octi_bounds of[OCTI_SORTKEY_COLUMNS][OCTI_SORTKEY_PARTS];
} octi_sortkey_bounds;

/* Bits of a part that are in one word. */
typedef struct octi_sortkey_piece {
    const octi_column *column;
    uint64_t turned, base, mask;
    int part, down, up;
    size_t word;
} octi_sortkey_piece;

/* Borrows the batch and the order. */
typedef struct octi_sortkey {
    octi_ordering order;
    octi_sortkey_piece pieces[OCTI_SORTKEY_PIECES];
    size_t piece_count, words;
    bool exact; /* rows of the same words are equal */
} octi_sortkey;

/* Of rows from `begin` to before `end`. */
void octi_sortkey_scan(const octi_ordering *order, size_t begin, size_t end, octi_sortkey_bounds *out);

/* Adds the bounds of other rows. */
void octi_sortkey_widen(octi_sortkey_bounds *bounds, const octi_sortkey_bounds *other);

/* For the rows that the bounds are of. */
void octi_sortkey_init(octi_sortkey *key, const octi_ordering *order, const octi_sortkey_bounds *bounds);

/* One word of each of so many rows. */
void octi_sortkey_word(const octi_sortkey *key, size_t word, octi_keyed *rows, size_t count);

/* Brings rows, which are in ascending order, in that of the key; equal ones stay as they are. `known` has
 * their first words as they come, or NULL each, or is NULL: rows that are far from each other are slow to
 * look at. */
OCT_NODISCARD oct_err octi_sortkey_sort(const octi_sortkey *key, uint32_t *rows, size_t count,
                                        const uint64_t *const known[OCTI_SORTKEY_KNOWN], oct_error *err);

#endif
