#include "runtime/frame/correlate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/frame/expr.h"

/* Of the rows of a pair: how many, means, and sums of squares and of products of differences from them. */
typedef struct moments {
    int64_t n;
    double x, y, xx, yy, xy;
} moments;

enum { PARTS = 6 };

static const char *const names[PARTS] = {"n", "x", "y", "xx", "yy", "xy"};

static size_t pair_count(size_t columns)
{
    return columns * (columns + 1) / 2;
}

static bool has_both(const octi_column *a, const octi_column *b, size_t row)
{
    return octi_is_valid(a, row) && octi_is_valid(b, row);
}

static size_t first_row(const octi_column *a, const octi_column *b, size_t rows)
{
    size_t row = 0;
    while (row < rows && !has_both(a, b, row))
        row++;
    return row;
}

/* Means are summed as differences from the first row, which are zeroes where a column never changes. The
 * second pass also sums what is left of the means' rounding, and corrects by it. */
static moments moments_of(const octi_column *a, const octi_column *b, size_t rows)
{
    moments m = {0};
    double left_x = 0, left_y = 0;
    size_t first = first_row(a, b, rows);
    if (first == rows)
        return m;
    double x0 = a->doubles[first], y0 = b->doubles[first];
    for (size_t row = first; row < rows; row++)
        if (has_both(a, b, row)) {
            m.n++;
            m.x += a->doubles[row] - x0;
            m.y += b->doubles[row] - y0;
        }
    double n = (double)m.n;
    m.x = x0 + m.x / n;
    m.y = y0 + m.y / n;
    for (size_t row = first; row < rows; row++)
        if (has_both(a, b, row)) {
            double x = a->doubles[row] - m.x, y = b->doubles[row] - m.y;
            m.xx += x * x;
            m.yy += y * y;
            m.xy += x * y;
            left_x += x;
            left_y += y;
        }
    m.x += left_x / n;
    m.y += left_y / n;
    m.xx -= left_x * left_x / n;
    m.yy -= left_y * left_y / n;
    m.xy -= left_x * left_y / n;
    return m;
}

static moments combine(moments a, moments b)
{
    if (a.n == 0 || b.n == 0)
        return a.n ? a : b;
    double n = (double)(a.n + b.n), part = (double)b.n / n, weight = (double)a.n * part;
    double x = b.x - a.x, y = b.y - a.y;
    return (moments){.n = a.n + b.n,
                     .x = a.x + x * part,
                     .y = a.y + y * part,
                     .xx = a.xx + b.xx + x * x * weight,
                     .yy = a.yy + b.yy + y * y * weight,
                     .xy = a.xy + b.xy + x * y * weight};
}

