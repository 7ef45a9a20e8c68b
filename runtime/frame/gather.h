/* frame/gather.h - many rows of tables in one, on a pool. */
#ifndef OCTI_GATHER_H
#define OCTI_GATHER_H

#include "oct/pool.h"
#include "runtime/frame/column.h"

/* octi_batch_gather, in ranges of rows that are turns (turns.h). */
OCT_NODISCARD oct_err octi_batch_gather_on(oct_pool *pool, const octi_batch *from, const uint32_t *rows,
                                           size_t count, octi_batch *out, oct_error *err);

/* octi_batch_concat, the same way; at least one part. */
OCT_NODISCARD oct_err octi_batch_concat_on(oct_pool *pool, const octi_batch *parts, size_t count,
                                           octi_batch *out, oct_error *err);

#endif
