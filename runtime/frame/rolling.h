/* frame/rolling.h - aggregates of the rows up to each row, as many or as far back as a window reaches.
 *
 * Most are made of parts (windows.h); a median, a quantile and a count of different values are of the values
 * that are in (members.h). */
#ifndef OCTI_ROLLING_H
#define OCTI_ROLLING_H

#include "runtime/frame/column.h"

typedef struct octi_rolling {
    const char *window; /* "20 rows", or a length of time */
    const char *on;     /* the column of times, in order and with nulls last; NULL for rows */
    const char *aggregates;
} octi_rolling;

/* True where a window is of rows, not of time. */
bool octi_rolling_of_rows(const char *window);

/* Rows before row `at` of a table that the windows from there on reach back to. */
OCT_NODISCARD oct_err octi_rolling_lead(const octi_rolling *rolling, const octi_batch *table, size_t at,
                                        size_t *lead, oct_error *err);

/* Replaces *batch by its rows from `lead` on, with a column more for each aggregate. Columns that are
 * borrowed may stay so. */
OCT_NODISCARD oct_err octi_rolling_run(const octi_rolling *rolling, octi_batch *batch, size_t lead,
                                       oct_error *err);

#endif
