/* frame/order.h - batches in order. */
#ifndef OCTI_ORDER_H
#define OCTI_ORDER_H

#include "runtime/frame/column.h"

typedef struct octi_order {
    size_t column;
    bool descending;
} octi_order;

enum { OCTI_ORDER_MOST = 16 };

/* "fare desc, vendor", at most OCTI_ORDER_MOST columns. */
OCT_NODISCARD oct_err octi_order_parse(const char *text, const octi_batch *schema,
                                       octi_order by[OCTI_ORDER_MOST], size_t *count, oct_error *err);

/* What rows have to be less than, in an order by one column of numbers, to be among the first. */
typedef struct octi_bound {
    bool known;
    uint64_t key; /* as of radix.h */
} octi_bound;

/* A stable sort, of which the first `limit` rows are returned; nulls come last in either direction. Of many
 * rows those that are not less than the bound may be missing. */
OCT_NODISCARD oct_err octi_batch_sort(const octi_batch *from, const octi_order *by, size_t count,
                                      uint64_t limit, octi_bound bound, octi_batch *out, oct_error *err);

/* The bound for rows that come after those of a batch in that order, where the first `limit` are wanted. */
octi_bound octi_order_bound(const octi_batch *sorted, const octi_order *by, size_t count, uint64_t limit);

typedef struct octi_ordering {
    const octi_batch *batch;
    const octi_order *by;
    size_t count;
} octi_ordering;

/* For qsort_r and bsearch: two numbers of rows, uint32_t, of an octi_ordering. Equal ones are in order of
 * rows. */
int octi_order_compare(const void *row, const void *other, void *ordering);

#endif
