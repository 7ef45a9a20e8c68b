/* oct/hdf5.h - frames and arrays as HDF5 files, which h5py, MATLAB, R and others read and write too.
 *
 *   oct_error err = OCT_ERROR_INIT;
 *   if (oct_hdf5_write_frame(days, "days.h5", &err) != OCT_OK)
 *       fprintf(stderr, "%s\n", err.what);
 *
 * In a library of its own, so that programs without such files need no HDF5: link with -loctavo-hdf5, in
 * Bazel with //runtime/hdf5. A column of a frame is a dataset of one dimension under its name, in the order
 * of columns: int64, double, bool (h5py's enumeration), text as UTF-8 of variable length. Dates and
 * timestamps are int64 whose attribute "unit" is "milliseconds since 1970-01-01" or "microseconds since
 * 1970-01-01". Where rows are null, the group "_nulls" has a dataset of the column's name, 1 for each null,
 * and the value is 0, NaN or "". An array is a dataset of two dimensions.
 *
 * Debian's HDF5 is not for several threads: any thread may call these functions, they take turns; a program
 * that calls HDF5 itself does so at other times. All of a file is read and written in the program, whatever
 * the pool; writing takes twice its size in memory. */
#ifndef OCT_HDF5_H
#define OCT_HDF5_H

#include "oct/array.h"
#include "oct/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Computes the frame and writes a file, which appears under its name when it is complete. OCT_E_INVALID for
 * columns called "_nulls", "." or with a '/', OCT_E_UNSUPPORTED for text with a NUL, OCT_E_DENIED,
 * OCT_E_NOTFOUND, OCT_E_EXHAUSTED (disk full), OCT_E_IO, and what computing fails with. */
OCT_API oct_err oct_hdf5_write_frame(oct_frame *frame, const char *path, oct_error *err);

/* A computed frame of the datasets of a file, whoever wrote it: those that `columns` names, "open, close", or
 * where it is NULL all that can be columns: one dimension, of integers, floats, text or booleans.
 * OCT_E_NOTFOUND, OCT_E_DENIED; OCT_E_TYPE for a dataset that is named but no column, OCT_E_INVALID where
 * they are not of the same length, there are none, or the file is none of HDF5; OCT_E_UNSUPPORTED for
 * integers that do not fit. */
OCT_API oct_frame *oct_hdf5_read_frame(oct_pool *pool, const char *path, const char *columns, oct_error *err);

/* The same of an array and the dataset that it is, "/matrix"; missing groups are made. */
OCT_API oct_err oct_hdf5_write_array(oct_array *array, const char *path, const char *dataset, oct_error *err);

/* A dataset of numbers with two dimensions, or one, which is a column: row by row, as oct_array_from takes
 * them. The caller frees *values, when no array is computed of them any more. */
OCT_API oct_err oct_hdf5_read_array(const char *path, const char *dataset, double **values, size_t *rows,
                                    size_t *columns, oct_error *err);

#ifdef __cplusplus
}
#endif
#endif
