/* frame/windows.h - windows that go forward over rows, and the aggregates of each that are made of parts.
 *
 * Values enter and leave a window at its ends, but no aggregate is ever subtracted from: a window is the last
 * rows before some row, whose aggregates are all known, and the rows since, which are combined as they come.
 * (Two stacks: Tangwongsan, Hirzel, Schneider and Wu, "General incremental sliding-window aggregation", PVLDB
 * 8, 2015. Where windows are of as many rows each they are the blocks of van Herk, "A fast algorithm for
 * local minimum and maximum filters", 1992, and of Gil and Werman, "Computing 2-D min, median, and max
 * filters", 1993: three operations a row, and no comparison of values that a processor has to guess, which
 * the queue of a window's minima has.) So a sum is as exact behind a large value, an infinity or a NaN as
 * before: of n values it is off by at most n - 1 roundings of their magnitudes' sum (Higham, "Accuracy and
 * stability of numerical algorithms", 2002, section 4.2), whatever was in earlier windows. Whole numbers are
 * the exception: 128 bits hold the sum of any rows, from which those that leave are taken. */
#ifndef OCTI_WINDOWS_H
#define OCTI_WINDOWS_H

#include "runtime/frame/aggregate.h"

/* Window i ends with row lead + i of a batch. */
typedef struct octi_windows {
    size_t lead, count;
    uint32_t *first; /* row of each, never before that of the one before; lead + i + 1 where it has none */
} octi_windows;

/* A value for each window, of an aggregate that needs not all values at once. */
OCT_NODISCARD oct_err octi_windows_aggregate(const octi_windows *windows, const octi_item *item,
                                             const octi_batch *batch, octi_column *out, oct_error *err);

#endif
