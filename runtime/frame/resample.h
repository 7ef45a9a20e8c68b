/* frame/resample.h - stretches of time without rows, between those that have some. */
#ifndef OCTI_RESAMPLE_H
#define OCTI_RESAMPLE_H

#include "runtime/frame/column.h"

/* Replaces *batch, whose first column is where stretches of `every` begin, ascending and without nulls, by
 * one with all from the first to the last. What `aggregates` counts is 0 in those that are added, all else
 * null. OCT_E_EXHAUSTED where there would be more than 50 million. */
OCT_NODISCARD oct_err octi_resample_fill(octi_batch *batch, const char *every, const char *aggregates,
                                         oct_error *err);

#endif