/* A partial result of so many pairs, each of no rows. */
static oct_err make_partial(octi_batch *out, size_t pairs, oct_error *err)
{
    octi_batch made = {.rows = pairs};
    oct_err code = OCT_OK;
    for (int part = 0; code == OCT_OK && part < PARTS; part++) {
        octi_column column;
        code = octi_column_init(&column, part == 0 ? OCT_INT64 : OCT_DOUBLE, pairs, 0, err);
        if (code == OCT_OK) {
            memset(column.values, 0, pairs * 8);
            code = octi_batch_take(&made, names[part], &column, err);
        }
    }
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

static moments get(const octi_batch *partial, size_t row)
{
    const octi_column *c = partial->columns;
    return (moments){c[0].ints[row],    c[1].doubles[row], c[2].doubles[row],
                     c[3].doubles[row], c[4].doubles[row], c[5].doubles[row]};
}

static void put(octi_batch *partial, size_t row, moments m)
{
    const double parts[PARTS] = {0, m.x, m.y, m.xx, m.yy, m.xy};
    partial->columns[0].ints[row] = m.n;
    for (int part = 1; part < PARTS; part++)
        partial->columns[part].doubles[row] = parts[part];
}

/* The columns of the list, as doubles. */
static oct_err evaluate(const octi_items *items, const octi_batch *rows, octi_batch *out, oct_error *err)
{
    octi_batch made = {.rows = rows->rows};
    oct_err code = OCT_OK;
    octi_expr one = {.op = OCTI_LITERAL, .type = OCT_DOUBLE, .real = 1};
    for (size_t i = 0; code == OCT_OK && i < items->count; i++) {
        const octi_item *item = &items->list[i];
        octi_expr scaled = {.op = OCTI_MUL, .at = item->expr->at, .left = item->expr, .right = &one};
        octi_column column;
        code = octi_expr_eval(&scaled, item->source, rows, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&made, item->name, &column, err);
    }
    if (code == OCT_OK && made.count < items->count)
        code = oct_fail(err, OCT_E_INVALID, "two columns to correlate have the same name");
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

static void replace(octi_batch *batch, octi_batch *with)
{
    octi_batch_deinit(batch);
    *batch = *with;
}

oct_err octi_correlate_rows(const char *list, octi_batch *batch, oct_error *err)
{
    octi_items items;
    octi_batch values = {0}, made;
    oct_err code = octi_items_parse(list, &items, err);
    if (code != OCT_OK)
        return code;
    code = evaluate(&items, batch, &values, err);
    if (code == OCT_OK)
        code = make_partial(&made, pair_count(values.count), err);
    if (code == OCT_OK) {
        size_t pair = 0;
        for (size_t i = 0; i < values.count; i++)
            for (size_t j = i; j < values.count; j++)
                put(&made, pair++, moments_of(&values.columns[i], &values.columns[j], values.rows));
        replace(batch, &made);
    }
    octi_batch_deinit(&values);
    octi_items_deinit(&items);
    return code;
}

static oct_err count_items(const char *list, size_t *count, oct_error *err)
{
    octi_items items;
    oct_err code = octi_items_parse(list, &items, err);
    if (code == OCT_OK) {
        *count = items.count;
        octi_items_deinit(&items);
    }
    return code;
}

oct_err octi_correlate_merge(const char *list, octi_batch *batch, oct_error *err)
{
    size_t columns;
    octi_batch made;
    oct_err code = count_items(list, &columns, err);
    if (code == OCT_OK)
        code = make_partial(&made, pair_count(columns), err);
    if (code != OCT_OK)
        return code;
    for (size_t row = 0; row < batch->rows; row++)
        put(&made, row % made.rows, combine(get(&made, row % made.rows), get(batch, row)));
    replace(batch, &made);
    return OCT_OK;
}

/* Null where fewer than two rows have both, or one of them is the same in all. */
static bool coefficient(moments m, double *out)
{
    if (m.n < 2 || m.xx <= 0 || m.yy <= 0)
        return false;
    double r = m.xy / (sqrt(m.xx) * sqrt(m.yy));
    *out = r > 1 ? 1 : r < -1 ? -1 : r; /* NaN stays */
    return true;
}

static oct_err add_names(const octi_items *items, octi_batch *made, oct_error *err)
{
    octi_column column;
    size_t size = 0;
    for (size_t i = 0; i < items->count; i++)
        size += strlen(items->list[i].name);
    oct_err code = octi_column_init(&column, OCT_STRING, items->count, size, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < items->count; i++) {
        size = strlen(items->list[i].name);
        memcpy(column.text + column.offsets[i], items->list[i].name, size);
        column.offsets[i + 1] = column.offsets[i] + (int32_t)size;
    }
    return octi_batch_take(made, "column", &column, err);
}

static size_t pair_of(size_t i, size_t j, size_t columns)
{
    size_t low = i < j ? i : j, high = i < j ? j : i;
    return low * columns - low * (low + 1) / 2 + high;
}

static oct_err add_column(const octi_items *items, size_t i, const octi_batch *partial, octi_batch *made,
                          oct_error *err)
{
    octi_column column;
    oct_err code = octi_column_init_nulls(&column, OCT_DOUBLE, items->count, err);
    if (code != OCT_OK)
        return code;
    for (size_t j = 0; partial->rows > 0 && j < items->count; j++)
        if (coefficient(get(partial, pair_of(i, j, items->count)), &column.doubles[j]))
            octi_set_valid(&column, j);
    return octi_batch_take(made, items->list[i].name, &column, err);
}

oct_err octi_correlate_finish(const char *list, octi_batch *batch, oct_error *err)
{
    octi_items items;
    oct_err code = octi_items_parse(list, &items, err);
    if (code != OCT_OK)
        return code;
    octi_batch made = {.rows = items.count};
    code = add_names(&items, &made, err);
    for (size_t i = 0; code == OCT_OK && i < items.count; i++)
        code = add_column(&items, i, batch, &made, err);
    if (code == OCT_OK && made.count <= items.count)
        code = oct_fail(err, OCT_E_INVALID,
                        "a column to correlate is called 'column', as the first of the result");
    octi_items_deinit(&items);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        replace(batch, &made);
    return code;
}
