/* frame/correlate.h - Pearson's correlation of each pair of columns, by their means and the sums of products
 * of differences from them.
 *
 * Those of a chunk are made in two passes, and those of chunks combined as Chan, Golub and LeVeque do for
 * variances (1979) and Pebay for covariances ("Formulas for robust, one-pass parallel computation of
 * covariances and arbitrary-order statistical moments", Sandia SAND2008-6212). A row counts for a pair where
 * both have a value. A partial result is a batch with a row a pair, of the first with each from itself on,
 * and so on. */
#ifndef OCTI_CORRELATE_H
#define OCTI_CORRELATE_H

#include "runtime/frame/column.h"

/* `list` is as for select, of numbers. */
OCT_NODISCARD oct_err octi_correlate_rows(const char *list, octi_batch *batch, oct_error *err);

/* Of partial results under each other. */
OCT_NODISCARD oct_err octi_correlate_merge(const char *list, octi_batch *batch, oct_error *err);

/* The table that was asked for, of a merged result or of no rows. */
OCT_NODISCARD oct_err octi_correlate_finish(const char *list, octi_batch *batch, oct_error *err);

#endif
