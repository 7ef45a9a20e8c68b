/* frame/join.h - rows of a batch beside those of a table with the same keys.
 *
 * The table, which is the right side, is hashed once; then it travels with the stage to whoever
 * has rows of the left side. Nulls have no match, as in SQL. */
#ifndef OCTI_JOIN_H
#define OCTI_JOIN_H

#include "oct/pool.h"
#include "runtime/frame/column.h"

typedef struct octi_join {
    oct_join_kind kind; /* not outer, which is made of two others */
    char *on;           /* columns that both have, separated by commas */
    octi_batch table;
    uint32_t *slots; /* a row of the table + 1, the first of those with its hash; or 0 */
    uint32_t *next;  /* the row after + 1, for each row; or 0 */
    size_t slot_count;
} octi_join;

/* The table moves into the join, also on failure. A large one is hashed in partitions of slots at once, which
 * are turns (turns.h). */
OCT_NODISCARD oct_err octi_join_init(octi_join *join, oct_pool *pool, oct_join_kind kind, const char *on,
                                     octi_batch *table, oct_error *err);
void octi_join_deinit(octi_join *join);

/* *batch is replaced. In the order of its rows, and of the table's where several match. OCT_E_NOTFOUND,
 * OCT_E_TYPE where keys have other types, OCT_E_INVALID where both have a column that is no key. */
OCT_NODISCARD oct_err octi_join_run(const octi_join *join, octi_batch *batch, oct_error *err);

void octi_join_pack(const octi_join *join, oct_packer *to);
bool octi_join_unpack(octi_join *join, oct_unpacker *from);

#endif
