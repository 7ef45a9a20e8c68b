/* hdf5/file.h - an HDF5 file while it is read or written: whose turn it is, and what went wrong. */
#ifndef OCTI_HDF5_FILE_H
#define OCTI_HDF5_FILE_H

#include <hdf5.h>

#include "oct/error.h"

typedef struct octi_hdf5 {
    const char *path;
    hid_t file;
    H5E_auto2_t report; /* what HDF5 does about errors, which is to print them; put back at the end */
    void *report_ctx;
} octi_hdf5;

/* From here to the end of the file it is the caller's turn. On failure there is nothing to end. */
OCT_NODISCARD oct_err octi_hdf5_open(octi_hdf5 *h, const char *path, oct_error *err);
OCT_NODISCARD oct_err octi_hdf5_create(octi_hdf5 *h, const char *path, oct_error *err);

/* Ends reading. */
void octi_hdf5_close(octi_hdf5 *h);

/* Ends writing: the file appears where code is OCT_OK, else nothing is left of it. Returns code, or why it
 * failed. */
oct_err octi_hdf5_finish(octi_hdf5 *h, oct_err code, oct_error *err);

/* Fails with the cause that HDF5 tells of its last error. */
oct_err octi_hdf5_fail(const octi_hdf5 *h, const char *verb, oct_error *err);

#endif
