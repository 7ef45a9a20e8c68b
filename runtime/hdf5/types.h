/* hdf5/types.h - what columns are in HDF5. Types belong to the caller, who closes them. */
#ifndef OCTI_HDF5_TYPES_H
#define OCTI_HDF5_TYPES_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

#define OCTI_HDF5_NULLS "_nulls"

/* h5py's: an enumeration of FALSE and TRUE, a byte. */
hid_t octi_hdf5_bool(void);
bool octi_hdf5_is_bool(hid_t type);

/* UTF-8 of variable length. */
hid_t octi_hdf5_text(void);

/* The unit of a column of times by its Arrow format, and back; NULL of others. */
const char *octi_hdf5_unit_of(const char *format);
const char *octi_hdf5_format_of(hid_t dataset);

herr_t octi_hdf5_set_unit(hid_t dataset, const char *unit);

#endif
