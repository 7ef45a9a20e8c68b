/* bag/json.h - records as lines of JSON: numbers, strings, null for NULL, NaN and infinities; arrays of
 * numbers as arrays; a record of several fields as an array of them. Structs and bytes have no
 * such form. */
#ifndef OCTI_BAG_JSON_H
#define OCTI_BAG_JSON_H

#include "runtime/bag/rows.h"

bool octi_json_can(const octi_shape *shape);

/* A string for each record of the block, as the first field of out. */
void octi_json_lines(const octi_rows *block, octi_rows *out);

#endif
