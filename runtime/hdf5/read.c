/* Datasets of HDF5 files as frames, by way of Arrow arrays. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oct/arrow.h"
#include "oct/hdf5.h"
#include "runtime/hdf5/file.h"
#include "runtime/hdf5/types.h"

/* A column that was read, as Arrow has it. */
typedef struct loaded {
    char *name;
    const char *format;
    size_t rows;
    uint8_t *valid; /* bits; NULL: no row is null */
    void *values;   /* bits of bools, offsets of text */
    char *text;
    const void *buffers[3];
} loaded;

typedef struct reading {
    octi_hdf5 file;
    loaded *columns;
    size_t count;
    bool named; /* a dataset that is no column is an error */
} reading;

static void loaded_deinit(loaded *c)
{
    free(c->name);
    free(c->valid);
    free(c->values);
    free(c->text);
}

static oct_err no_memory(const loaded *c, oct_error *err)
{
    return oct_fail(err, OCT_E_NOMEM, "out of memory for column '%.100s'", c->name);
}

static oct_err fetch(const octi_hdf5 *h, hid_t set, hid_t memory, void *to, size_t rows, oct_error *err)
{
    bool good = rows == 0 || H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
    return good ? OCT_OK : octi_hdf5_fail(h, "read", err);
}

/* Bits, set where a byte is `wanted`. */
static uint8_t *bits_of(const uint8_t *bytes, size_t rows, uint8_t wanted)
{
    uint8_t *bits = calloc(rows / 8 + 1, 1);
    for (size_t i = 0; bits && i < rows; i++)
        bits[i / 8] |= (uint8_t)((bytes[i] == wanted) << (i % 8));
    return bits;
}

static oct_err get_bytes(const octi_hdf5 *h, hid_t set, hid_t memory, uint8_t wanted, const loaded *c,
                         void **bits, oct_error *err)
{
    uint8_t *bytes = malloc(c->rows + 1);
    oct_err code = bytes ? fetch(h, set, memory, bytes, c->rows, err) : no_memory(c, err);
    if (code == OCT_OK && !(*bits = bits_of(bytes, c->rows, wanted)))
        code = no_memory(c, err);
    free(bytes);
    return code;
}

static oct_err get_bools(const octi_hdf5 *h, hid_t set, loaded *c, oct_error *err)
{
    hid_t type = octi_hdf5_bool();
    oct_err code = get_bytes(h, set, type, 1, c, &c->values, err);
    H5Tclose(type);
    c->format = "b";
    return code;
}

/* Unsigned numbers of 64 bits are those that may not fit. */
static oct_err get_numbers(const octi_hdf5 *h, hid_t set, hid_t disk, loaded *c, oct_error *err)
{
    bool real = H5Tget_class(disk) == H5T_FLOAT;
    bool large = !real && H5Tget_sign(disk) == H5T_SGN_NONE && H5Tget_size(disk) >= 8;
    const char *times = real ? NULL : octi_hdf5_format_of(set);
    c->format = real ? "g" : times ? times : "l";
    c->values = malloc((c->rows + 1) * 8);
    if (!c->values)
        return no_memory(c, err);
    oct_err code = fetch(h, set,
                         real    ? H5T_NATIVE_DOUBLE
                         : large ? H5T_NATIVE_UINT64
                                 : H5T_NATIVE_INT64,
                         c->values, c->rows, err);
    for (size_t i = 0; code == OCT_OK && large && i < c->rows; i++)
        if (((int64_t *)c->values)[i] < 0)
            code = oct_fail(err, OCT_E_UNSUPPORTED, "'%.100s' has %llu in row %zu, more than an int64 holds",
                            c->name, ((unsigned long long *)c->values)[i], i + 1);
    return code;
}

static oct_err join_texts(char *const *texts, loaded *c, oct_error *err)
{
    size_t size = 0;
    for (size_t i = 0; i < c->rows; i++)
        size += texts[i] ? strlen(texts[i]) : 0;
    if (size > INT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "column '%.100s' has %zu bytes of text, the limit is 2 GiB",
                        c->name, size);
    int32_t *offsets = malloc((c->rows + 1) * sizeof(*offsets));
    c->values = offsets;
    c->text = malloc(size + 1);
    if (!offsets || !c->text)
        return no_memory(c, err);
    offsets[0] = 0;
    for (size_t i = 0; i < c->rows; i++) {
        size_t length = texts[i] ? strlen(texts[i]) : 0;
        if (length > 0)
            memcpy(c->text + offsets[i], texts[i], length);
        offsets[i + 1] = offsets[i] + (int32_t)length;
    }
    return OCT_OK;
}

