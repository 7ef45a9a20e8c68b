/* frame/group.h - group-by: states of aggregates, made of rows, merged, and finished.
 *
 * A partial result is a batch: the keys of each group, in order of partition (grouping.h) and then as they
 * came, and for each aggregate up to three columns, the count of values, the value, and for variances the sum
 * of squared differences from the mean. Partials of any number of batches under each other are merged by
 * grouping their rows again, from the first to the last, so that results depend on the order alone. */
#ifndef OCTI_GROUP_H
#define OCTI_GROUP_H

#include "oct/pool.h"
#include "runtime/frame/expr.h"

typedef struct octi_group {
    octi_items keys;
    octi_items aggregates; /* calls */
    oct_pool *pool;        /* that many groups are ordered on; NULL, as it is parsed: in the caller */
} octi_group;

OCT_NODISCARD oct_err octi_group_parse(const char *keys, const char *aggregates, octi_group *out,
                                       oct_error *err);
void octi_group_deinit(octi_group *group);

OCT_NODISCARD oct_err octi_group_rows(const octi_group *group, const octi_batch *rows, octi_batch *partial,
                                      oct_error *err);

/* The first columns of a partial, which are its keys. */
size_t octi_group_key_count(const octi_group *group, const octi_batch *partial);

/* Replaces *partials; where no group has two rows and they are in their order, by nothing else. */
OCT_NODISCARD oct_err octi_group_merge(const octi_group *group, octi_batch *partials, oct_error *err);

/* The table that was asked for, ordered by keys. */
OCT_NODISCARD oct_err octi_group_finish(const octi_group *group, const octi_batch *merged, octi_batch *out,
                                        oct_error *err);

#endif
