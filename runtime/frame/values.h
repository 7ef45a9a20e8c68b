/* frame/values.h - aggregates that need every value of a group, or every different one.
 *
 * Until they are finished the values of a group are the bytes of a string: doubles one after the other, or of
 * those that are counted once each its size, four bytes, and its own bytes. So they travel, and stand under
 * each other, as any column. */
#ifndef OCTI_VALUES_H
#define OCTI_VALUES_H

#include "runtime/frame/grouping.h"

/* The values of a column of doubles, or the different values of any, by group; nulls are left out.
 * OCT_E_EXHAUSTED beyond 2 GiB. */
OCT_NODISCARD oct_err octi_values_of(const octi_column *column, const octi_batch *rows,
                                     const octi_grouping *g, bool different, octi_column *out,
                                     oct_error *err);

/* The same of what it made, for rows of groups again. */
OCT_NODISCARD oct_err octi_values_merge(const octi_column *values, size_t rows, const octi_grouping *g,
                                        bool different, octi_column *out, oct_error *err);

/* How many there are in a row. */
int64_t octi_values_count(const octi_column *values, size_t row, bool different);

/* The value that is so far, 0 to 1, from one value to the next. */
static inline double octi_values_between(double below, double above, double part)
{
    return below == above ? below : below * (1 - part) + above * part;
}

/* Between the two values at (count - 1) * q of the ascending ones, as far as that is (Hyndman and Fan,
 * "Sample quantiles in statistical packages", 1996, type 7); NaN where one is NaN. Moves the row's
 * values on the way. */
double octi_values_quantile(octi_column *values, size_t row, double q);

#endif