/* Text of a fixed size as well: HDF5 does not convert one into the other, so it is cut into texts here. */
static oct_err get_fixed_texts(const octi_hdf5 *h, hid_t set, hid_t disk, loaded *c, oct_error *err)
{
    size_t size = H5Tget_size(disk);
    bool spaces = H5Tget_strpad(disk) == H5T_STR_SPACEPAD;
    char *bytes = malloc(c->rows * (size + 1) + 1), **texts = malloc((c->rows + 1) * sizeof(*texts));
    oct_err code = bytes && texts ? fetch(h, set, disk, bytes, c->rows, err) : no_memory(c, err);
    for (size_t i = c->rows;
         code == OCT_OK && i-- > 0;) { /* from the last, to make room for a NUL after each */
        texts[i] = memmove(bytes + i * (size + 1), bytes + i * size, size);
        size_t length = strnlen(texts[i], size);
        while (spaces && length > 0 && texts[i][length - 1] == ' ')
            length--;
        texts[i][length] = '\0';
    }
    if (code == OCT_OK)
        code = join_texts(texts, c, err);
    free(bytes);
    free(texts);
    return code;
}

static oct_err get_texts(const octi_hdf5 *h, hid_t set, hid_t disk, loaded *c, oct_error *err)
{
    c->format = "u";
    if (H5Tis_variable_str(disk) <= 0)
        return get_fixed_texts(h, set, disk, c, err);
    char **texts = calloc(c->rows + 1, sizeof(*texts));
    hid_t type = H5Tcopy(disk), space = H5Dget_space(set);
    oct_err code = texts ? fetch(h, set, type, texts, c->rows, err) : no_memory(c, err);
    if (code == OCT_OK) {
        code = join_texts(texts, c, err);
        if (c->rows > 0)
            H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
    }
    H5Sclose(space);
    H5Tclose(type);
    free(texts);
    return code;
}

static oct_err get_nulls(const octi_hdf5 *h, loaded *c, oct_error *err)
{
    char path[1100];
    if (H5Lexists(h->file, OCTI_HDF5_NULLS, H5P_DEFAULT) <= 0 ||
        snprintf(path, sizeof(path), "%s/%s", OCTI_HDF5_NULLS, c->name) >= (int)sizeof(path) ||
        H5Lexists(h->file, path, H5P_DEFAULT) <= 0)
        return OCT_OK;
    hid_t set = H5Dopen2(h->file, path, H5P_DEFAULT);
    if (set < 0)
        return octi_hdf5_fail(h, "read", err);
    hid_t space = H5Dget_space(set);
    void *valid = NULL;
    oct_err code =
        H5Sget_simple_extent_npoints(space) == (hssize_t)c->rows
            ? get_bytes(h, set, H5T_NATIVE_UINT8, 0, c, &valid, err)
            : oct_fail(err, OCT_E_INVALID, "'%s' does not say for each row of '%.100s' whether it is null",
                       h->path, c->name);
    c->valid = valid;
    H5Sclose(space);
    H5Dclose(set);
    return code;
}

/* *is is false where the dataset cannot be a column. */
static oct_err get_values(const octi_hdf5 *h, hid_t set, loaded *c, bool *is, oct_error *err)
{
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    H5T_class_t class = H5Tget_class(type);
    bool numbers = class == H5T_INTEGER || class == H5T_FLOAT;
    oct_err code = OCT_OK;
    *is =
        H5Sget_simple_extent_ndims(space) == 1 && (numbers || class == H5T_STRING || octi_hdf5_is_bool(type));
    c->rows = *is ? (size_t)H5Sget_simple_extent_npoints(space) : 0;
    if (*is && numbers)
        code = get_numbers(h, set, type, c, err);
    else if (*is && class == H5T_STRING)
        code = get_texts(h, set, type, c, err);
    else if (*is)
        code = get_bools(h, set, c, err);
    H5Tclose(type);
    H5Sclose(space);
    return code == OCT_OK && *is ? get_nulls(h, c, err) : code;
}

static oct_err keep(reading *r, loaded *c, oct_error *err)
{
    if (r->count > 0 && r->columns[0].rows != c->rows)
        return oct_fail(err, OCT_E_INVALID,
                        "'%.60s' has %zu rows, and '%.60s' %zu: name columns of one length",
                        r->columns[0].name, r->columns[0].rows, c->name, c->rows);
    loaded *columns = realloc(r->columns, (r->count + 1) * sizeof(*columns));
    if (!columns)
        return no_memory(c, err);
    r->columns = columns;
    columns[r->count++] = *c;
    *c = (loaded){0};
    return OCT_OK;
}

static oct_err load(reading *r, const char *name, oct_error *err)
{
    const octi_hdf5 *h = &r->file;
    loaded c = {.name = strdup(name)};
    if (!c.name)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for column '%.100s'", name);
    bool is = false;
    hid_t set =
        H5Lexists(h->file, name, H5P_DEFAULT) > 0 ? H5Dopen2(h->file, name, H5P_DEFAULT) : H5I_INVALID_HID;
    oct_err code = set < 0 ? OCT_OK : get_values(h, set, &c, &is, err);
    if (code == OCT_OK && is)
        code = keep(r, &c, err);
    else if (code == OCT_OK && r->named && set < 0)
        code = oct_fail(err, OCT_E_NOTFOUND, "'%s' has no dataset '%.100s'", h->path, name);
    else if (code == OCT_OK && r->named)
        code = oct_fail(err, OCT_E_TYPE,
                        "'%.100s' of '%s' is no column: of one dimension, of numbers, text or bools", name,
                        h->path);
    if (set >= 0)
        H5Dclose(set);
    loaded_deinit(&c);
    return code;
}

