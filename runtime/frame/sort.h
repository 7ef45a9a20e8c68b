/* frame/sort.h - many rows in order, on a pool. */
#ifndef OCTI_SORT_H
#define OCTI_SORT_H

#include "oct/pool.h"
#include "runtime/frame/order.h"

/* octi_batch_sort of all rows: by samples, in buckets that are sorted at once (Frazer and McKellar,
 * "Samplesort", 1970). Few rows are sorted in the caller, as are those of no pool (NULL), and of one whose
 * tasks do not see them and whose nodes have one worker. */
OCT_NODISCARD oct_err octi_batch_sort_on(oct_pool *pool, const octi_batch *from, const octi_order *by,
                                         size_t count, octi_batch *out, oct_error *err);

#endif
