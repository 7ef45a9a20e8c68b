#include "runtime/frame/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_in(const octi_column *values, size_t row)
{
    return (size_t)(values->offsets[row + 1] - values->offsets[row]);
}

/* A string column for so many groups, with room for the bytes of each. */
static oct_err make(const size_t *sizes, size_t groups, octi_column *out, oct_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < groups; i++)
        total += sizes[i];
    if (total > INT32_MAX) {
        oct_fail(err, OCT_E_EXHAUSTED, "the values of all groups are more than 2 GiB");
        return oct_hint(err,
                        "a median, a quantile or a count of different values keeps them all: filter first");
    }
    oct_err code = octi_column_init(out, OCT_STRING, groups, total, err);
    if (code != OCT_OK)
        return code;
    out->offsets[0] = 0;
    for (size_t i = 0; i < groups; i++)
        out->offsets[i + 1] = out->offsets[i] + (int32_t)sizes[i];
    return OCT_OK;
}

/* Where the next bytes of each group go. */
typedef struct filling {
    size_t *at;
    octi_column column;
} filling;

static oct_err begin(filling *f, size_t *sizes, size_t groups, oct_error *err)
{
    oct_err code = make(sizes, groups, &f->column, err);
    for (size_t i = 0; code == OCT_OK && i < groups; i++)
        sizes[i] = (size_t)f->column.offsets[i];
    f->at = sizes;
    return code;
}

static void put(filling *f, uint32_t group, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(f->column.text + f->at[group], bytes, size);
    f->at[group] += size;
}

static size_t *sizes_for(size_t groups, oct_error *err)
{
    size_t *sizes = calloc(groups + 1, sizeof(*sizes));
    if (!sizes)
        oct_fail(err, OCT_E_NOMEM, "out of memory for the values of %zu groups", groups);
    return sizes;
}

/* ---- all values ---- */

static oct_err doubles_of(const octi_column *column, size_t rows, const octi_grouping *g, octi_column *out,
                          oct_error *err)
{
    size_t *sizes = sizes_for(g->groups, err);
    filling f;
    if (!sizes)
        return OCT_E_NOMEM;
    for (size_t row = 0; row < rows; row++)
        sizes[g->of[row]] += octi_is_valid(column, row) ? sizeof(double) : 0;
    oct_err code = begin(&f, sizes, g->groups, err);
    for (size_t row = 0; code == OCT_OK && row < rows; row++)
        if (octi_is_valid(column, row))
            put(&f, g->of[row], &column->doubles[row], sizeof(double));
    free(sizes);
    if (code == OCT_OK)
        *out = f.column;
    return code;
}

static oct_err concat(const octi_column *values, size_t rows, const octi_grouping *g, octi_column *out,
                      oct_error *err)
{
    size_t *sizes = sizes_for(g->groups, err);
    filling f;
    if (!sizes)
        return OCT_E_NOMEM;
    for (size_t row = 0; row < rows; row++)
        sizes[g->of[row]] += bytes_in(values, row);
    oct_err code = begin(&f, sizes, g->groups, err);
    for (size_t row = 0; code == OCT_OK && row < rows; row++)
        put(&f, g->of[row], values->text + values->offsets[row], bytes_in(values, row));
    free(sizes);
    if (code == OCT_OK)
        *out = f.column;
    return code;
}

/* ---- different values ---- */

/* Rows of a group and a value; those that come first with their value are kept. */
static oct_err keep_different(octi_batch *pairs, size_t groups, octi_column *out, oct_error *err)
{
    octi_grouping g;
    filling f = {0};
    oct_err code = octi_grouping_init(&g, pairs, 2, err);
    if (code != OCT_OK)
        return code;
    size_t *sizes = sizes_for(groups, err);
    const octi_column *group = &pairs->columns[0], *value = &pairs->columns[1];
    code = sizes ? OCT_OK : OCT_E_NOMEM;
    for (size_t i = 0; code == OCT_OK && i < g.groups; i++)
        sizes[group->ints[g.first[i]]] += sizeof(uint32_t) + bytes_in(value, g.first[i]);
    if (code == OCT_OK)
        code = begin(&f, sizes, groups, err);
    for (size_t i = 0; code == OCT_OK && i < g.groups; i++) {
        uint32_t row = g.first[i], to = (uint32_t)group->ints[row], size = (uint32_t)bytes_in(value, row);
        put(&f, to, &size, sizeof(size));
        put(&f, to, value->text + value->offsets[row], size);
    }
    free(sizes);
    octi_grouping_deinit(&g);
    if (code == OCT_OK)
        *out = f.column;
    return code;
}