static oct_err load_named(reading *r, const char *columns, oct_error *err)
{
    char *copy = strdup(columns), *save = NULL;
    oct_err code = copy ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
    r->named = true;
    for (char *name = copy ? strtok_r(copy, ",", &save) : NULL; code == OCT_OK && name;
         name = strtok_r(NULL, ",", &save)) {
        name += strspn(name, " ");
        size_t size = strlen(name);
        while (size > 0 && name[size - 1] == ' ')
            name[--size] = '\0';
        code = load(r, name, err);
    }
    free(copy);
    return code;
}

/* In the order in which they were made, where the file knows it, else by name. */
static oct_err load_all(reading *r, oct_error *err)
{
    hid_t root = H5Gopen2(r->file.file, "/", H5P_DEFAULT), how = H5Gget_create_plist(root);
    unsigned tracked = 0;
    H5Pget_link_creation_order(how, &tracked);
    H5Pclose(how);
    H5Gclose(root);
    H5_index_t by = tracked & H5P_CRT_ORDER_INDEXED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    H5G_info_t info;
    oct_err code = H5Gget_info(r->file.file, &info) < 0 ? octi_hdf5_fail(&r->file, "read", err) : OCT_OK;
    for (hsize_t i = 0; code == OCT_OK && i < info.nlinks; i++) {
        char name[1024];
        ssize_t size =
            H5Lget_name_by_idx(r->file.file, ".", by, H5_ITER_INC, i, name, sizeof(name), H5P_DEFAULT);
        if (size < 0)
            code = octi_hdf5_fail(&r->file, "read", err);
        else if ((size_t)size < sizeof(name))
            code = load(r, name, err);
    }
    if (code == OCT_OK && r->count == 0)
        code = oct_fail(err, OCT_E_INVALID, "'%s' has no dataset that could be a column", r->file.path);
    return code;
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

/* The frame copies all of it. */
static oct_frame *import(oct_pool *pool, reading *r)
{
    struct ArrowSchema *about = calloc(r->count, sizeof(*about)),
                       **abouts = calloc(r->count, sizeof(struct ArrowSchema *));
    struct ArrowArray *arrays = calloc(r->count, sizeof(*arrays)),
                      **all = calloc(r->count, sizeof(struct ArrowArray *));
    const void *none[1] = {NULL};
    int64_t count = (int64_t)r->count;
    struct ArrowSchema schema = {
        .format = "+s", .n_children = count, .children = abouts, .release = release_schema};
    struct ArrowArray array = {.length = (int64_t)r->columns[0].rows,
                               .n_buffers = 1,
                               .buffers = none,
                               .n_children = count,
                               .children = all,
                               .release = release_array};
    oct_frame *frame = NULL;
    for (size_t i = 0; about && abouts && arrays && all && i < r->count; i++) {
        loaded *c = &r->columns[i];
        const void *buffers[] = {c->valid, c->values, c->text};
        memcpy(c->buffers, buffers, sizeof(buffers));
        about[i] = (struct ArrowSchema){
            .format = c->format, .name = c->name, .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
        arrays[i] = (struct ArrowArray){.length = (int64_t)c->rows,
                                        .null_count = c->valid ? -1 : 0,
                                        .n_buffers = c->text ? 3 : 2,
                                        .buffers = c->buffers,
                                        .release = release_array};
        abouts[i] = &about[i];
        all[i] = &arrays[i];
    }
    if (about && abouts && arrays && all)
        frame = oct_frame_from_arrow(pool, &schema, &array);
    free(about);
    free(abouts);
    free(arrays);
    free(all);
    return frame;
}

oct_frame *oct_hdf5_read_frame(oct_pool *pool, const char *path, const char *columns, oct_error *err)
{
    reading r = {0};
    oct_frame *frame = NULL;
    if (!pool || !path) {
        oct_fail(err, OCT_E_INVALID, "there is no %s", pool ? "path" : "pool");
        return NULL;
    }
    if (octi_hdf5_open(&r.file, path, err) != OCT_OK)
        return NULL;
    oct_err code = columns ? load_named(&r, columns, err) : load_all(&r, err);
    octi_hdf5_close(&r.file);
    if (code == OCT_OK && r.count > 0 && !(frame = import(pool, &r)) && err)
        *err = *oct_last_error();
    for (size_t i = 0; i < r.count; i++)
        loaded_deinit(&r.columns[i]);
    free(r.columns);
    return frame;
}
