/* frame/rolling.h - aggregates of the rows up to each row, as many or as far back as a window reaches.
 *
 * Values enter and leave a window at its ends, but no aggregate is ever subtracted from: a window is a
 * suffix of the rows before some row, whose aggregates are all known, and the rows since, which are
 * combined as they come (the two stacks of Tangwongsan, Hirzel, Schneider and Wu, "General incremental
 * sliding-window aggregation", PVLDB 8, 2015). So a sum is as exact behind a large value, or a NaN, as
 * before. A median, a quantile and a count of different values are of those that are in (members.h). */
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

/* Replaces *batch by its rows from `lead` on, with a column more for each aggregate. */
OCT_NODISCARD oct_err octi_rolling_run(const octi_rolling *rolling, octi_batch *batch, size_t lead,
                                       oct_error *err);

#endif
