/* bag/table.h - which row has a key, for many records at a time. */
#ifndef OCTI_TABLE_H
#define OCTI_TABLE_H

#include "runtime/bag/rows.h"

/* Zero-initialised is empty. It is of one octi_rows, whose first field has the keys, and finds what it added.
 */
typedef struct octi_table {
    struct octi_table_slot *slots;
    size_t size, count;
} octi_table;

void octi_table_deinit(octi_table *table);

/* row_of[i]: the row with the key that record i of `block` has in its first field. Keys that are new get rows
 * at the end, in the order of their first appearance, of which only the first field is set. False, and
 * rows->failed, when memory is short. */
bool octi_table_find(octi_table *table, octi_rows *rows, const octi_rows *block, uint32_t *row_of);

/* The same without adding any: UINT32_MAX where there is no row. */
void octi_table_look(const octi_table *table, const octi_rows *rows, const octi_rows *block,
                     uint32_t *row_of);

#endif
