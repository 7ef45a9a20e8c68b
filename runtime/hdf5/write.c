/* Frames to HDF5 files, by way of their Arrow arrays. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oct/arrow.h"
#include "oct/hdf5.h"
#include "runtime/hdf5/file.h"
#include "runtime/hdf5/types.h"

typedef struct column {
    const char *name;
    const char *format;
    const struct ArrowArray *array;
    size_t rows;
} column;

static bool bit(const void *bits, size_t i)
{
    return !bits || ((const uint8_t *)bits)[i / 8] >> (i % 8) & 1;
}

static bool is_null(const column *c, size_t row)
{
    return !bit(c->array->buffers[0], row + (size_t)c->array->offset);
}

/* A dataset of a row each. Values are of type `memory`; both types remain the caller's. */
static oct_err put(const octi_hdf5 *h, hid_t where, const column *c, hid_t disk, hid_t memory,
                   const void *values, const char *unit, oct_error *err)
{
    hsize_t rows = c->rows;
    hid_t space = H5Screate_simple(1, &rows, NULL);
    hid_t set = H5Dcreate2(where, c->name, disk, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = set >= 0 &&
                (rows == 0 || H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) &&
                (!unit || octi_hdf5_set_unit(set, unit) >= 0);
    oct_err code = good ? OCT_OK : octi_hdf5_fail(h, "write", err);
    if (set >= 0)
        H5Dclose(set);
    H5Sclose(space);
    return code;
}

static oct_err no_memory(const column *c, oct_error *err)
{
    return oct_fail(err, OCT_E_NOMEM, "out of memory for column '%.100s'", c->name);
}

static oct_err put_numbers(const octi_hdf5 *h, const column *c, oct_error *err)
{
    const char *unit = octi_hdf5_unit_of(c->format);
    bool real = c->format[0] == 'g';
    const int64_t *from = (const int64_t *)c->array->buffers[1] + c->array->offset;
    int64_t *values = malloc((c->rows + 1) * sizeof(*values));
    const double none = NAN;
    if (!values)
        return no_memory(c, err);
    for (size_t row = 0; row < c->rows; row++) {
        values[row] = from[row];
        if (is_null(c, row))
            memcpy(&values[row], real ? (const void *)&none : (const void *)&(int64_t){0}, sizeof(none));
    }
    oct_err code = put(h, h->file, c, real ? H5T_IEEE_F64LE : H5T_STD_I64LE,
                       real ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64, values, unit, err);
    free(values);
    return code;
}

static oct_err put_bools(const octi_hdf5 *h, const column *c, oct_error *err)
{
    uint8_t *values = malloc(c->rows + 1);
    if (!values)
        return no_memory(c, err);
    for (size_t row = 0; row < c->rows; row++)
        values[row] = !is_null(c, row) && bit(c->array->buffers[1], row + (size_t)c->array->offset);
    hid_t type = octi_hdf5_bool();
    oct_err code = put(h, h->file, c, type, type, values, NULL, err);
    H5Tclose(type);
    free(values);
    return code;
}

/* Texts as C has them, one after the other in `bytes`. */
static oct_err copy_texts(const column *c, const char **texts, char *bytes, oct_error *err)
{
    const int32_t *offsets = (const int32_t *)c->array->buffers[1] + c->array->offset;
    const char *from = c->array->buffers[2];
    for (size_t row = 0; row < c->rows; row++) {
        size_t size = is_null(c, row) ? 0 : (size_t)(offsets[row + 1] - offsets[row]);
        if (size > 0 && memchr(from + offsets[row], '\0', size))
            return oct_fail(err, OCT_E_UNSUPPORTED,
                            "column '%.100s' has text with a NUL in row %zu, where HDF5's end", c->name,
                            row + 1);
        if (size > 0)
            memcpy(bytes, from + offsets[row], size);
        bytes[size] = '\0';
        texts[row] = bytes;
        bytes += size + 1;
    }
    return OCT_OK;
}

static oct_err put_texts(const octi_hdf5 *h, const column *c, oct_error *err)
{
    const int32_t *offsets = (const int32_t *)c->array->buffers[1] + c->array->offset;
    const char **texts = malloc((c->rows + 1) * sizeof(*texts));
    char *bytes = malloc((size_t)(offsets[c->rows] - offsets[0]) + c->rows + 1);
    oct_err code = texts && bytes ? copy_texts(c, texts, bytes, err) : no_memory(c, err);
    if (code == OCT_OK) {
        hid_t type = octi_hdf5_text();
        code = put(h, h->file, c, type, type, texts, NULL, err);
        H5Tclose(type);
    }
    free(texts);
    free(bytes);
    return code;
}

/* 1 where a row is null, in the group of such datasets, which is made by the first. */
static oct_err put_nulls(const octi_hdf5 *h, const column *c, oct_error *err)
{
    uint8_t *nulls = malloc(c->rows + 1);
    bool any = false;
    if (!nulls)
        return no_memory(c, err);
    for (size_t row = 0; row < c->rows; row++) {
        nulls[row] = is_null(c, row);
        any = any || nulls[row];
    }
    oct_err code = OCT_OK;
    if (any) {
        hid_t group = H5Lexists(h->file, OCTI_HDF5_NULLS, H5P_DEFAULT) > 0
                          ? H5Gopen2(h->file, OCTI_HDF5_NULLS, H5P_DEFAULT)
                          : H5Gcreate2(h->file, OCTI_HDF5_NULLS, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        code = group < 0 ? octi_hdf5_fail(h, "write", err)
                         : put(h, group, c, H5T_STD_U8LE, H5T_NATIVE_UINT8, nulls, NULL, err);
        if (group >= 0)
            H5Gclose(group);
    }
    free(nulls);
    return code;
}

static oct_err put_column(const octi_hdf5 *h, const column *c, oct_error *err)
{
    if (strchr(c->name, '/') || !*c->name || strcmp(c->name, ".") == 0 ||
        strcmp(c->name, OCTI_HDF5_NULLS) == 0) {
        oct_fail(err, OCT_E_INVALID, "a dataset of an HDF5 file cannot be called '%.100s'", c->name);
        return oct_hint(err, "give the column another name by oct_frame_select: '`%.80s` as other'", c->name);
    }
    oct_err code = c->format[0] == 'b'   ? put_bools(h, c, err)
                   : c->format[0] == 'u' ? put_texts(h, c, err)
                                         : put_numbers(h, c, err);
    return code == OCT_OK ? put_nulls(h, c, err) : code;
}

oct_err oct_hdf5_write_frame(oct_frame *frame, const char *path, oct_error *err)
{
    struct ArrowSchema schema;
    struct ArrowArray table;
    octi_hdf5 h;
    if (!path)
        return oct_fail(err, OCT_E_INVALID, "there is no path to write to");
    oct_err code = oct_frame_to_arrow(frame, &schema, &table);
    if (code != OCT_OK) {
        if (err)
            *err = *oct_last_error();
        return code;
    }
    code = octi_hdf5_create(&h, path, err);
    if (code == OCT_OK) {
        for (int64_t i = 0; code == OCT_OK && i < table.n_children; i++) {
            column c = {.name = schema.children[i]->name,
                        .format = schema.children[i]->format,
                        .array = table.children[i],
                        .rows = (size_t)table.length};
            code = put_column(&h, &c, err);
        }
        code = octi_hdf5_finish(&h, code, err);
    }
    schema.release(&schema);
    table.release(&table);
    return code;
}