/* The pairs' columns, for so many values of so many bytes. */
static oct_err make_pairs(octi_batch *pairs, size_t count, size_t bytes, oct_error *err)
{
    octi_column group, value;
    if (bytes > INT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "the values of all groups are more than 2 GiB");
    *pairs = (octi_batch){.rows = count};
    oct_err code = octi_column_init(&group, OCT_INT64, count, 0, err);
    if (code == OCT_OK)
        code = octi_batch_take(pairs, "group", &group, err);
    if (code == OCT_OK)
        code = octi_column_init(&value, OCT_STRING, count, bytes, err);
    if (code == OCT_OK) {
        value.offsets[0] = 0;
        code = octi_batch_take(pairs, "value", &value, err);
    }
    return code;
}

static void add_pair(octi_batch *pairs, size_t at, uint32_t group, const void *bytes, size_t size)
{
    octi_column *value = &pairs->columns[1];
    pairs->columns[0].ints[at] = group;
    if (size > 0)
        memcpy(value->text + value->offsets[at], bytes, size);
    value->offsets[at + 1] = value->offsets[at] + (int32_t)size;
}

/* A row's value as bytes that are equal where values are: all NaNs, and both zeroes. */
static const void *bytes_of(const octi_column *column, size_t row, uint64_t *word, size_t *size)
{
    if (column->type == OCT_STRING) {
        *size = bytes_in(column, row);
        return column->text + column->offsets[row];
    }
    double x = column->type == OCT_DOUBLE ? column->doubles[row] : 0;
    *word = column->type == OCT_BOOL ? column->bools[row] : (uint64_t)column->ints[row];
    if (column->type == OCT_DOUBLE && (x == 0 || isnan(x)))
        *word = x == 0 ? 0 : UINT64_C(0x7ff8000000000000);
    *size = sizeof(*word);
    return word;
}

static oct_err different_of(const octi_column *column, const octi_batch *rows, const octi_grouping *g,
                            octi_column *out, oct_error *err)
{
    octi_batch pairs = {0};
    uint64_t word;
    size_t count = 0, bytes = 0, size;
    for (size_t row = 0; row < rows->rows; row++)
        if (octi_is_valid(column, row)) {
            (void)bytes_of(column, row, &word, &size);
            bytes += size;
            count++;
        }
    oct_err code = make_pairs(&pairs, count, bytes, err);
    for (size_t row = 0, at = 0; code == OCT_OK && row < rows->rows; row++)
        if (octi_is_valid(column, row)) {
            const void *value = bytes_of(column, row, &word, &size);
            add_pair(&pairs, at++, g->of[row], value, size);
        }
    if (code == OCT_OK)
        code = keep_different(&pairs, g->groups, out, err);
    octi_batch_deinit(&pairs);
    return code;
}

/* The next value in a row's bytes; moves *at behind it. False at the end. */
static bool next_value(const octi_column *values, size_t row, size_t *at, const char **bytes, uint32_t *size)
{
    const char *text = values->text + values->offsets[row];
    size_t left = bytes_in(values, row) - *at;
    if (left < sizeof(*size))
        return false;
    memcpy(size, text + *at, sizeof(*size));
    if (*size > left - sizeof(*size))
        return false;
    *bytes = text + *at + sizeof(*size);
    *at += sizeof(*size) + *size;
    return true;
}

