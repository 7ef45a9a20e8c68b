/* Arrow arrays as frames. Another's buffers may be sliced, narrow, and not padded: they are copied. */
#include <stdlib.h>
#include <string.h>

#include "oct/arrow.h"
#include "runtime/exec/failure.h"
#include "runtime/frame/frame.h"

/* How a format's values become a column's. */
typedef struct conversion {
    const char *format; /* all of it, or up to a time zone */
    oct_column_type type;
    size_t width;     /* bytes of a value; of a string, of an offset; 0: bits */
    char kind;        /* i(nteger), u(nsigned), f(loat), b(ool), s(tring) */
    int64_t multiply; /* to milliseconds of dates and microseconds of timestamps */
    int64_t divide;
} conversion;

static const conversion conversions[] = {
    {"c", OCT_INT64, 1, 'i', 1, 1},
    {"C", OCT_INT64, 1, 'u', 1, 1},
    {"s", OCT_INT64, 2, 'i', 1, 1},
    {"S", OCT_INT64, 2, 'u', 1, 1},
    {"i", OCT_INT64, 4, 'i', 1, 1},
    {"I", OCT_INT64, 4, 'u', 1, 1},
    {"l", OCT_INT64, 8, 'i', 1, 1},
    {"L", OCT_INT64, 8, 'u', 1, 1},
    {"f", OCT_DOUBLE, 4, 'f', 1, 1},
    {"g", OCT_DOUBLE, 8, 'f', 1, 1},
    {"b", OCT_BOOL, 0, 'b', 1, 1},
    {"u", OCT_STRING, 4, 's', 1, 1},
    {"U", OCT_STRING, 8, 's', 1, 1},
    {"tdD", OCT_DATE, 4, 'i', 86400000, 1},
    {"tdm", OCT_DATE, 8, 'i', 1, 1},
    {"tss:", OCT_TIMESTAMP, 8, 'i', 1000000, 1},
    {"tsm:", OCT_TIMESTAMP, 8, 'i', 1000, 1},
    {"tsu:", OCT_TIMESTAMP, 8, 'i', 1, 1},
    {"tsn:", OCT_TIMESTAMP, 8, 'i', 1, 1000},
};

static const conversion *find_conversion(const char *format)
{
    for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
        const char *known = conversions[i].format;
        size_t size = strlen(known);
        if (known[size - 1] == ':' ? strncmp(format, known, size) == 0 : strcmp(format, known) == 0)
            return &conversions[i];
    }
    return NULL;
}

static bool bit(const void *bits, size_t i)
{
    return ((const uint8_t *)bits)[i / 8] >> (i % 8) & 1;
}

static int64_t integer_at(const void *values, size_t i, size_t width, bool is_unsigned)
{
    uint64_t value = 0;
    for (size_t b = 0; b < width; b++) /* Arrow's order is the machine's; ours is little-endian */
        value |= (uint64_t)((const uint8_t *)values)[i * width + b] << (8 * b);
    unsigned shift = 64 - 8 * (unsigned)width;
    return is_unsigned ? (int64_t)value : (int64_t)(value << shift) >> shift;
}

static double real_at(const void *values, size_t i, size_t width)
{
    float narrow;
    double wide;
    if (width == sizeof(wide)) {
        memcpy(&wide, (const char *)values + i * sizeof(wide), sizeof(wide));
        return wide;
    }
    memcpy(&narrow, (const char *)values + i * sizeof(narrow), sizeof(narrow));
    return narrow;
}

/* Towards minus infinity, so that a moment before 1970 stays in its microsecond. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* False where a value does not fit. */
static bool import_value(const conversion *c, const void *values, size_t at, octi_column *column, size_t row)
{
    if (c->kind == 'f') {
        column->doubles[row] = real_at(values, at, c->width);
        return true;
    }
    if (c->kind == 'b') {
        column->bools[row] = bit(values, at);
        return true;
    }
    int64_t value = integer_at(values, at, c->width, c->kind == 'u');
    bool fits = !(c->kind == 'u' && value < 0);
    if (c->divide > 1)
        value = floor_div(value, c->divide);
    return fits && !__builtin_mul_overflow(value, c->multiply, &column->ints[row]);
}

typedef struct view {
    const struct ArrowArray *array;
    const conversion *how;
    size_t begin, rows; /* of the child's buffers */
    const char *name;
} view;

