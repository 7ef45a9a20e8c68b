/* array/reduce.h - sums, means and extremes in parts.
 *
 * A part has `count` results: of a sum or a mean their values and then, as many, the rounding errors that
 * were made so far (Knuth's TwoSum; Ogita, Rump and Oishi, "Accurate sum and dot product", 2005, Sum2); of an
 * extreme its values. */
#ifndef OCTI_ARRAY_REDUCE_H
#define OCTI_ARRAY_REDUCE_H

#include "runtime/array/program.h"

typedef struct octi_array_part {
    uint32_t kind;
    size_t count;
    double *values;
    double *errors; /* NULL of extremes */
} octi_array_part;

/* Doubles in a part of so many results. */
size_t octi_array_part_size(uint32_t kind, size_t count);

/* A part over memory of that size; begun where it is to be filled. */
octi_array_part octi_array_part_over(uint32_t kind, size_t count, double *memory);
void octi_array_part_begin(octi_array_part *part);

/* Results first to first + count - 1 each take the next element. */
void octi_array_part_add_each(octi_array_part *part, size_t first, const double *x, size_t count);

/* One result takes a block of at most OCTI_ARRAY_BLOCK elements. */
void octi_array_part_add_block(octi_array_part *part, size_t at, const double *x, size_t count);

/* All results of another part. */
void octi_array_part_merge(octi_array_part *part, const octi_array_part *other);

/* Its values become the results; the errors are used up. */
void octi_array_part_finish(octi_array_part *part, uint64_t elements);

#endif