static oct_err merge_different(const octi_column *values, size_t rows, const octi_grouping *g,
                               octi_column *out, oct_error *err)
{
    octi_batch pairs = {0};
    const char *bytes;
    uint32_t size;
    size_t count = 0, total = 0;
    for (size_t row = 0; row < rows; row++)
        for (size_t at = 0; next_value(values, row, &at, &bytes, &size); count++)
            total += size;
    oct_err code = make_pairs(&pairs, count, total, err);
    for (size_t row = 0, to = 0; code == OCT_OK && row < rows; row++)
        for (size_t at = 0; next_value(values, row, &at, &bytes, &size); to++)
            add_pair(&pairs, to, g->of[row], bytes, size);
    if (code == OCT_OK)
        code = keep_different(&pairs, g->groups, out, err);
    octi_batch_deinit(&pairs);
    return code;
}

/* ---- both ---- */

oct_err octi_values_of(const octi_column *column, const octi_batch *rows, const octi_grouping *g,
                       bool different, octi_column *out, oct_error *err)
{
    return different ? different_of(column, rows, g, out, err) : doubles_of(column, rows->rows, g, out, err);
}

oct_err octi_values_merge(const octi_column *values, size_t rows, const octi_grouping *g, bool different,
                          octi_column *out, oct_error *err)
{
    return different ? merge_different(values, rows, g, out, err) : concat(values, rows, g, out, err);
}

int64_t octi_values_count(const octi_column *values, size_t row, bool different)
{
    const char *bytes;
    uint32_t size;
    int64_t count = 0;
    if (!different)
        return (int64_t)(bytes_in(values, row) / sizeof(double));
    for (size_t at = 0; next_value(values, row, &at, &bytes, &size);)
        count++;
    return count;
}

/* ---- quantiles ---- */

static int ascending(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* Values are bytes, which need not be where doubles can be. */
static double value_at(const char *values, ptrdiff_t i)
{
    double x;
    memcpy(&x, values + i * (ptrdiff_t)sizeof(x), sizeof(x));
    return x;
}

static void swap_values(char *values, ptrdiff_t i, ptrdiff_t other)
{
    double x = value_at(values, i), y = value_at(values, other);
    memcpy(values + i * (ptrdiff_t)sizeof(y), &y, sizeof(y));
    memcpy(values + other * (ptrdiff_t)sizeof(x), &x, sizeof(x));
}

static double middle_of(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Puts value k of the ascending ones in its place, between those that are not more and not less (Hoare,
 * "Algorithm 65: find", 1961). What parts too unevenly for too long is put in order as a whole. */
static void find_value(char *values, size_t count, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)count - 1, place = (ptrdiff_t)k;
    for (int rounds = 64; low < high && rounds > 0; rounds--) {
        double pivot = middle_of(value_at(values, low), value_at(values, low + (high - low) / 2),
                                 value_at(values, high));
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (value_at(values, i) < pivot)
                i++;
            while (value_at(values, j) > pivot)
                j--;
            if (i <= j)
                swap_values(values, i++, j--);
        }
        if (place > j && place < i)
            return;
        low = place > j ? i : low;
        high = place > j ? high : j;
    }
    if (low < high)
        qsort(values + low * (ptrdiff_t)sizeof(double), (size_t)(high - low + 1), sizeof(double), ascending);
}

double octi_values_quantile(octi_column *values, size_t row, double q)
{
    char *of = values->text + values->offsets[row];
    ptrdiff_t count = (ptrdiff_t)(bytes_in(values, row) / sizeof(double));
    for (ptrdiff_t i = 0; i < count; i++)
        if (isnan(value_at(of, i)))
            return NAN;
    if (count == 0)
        return NAN;
    double place = (double)(count - 1) * q, low = floor(place), part = place - low;
    find_value(of, (size_t)count, (size_t)low);
    double below = value_at(of, (ptrdiff_t)low);
    if (part == 0)
        return below;
    double above = value_at(of, (ptrdiff_t)low + 1); /* the least of those behind */
    for (ptrdiff_t i = (ptrdiff_t)low + 2; i < count; i++)
        above = value_at(of, i) < above ? value_at(of, i) : above;
    return octi_values_between(below, above, part);
}