static oct_err import_text(const view *v, octi_column *out, oct_error *err)
{
    const void *offsets = v->array->buffers[1];
    size_t width = v->how->width;
    int64_t start = v->rows ? integer_at(offsets, v->begin, width, false) : 0;
    int64_t end = v->rows ? integer_at(offsets, v->begin + v->rows, width, false) : 0;
    if (start < 0 || end < start)
        return oct_fail(err, OCT_E_INVALID, "the offsets of column '%.100s' do not ascend", v->name);
    if (end - start > INT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "column '%.100s' has %lld bytes of text, the limit is 2 GiB",
                        v->name, (long long)(end - start));
    oct_err code = octi_column_init(out, OCT_STRING, v->rows, (size_t)(end - start), err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < v->rows; i++) {
        int64_t next = integer_at(offsets, v->begin + i + 1, width, false) - start;
        if (next < out->offsets[i] || next > end - start)
            return oct_fail(err, OCT_E_INVALID, "the offsets of column '%.100s' do not ascend", v->name);
        out->offsets[i + 1] = (int32_t)next;
    }
    if (end > start)
        memcpy(out->text, (const char *)v->array->buffers[2] + start, (size_t)(end - start));
    return OCT_OK;
}

static oct_err import_values(const view *v, octi_column *out, oct_error *err)
{
    oct_err code = octi_column_init(out, v->how->type, v->rows, 0, err);
    for (size_t i = 0; code == OCT_OK && i < v->rows; i++)
        if (!import_value(v->how, v->array->buffers[1], v->begin + i, out, i) &&
            (!v->array->buffers[0] || bit(v->array->buffers[0], v->begin + i)))
            code = oct_fail(err, OCT_E_UNSUPPORTED, "row %zu of column '%.100s' does not fit 64 bits", i,
                            v->name);
    return code;
}

static oct_err import_column(const view *v, octi_column *out, oct_error *err)
{
    octi_column made = {0};
    const void *valid = v->array->n_buffers > 0 ? v->array->buffers[0] : NULL;
    if (v->array->n_buffers != (v->how->kind == 's' ? 3 : 2))
        return oct_fail(err, OCT_E_INVALID, "column '%.100s' has %lld buffers", v->name,
                        (long long)v->array->n_buffers);
    oct_err code = v->how->kind == 's' ? import_text(v, &made, err) : import_values(v, &made, err);
    if (code == OCT_OK && valid && v->array->null_count != 0)
        code = octi_column_add_bitmap(&made, v->rows, err);
    for (size_t i = 0; code == OCT_OK && made.valid && i < v->rows; i++)
        if (!bit(valid, v->begin + i))
            octi_set_null(&made, i);
    if (code != OCT_OK)
        octi_column_deinit(&made);
    else
        *out = made;
    return code;
}

static oct_err import_table(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            octi_batch *table, oct_error *err)
{
    if (strcmp(schema->format, "+s") != 0 || schema->n_children != array->n_children)
        return oct_fail(err, OCT_E_UNSUPPORTED, "an array of format '%.40s' is no table", schema->format);
    if (array->length < 0 || array->length > UINT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "%lld rows are more than a table holds",
                        (long long)array->length);
    table->rows = (size_t)array->length;
    oct_err code = OCT_OK;
    for (int64_t i = 0; code == OCT_OK && i < array->n_children; i++) {
        const struct ArrowSchema *about = schema->children[i];
        const char *name = about->name ? about->name : "";
        octi_column column;
        view v = {.array = array->children[i],
                  .how = about->dictionary ? NULL : find_conversion(about->format),
                  .begin = (size_t)(array->offset + array->children[i]->offset),
                  .rows = table->rows,
                  .name = name};
        if (!v.how)
            return oct_fail(err, OCT_E_UNSUPPORTED, "column '%.100s' is of Arrow's type '%.40s'%s", name,
                            about->format, about->dictionary ? " by a dictionary" : "");
        if (octi_batch_find(table, name) >= 0)
            return oct_fail(err, OCT_E_INVALID, "two columns are called '%.100s'", name);
        if ((code = import_column(&v, &column, err)) == OCT_OK)
            code = octi_batch_take(table, name, &column, err);
    }
    return code;
}

oct_frame *oct_frame_from_arrow(oct_pool *pool, struct ArrowSchema *schema, struct ArrowArray *array)
{
    oct_error *err = octi_last_error();
    if (!pool || !schema || !schema->release || !array || !array->release) {
        oct_fail(err, OCT_E_INVALID, "there is no %s", pool ? "table, or it was released" : "pool");
        return NULL;
    }
    oct_frame *frame = octi_frame_create(OCTI_FRAME_TABLE, pool, NULL, err);
    if (!frame)
        return NULL;
    octi_batch none;
    oct_err code = import_table(schema, array, &frame->table, err);
    if (code == OCT_OK && (code = octi_batch_slice(&frame->table, 0, 0, &none, err)) == OCT_OK) {
        code = octi_batch_concat(&none, 1, &frame->schema, err);
        octi_batch_deinit(&none);
    }
    if (code != OCT_OK) {
        oct_frame_destroy(frame);
        return NULL;
    }
    array->release(array);
    schema->release(schema);
    return frame;
}
