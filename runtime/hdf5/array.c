/* Arrays to HDF5 files and back. */
#include <stdlib.h>

#include "oct/hdf5.h"
#include "runtime/hdf5/file.h"

static oct_err put(const octi_hdf5 *h, const char *dataset, const double *values, size_t rows, size_t columns,
                   oct_error *err)
{
    const hsize_t shape[] = {rows, columns};
    hid_t space = H5Screate_simple(2, shape, NULL), groups = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(groups, 1);
    hid_t set = H5Dcreate2(h->file, dataset, H5T_IEEE_F64LE, space, groups, H5P_DEFAULT, H5P_DEFAULT);
    bool good = set >= 0 && (rows * columns == 0 ||
                             H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    oct_err code = good ? OCT_OK : octi_hdf5_fail(h, "write", err);
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(groups);
    H5Sclose(space);
    return code;
}

oct_err oct_hdf5_write_array(oct_array *array, const char *path, const char *dataset, oct_error *err)
{
    octi_hdf5 h;
    if (!array || !path || !dataset || !*dataset)
        return oct_fail(err, OCT_E_INVALID, "there is no %s",
                        !array  ? "array"
                        : !path ? "path"
                                : "dataset to write");
    size_t rows = oct_array_rows(array), columns = oct_array_columns(array);
    double *values = calloc(rows * columns + 1, sizeof(*values));
    if (!values)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu x %zu doubles", rows, columns);
    oct_err code = oct_array_gather(array, values);
    if (code != OCT_OK && err)
        *err = *oct_last_error();
    if (code == OCT_OK && (code = octi_hdf5_create(&h, path, err)) == OCT_OK) {
        code = put(&h, dataset, values, rows, columns, err);
        code = octi_hdf5_finish(&h, code, err);
    }
    free(values);
    return code;
}

static oct_err fetch(const octi_hdf5 *h, hid_t set, const char *dataset, double **out, hsize_t shape[2],
                     oct_error *err)
{
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    int dimensions = H5Sget_simple_extent_ndims(space);
    bool numbers = H5Tget_class(type) == H5T_FLOAT || H5Tget_class(type) == H5T_INTEGER;
    bool fits = numbers && (dimensions == 1 || dimensions == 2);
    oct_err code = OCT_OK;
    shape[1] = 1;
    if (!fits || H5Sget_simple_extent_dims(space, shape, NULL) < 0)
        code = oct_fail(err, OCT_E_TYPE, "'%.100s' of '%s' is not of numbers in one or two dimensions",
                        dataset, h->path);
    double *values = code == OCT_OK ? calloc((size_t)(shape[0] * shape[1]) + 1, sizeof(*values)) : NULL;
    if (code == OCT_OK && !values)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %llu x %llu doubles",
                        (unsigned long long)shape[0], (unsigned long long)shape[1]);
    if (code == OCT_OK && shape[0] * shape[1] > 0 &&
        H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        code = octi_hdf5_fail(h, "read", err);
    H5Tclose(type);
    H5Sclose(space);
    if (code != OCT_OK)
        free(values);
    else
        *out = values;
    return code;
}

oct_err oct_hdf5_read_array(const char *path, const char *dataset, double **values, size_t *rows,
                            size_t *columns, oct_error *err)
{
    octi_hdf5 h;
    hsize_t shape[2] = {0};
    if (!path || !dataset)
        return oct_fail(err, OCT_E_INVALID, "there is no %s", path ? "dataset to read" : "path");
    oct_err code = octi_hdf5_open(&h, path, err);
    if (code != OCT_OK)
        return code;
    hid_t set = H5Dopen2(h.file, dataset, H5P_DEFAULT);
    code = set < 0 ? oct_fail(err, OCT_E_NOTFOUND, "'%s' has no dataset '%.100s'", path, dataset)
                   : fetch(&h, set, dataset, values, shape, err);
    if (set >= 0)
        H5Dclose(set);
    octi_hdf5_close(&h);
    if (code == OCT_OK) {
        *rows = shape[0];
        *columns = shape[1];
    }
    return code;
}
