/* frame/grouping.h - which rows of a batch have the same keys.
 *
 * Keys are equal as octi_column_compare says: nulls equal each other, and so do NaNs, and both zeroes. */
#ifndef OCTI_GROUPING_H
#define OCTI_GROUPING_H

#include "runtime/frame/column.h"

/* Adds the hashes of a column's rows, from `begin` to before `end`, to those in `hash`, which begins with
 * zeroes and with the hash of the first of them. */
void octi_hash_rows(const octi_column *column, size_t begin, size_t end, uint64_t *hash);

typedef struct octi_grouping {
    uint32_t *of;    /* which group each row is in; groups are numbered as they come */
    uint32_t *first; /* the row that each group began with */
    uint64_t *hash;  /* of each group's keys, until they are divided */
    uint64_t *slots; /* see grouping.c */
    int64_t *rows;   /* how many each group has, once they are divided */
    size_t groups, slot_count;
} octi_grouping;

/* By the first `count` columns. On failure there is nothing to deinit. */
OCT_NODISCARD oct_err octi_grouping_init(octi_grouping *g, const octi_batch *keys, size_t count,
                                         oct_error *err);

/* The same for partial results, which are grouped again: where the first rows hardly have keys in common each
 * row is a group of its own, which costs no table. */
OCT_NODISCARD oct_err octi_grouping_init_partial(octi_grouping *g, const octi_batch *keys, size_t count,
                                                 oct_error *err);

void octi_grouping_deinit(octi_grouping *g);

/* Partitions of groups are by the upper bits of their hashes; slots are by the lower ones. */
enum { OCTI_PARTITION_BITS = 6, OCTI_PARTITIONS = 1 << OCTI_PARTITION_BITS };

/* Numbers the groups of so many rows in order of partition, and within one as they came; and counts their
 * rows. */
OCT_NODISCARD oct_err octi_grouping_divide(octi_grouping *g, size_t rows, oct_error *err);

/* Where partitions begin, and the last one ends, in rows that are in order of partition, one of each group.
 */
void octi_grouping_find(const octi_batch *keys, size_t count, size_t begin[OCTI_PARTITIONS + 1]);

#endif
