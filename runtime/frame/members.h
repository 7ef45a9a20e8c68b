/* frame/members.h - which values are in a window, for aggregates that need them all: median, quantile and
 * nunique.
 *
 * Values that are in are counted by their rank in a tree of sums (Fenwick, "A new data structure for
 * cumulative frequency tables", 1994), or each by itself where different ones are counted: what enters or
 * leaves, and which is in the middle, takes a step for each bit of the number of rows, however many are in.
 */
#ifndef OCTI_MEMBERS_H
#define OCTI_MEMBERS_H

#include "runtime/frame/aggregate.h"

typedef struct octi_members {
    bool different; /* nunique */
    uint32_t *of;   /* each row's rank from 1 on, or its value's number (members.c) */
    uint32_t *in;   /* sums of the tree, or how many rows with each value there are */
    double *sorted;
    size_t size;        /* of `in` and `sorted`: ranks */
    size_t count, nans; /* that are in: numbers, or different values; NaNs, of numbers */
} octi_members;

/* None of a column's rows is in. The column is one of doubles, or any where different values are counted. On
 * failure there is nothing to deinit. */
OCT_NODISCARD oct_err octi_members_init(octi_members *members, octi_aggregate a, const octi_column *column,
                                        size_t rows, oct_error *err);
void octi_members_deinit(octi_members *members);

/* A row enters, which is not in, or leaves, which is. Nulls do neither. */
void octi_members_add(octi_members *members, size_t row);
void octi_members_remove(octi_members *members, size_t row);

/* As octi_values_quantile has it; of at least one number or NaN. */
double octi_members_quantile(const octi_members *members, double q);

#endif
