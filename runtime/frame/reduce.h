/* frame/reduce.h - what becomes of the rows of a stage, chunk by chunk and then of all chunks.
 *
 * Each chunk is reduced where it is; what is left of several, under each other in the order of
 * the chunks, is merged again and again, and at last finished. So results depend on the order alone. What was
 * merged may tell of rows that come later that they are not needed. */
#ifndef OCTI_REDUCE_H
#define OCTI_REDUCE_H

#include "runtime/frame/order.h"

typedef enum octi_reduce_kind {
    OCTI_COLLECT,   /* the first `limit` rows, as they are */
    OCTI_GROUP,     /* by keys, to aggregates */
    OCTI_DISTINCT,  /* the first row of each combination of keys, columns; of all, where there are none */
    OCTI_TOP,       /* the first `limit` rows in the order of keys */
    OCTI_LAST,      /* the last `limit` rows */
    OCTI_CORRELATE, /* of keys with each other, numbers */
} octi_reduce_kind;

typedef struct octi_reduce {
    octi_reduce_kind kind;
    char *keys, *aggregates; /* NULL where the kind has none */
    uint64_t limit;          /* UINT64_MAX: none */
    octi_bound bound;        /* of OCTI_TOP, for the chunks that are left */
} octi_reduce;

void octi_reduce_deinit(octi_reduce *reduce);

/* Each replaces *batch. */
OCT_NODISCARD oct_err octi_reduce_rows(const octi_reduce *reduce, octi_batch *batch, oct_error *err);
OCT_NODISCARD oct_err octi_reduce_merge(const octi_reduce *reduce, octi_batch *batch, oct_error *err);
OCT_NODISCARD oct_err octi_reduce_finish(const octi_reduce *reduce, oct_pool *pool, octi_batch *batch,
                                         oct_error *err);

/* Lets what has been merged bound the rows of later chunks. */
void octi_reduce_bound(octi_reduce *reduce, const octi_batch *merged);

#endif
