/* bag/tasks.h - the library's own tasks for bags, started as any other: what they are given may be
 * futures, so that parts stay where they were made. */
#ifndef OCTI_BAG_TASKS_H
#define OCTI_BAG_TASKS_H

#include "oct/future.h"
#include "runtime/bag/part.h"
#include "runtime/bag/plan.h"

void octi_bag_part_pack(const octi_bag_part *part, oct_packer *to);
bool octi_bag_part_unpack(octi_bag_part *part, oct_unpacker *from);

/* What a pass reads; `here` is a part that is not a future, and then `a` is NULL. */
typedef struct octi_input {
    octi_source source;
    const char *path;
    oct_future *a, *b;
    octi_bag_part here;
} octi_input;

/* All return a future of the caller's, or NULL with oct_last_error. Futures that are given stay the caller's.
 */
oct_future *octi_bag_pass_start(oct_pool *pool, const octi_stage_plan *plan, const octi_input *input);
oct_future *octi_bag_piece_start(oct_pool *pool, oct_future *part, uint64_t bucket);
oct_future *octi_bag_slice_start(oct_pool *pool, oct_future *part, uint64_t begin, uint64_t end);
oct_future *octi_bag_merge_start(oct_pool *pool, const octi_sink *sink, oct_future *const *parts,
                                 size_t count);

/* Parts that are in buckets, and what becomes of the records of a bucket of all. */
typedef struct octi_gathering {
    const octi_sink *sink;
    const octi_bag_part *const *parts;
    size_t count;
} octi_gathering;

/* A bucket of all parts: only where tasks share the program's memory, in which all of this stays as it is
 * until the future has ended. */
oct_future *octi_bag_gather_start(oct_pool *pool, const octi_gathering *from, uint64_t bucket);
oct_future *octi_bag_keys_start(oct_pool *pool, oct_future *part, uint64_t most);
oct_future *octi_bag_rows_start(oct_pool *pool, oct_future *part);

#endif
