/* frame/partition.h - partial groups in partitions by the hashes of their keys, each of which is merged by
 * itself.
 *
 * A group is in one partition, and its states meet in the order of the batches that bring them, as
 * octi_group_merge has it without partitions: so results are the same bits. A partition's hash table fits a
 * cache where that of all groups does not, and partitions are merged at once (turns.h). */
#ifndef OCTI_PARTITION_H
#define OCTI_PARTITION_H

#include "runtime/frame/grouping.h"
#include "runtime/frame/reduce.h"

/* Zero-initialised is valid and empty. */
typedef struct octi_partitions {
    octi_batch of[OCTI_PARTITIONS];
} octi_partitions;

/* Merges partials of a group-by, from the first to the last, with what is there. On failure some partitions
 * have them and others have not. */
OCT_NODISCARD oct_err octi_partitions_add(octi_partitions *to, oct_pool *pool, const octi_reduce *reduce,
                                          const octi_batch *partials, size_t count, oct_error *err);

void octi_partitions_deinit(octi_partitions *partitions);

#endif
