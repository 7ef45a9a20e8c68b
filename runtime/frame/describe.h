/* frame/describe.h - a row for each column of numbers, of aggregates that one group-by makes. */
#ifndef OCTI_DESCRIBE_H
#define OCTI_DESCRIBE_H

#include "runtime/frame/column.h"

/* The aggregates of all columns of numbers, for the caller to free; OCT_E_TYPE where there are none. */
OCT_NODISCARD oct_err octi_describe_aggregates(const octi_batch *schema, char **out, oct_error *err);

/* column, count, mean, std, min, max; of no rows. */
OCT_NODISCARD oct_err octi_describe_schema(octi_batch *schema, oct_error *err);

/* Turns the group-by's row on its side; without a row, nothing was counted. */
OCT_NODISCARD oct_err octi_describe(const octi_batch *row, octi_batch *out, oct_error *err);

#endif
