/* bag/key.h - order, equality and hashes of numbers and strings.
 *
 * A number's key is 64 bits that order as the numbers do: NaN after all others and equal to
 * itself, -0.0 equal to 0.0. Strings order by their bytes; NULL comes first. */
#ifndef OCTI_KEY_H
#define OCTI_KEY_H

#include "runtime/bag/rows.h"

/* True for what has a key: numbers of at most eight bytes, and strings. */
bool octi_field_has_key(octi_field field);

uint64_t octi_key_of(octi_field field, const void *number);

/* The keys of many, in one loop. */
void octi_keys_of(octi_field field, const void *numbers, size_t count, uint64_t *keys);

int octi_key_compare(octi_field field, const void *a, const void *b);

/* Equal keys have equal hashes; different numbers have different ones. */
uint64_t octi_key_hash(octi_field field, const void *value);
void octi_keys_hash(octi_field field, const void *values, size_t count, uint64_t *hashes);

/* Sorts records by their first field, stable. On false the rows are as they were: out of memory. */
bool octi_rows_sort(octi_rows *rows, bool descending);

/* Rows of keys and values become one row a key, in the order of their first appearance, with an array of
 * its values: the array of shape->fields[1], or for other values their bytes one after the other,
 * strings with their NUL. On false the rows are as they were: out of memory. */
bool octi_rows_group(octi_rows *rows, const octi_shape *shape);

#endif
