#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/group.h"
#include "runtime/frame/grouping.h"
#include "runtime/frame/order.h"
#include "runtime/frame/values.h"

typedef enum kind { COUNT, SUM, MEAN, MIN, MAX, VAR, STD, FIRST, MEDIAN, QUANTILE, NUNIQUE, NONE } kind;

static kind kind_of(const char *name)
{
    static const char *const names[] = {"count", "sum",   "mean",   "min",      "max",    "var",
                                        "std",   "first", "median", "quantile", "nunique"};
    int k = COUNT;
    while (k < NONE && strcasecmp(name, names[k]) != 0)
        k++;
    return (kind)k;
}

/* Its state is values.h's, not a state below. */
static bool needs_values(kind k)
{
    return k == MEDIAN || k == QUANTILE || k == NUNIQUE;
}

static bool is_fraction(const octi_expr *expr)
{
    return expr && expr->op == OCTI_LITERAL && expr->type <= OCT_DOUBLE && expr->real >= 0 && expr->real <= 1;
}

/* One value, and for a quantile which. */
static bool is_aggregate(const octi_expr *call)
{
    kind k = call->op == OCTI_CALL ? kind_of(call->text) : NONE;
    return k != NONE && (call->left || k == COUNT) &&
           (k == QUANTILE ? is_fraction(call->right) : !call->right);
}

oct_err octi_group_parse(const char *keys, const char *aggregates, octi_group *out, oct_error *err)
{
    octi_group made = {0};
    oct_err code = octi_items_parse(keys, &made.keys, err);
    if (code == OCT_OK)
        code = octi_items_parse(aggregates, &made.aggregates, err);
    for (size_t i = 0; code == OCT_OK && i < made.aggregates.count; i++) {
        if (!is_aggregate(made.aggregates.list[i].expr)) {
            oct_fail(err, OCT_E_INVALID, "'%.120s' is not an aggregate of a value",
                     made.aggregates.list[i].source);
            code = oct_hint(
                err,
                "write for example 'mean(x)' or 'quantile(x, 0.9)'; count, sum, mean, min, max, var, std, "
                "first, median, nunique");
        }
    }
    if (code != OCT_OK)
        octi_group_deinit(&made);
    else
        *out = made;
    return code;
}

void octi_group_deinit(octi_group *group)
{
    octi_items_deinit(&group->keys);
    octi_items_deinit(&group->aggregates);
}

typedef union number {
    int64_t whole;
    double real;
} number;

/* An aggregate's state, of a group or of rows; m2 is the sum of squared differences. */
typedef struct state {
    int64_t *n;
    number *value;
    double *m2;
} state;

/* Adds a state to another: of a single value x it is (1, x, 0). Variances by Chan, Golub and
 * LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979). */
static inline bool combine(kind k, bool real, state *to, size_t g, int64_t n, number x, double m2)
{
    int64_t had = to->n[g];
    number *value = &to->value[g];
    to->n[g] = had + n;
    if (n == 0 || k == COUNT)
        return true;
    if (had == 0) {
        *value = x;
        to->m2[g] = m2;
    } else if (k == SUM || k == MEAN) {
        if (!real)
            return !__builtin_add_overflow(value->whole, x.whole, &value->whole);
        value->real += x.real;
    } else if (k == MIN || k == MAX) {
        bool less = real ? x.real < value->real || isnan(x.real) : x.whole < value->whole;
        bool more = real ? x.real > value->real || isnan(x.real) : x.whole > value->whole;
        if (k == MIN ? less : more)
            *value = x;
    } else if (k != FIRST) {
        double delta = x.real - value->real, total = (double)had + (double)n;
        value->real += delta * ((double)n / total);
        to->m2[g] += m2 + delta * delta * ((double)had * (double)n / total);
    }
    return true;
}

/* Three columns of a partial, "<i>n", "<i>v" and "<i>m", zeroed. */
static oct_err add_state(octi_batch *partial, size_t i, oct_column_type type, state *out, oct_error *err)
{
    const oct_column_type types[] = {OCT_INT64, type, OCT_DOUBLE};
    for (int part = 0; part < 3; part++) {
        char name[32];
        octi_column column;
        snprintf(name, sizeof(name), "\x01%zu%c", i, "nvm"[part]);
        oct_err code = octi_column_init(&column, types[part], partial->rows, 0, err);
        if (code != OCT_OK)
            return code;
        memset(column.values, 0, partial->rows * 8);
        if ((code = octi_batch_take(partial, name, &column, err)) != OCT_OK)
            return code;
    }
    const octi_column *last = &partial->columns[partial->count - 3];
    *out = (state){last[0].ints, last[1].values, last[2].doubles};
    return OCT_OK;
}

/* The same of values. Takes the column. */
static oct_err add_values(octi_batch *partial, size_t i, octi_column *values, bool different, oct_error *err)
{
    char name[32];
    state to;
    oct_err code = add_state(partial, i, OCT_INT64, &to, err);
    for (size_t row = 0; code == OCT_OK && row < partial->rows; row++)
        to.n[row] = octi_values_count(values, row, different);
    snprintf(name, sizeof(name), "\x01%zuv", i);
    if (code == OCT_OK)
        return octi_batch_take(partial, name, values, err);
    octi_column_deinit(values);
    return code;
}

static oct_err overflow(const char *source, oct_error *err)
{
    oct_fail(err, OCT_E_INVALID, "'%.100s' does not fit 64 bits", source);
    return oct_hint(err, "sum doubles instead: multiply by 1.0");
}

/* The argument of an aggregate, as doubles where its state is. */
static oct_err argument(const octi_item *item, const octi_batch *rows, octi_column *out, oct_error *err)
{
    kind k = kind_of(item->expr->text);
    octi_expr zero = {.op = OCTI_LITERAL}, one = {.op = OCTI_LITERAL, .type = OCT_DOUBLE, .real = 1};
    octi_expr scaled = {.op = OCTI_MUL, .at = item->expr->at, .left = item->expr->left, .right = &one};
    bool doubles = k == MEAN || k == VAR || k == STD || k == MEDIAN || k == QUANTILE;
    const octi_expr *expr = !item->expr->left ? &zero : doubles ? &scaled : item->expr->left;
    oct_err code = octi_expr_eval(expr, item->source, rows, out, err);
    if (code != OCT_OK || k == COUNT || k == NUNIQUE)
        return code;
    if (out->type == OCT_STRING || out->type == OCT_BOOL || (k == SUM && out->type > OCT_DOUBLE)) {
        octi_column_deinit(out);
        return oct_fail(err, OCT_E_TYPE, "'%.100s' is not of numbers", item->source);
    }
    return OCT_OK;
}

static oct_err aggregate(const octi_item *item, size_t i, const octi_batch *rows, const octi_grouping *g,
                         octi_batch *partial, oct_error *err)
{
    octi_column column;
    state to;
    oct_err code = argument(item, rows, &column, err);
    if (code != OCT_OK)
        return code;
    kind k = kind_of(item->expr->text);
    if (needs_values(k)) {
        octi_column values;
        code = octi_values_of(&column, rows, g, k == NUNIQUE, &values, err);
        octi_column_deinit(&column);
        return code == OCT_OK ? add_values(partial, i, &values, k == NUNIQUE, err) : code;
    }
    bool real = column.type == OCT_DOUBLE, fits = true;
    code = add_state(partial, i, k == COUNT ? OCT_INT64 : column.type, &to, err);
    for (size_t row = 0; code == OCT_OK && fits && row < rows->rows; row++)
        if (octi_is_valid(&column, row)) {
            number x = {.whole = k == COUNT ? 0 : column.ints[row]};
            fits = combine(k, real, &to, g->of[row], 1, x, 0);
        }
    octi_column_deinit(&column);
    return code == OCT_OK && !fits ? overflow(item->source, err) : code;
}

oct_err octi_group_rows(const octi_group *group, const octi_batch *rows, octi_batch *partial, oct_error *err)
{
    octi_batch keys = {.rows = rows->rows}, made = {0};
    octi_grouping g = {0};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < group->keys.count; i++) {
        octi_column column;
        code = octi_expr_eval(group->keys.list[i].expr, group->keys.list[i].source, rows, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&keys, group->keys.list[i].name, &column, err);
    }
    if (code == OCT_OK)
        code = octi_grouping_init(&g, &keys, keys.count, err);
    if (code == OCT_OK)
        code = octi_batch_gather(&keys, g.first, g.groups, &made, err);
    for (size_t i = 0; code == OCT_OK && i < group->aggregates.count; i++)
        code = aggregate(&group->aggregates.list[i], i, rows, &g, &made, err);
    octi_grouping_deinit(&g);
    octi_batch_deinit(&keys);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *partial = made;
    return code;
}

static size_t key_count(const octi_group *group, const octi_batch *partial)
{
    return partial->count - 3 * group->aggregates.count;
}

static octi_column *values_of(const octi_group *group, const octi_batch *partial, size_t i)
{
    return &partial->columns[key_count(group, partial) + 3 * i + 1];
}

static state state_of(const octi_group *group, const octi_batch *partial, size_t i, oct_column_type *type)
{
    const octi_column *at = &partial->columns[key_count(group, partial) + 3 * i];
    *type = at[1].type;
    return (state){at[0].ints, at[1].values, at[2].doubles};
}

oct_err octi_group_merge(const octi_group *group, const octi_batch *partials, octi_batch *merged,
                         oct_error *err)
{
    octi_grouping g;
    octi_batch made = {0}, keys = *partials;
    keys.count = key_count(group, partials);
    oct_err code = octi_grouping_init(&g, &keys, keys.count, err);
    if (code != OCT_OK)
        return code;
    code = octi_batch_gather(&keys, g.first, g.groups, &made, err);
    for (size_t i = 0; code == OCT_OK && i < group->aggregates.count; i++) {
        oct_column_type type;
        state from = state_of(group, partials, i, &type), to;
        kind k = kind_of(group->aggregates.list[i].expr->text);
        bool fits = true;
        if (needs_values(k)) {
            octi_column values;
            code = octi_values_merge(values_of(group, partials, i), partials->rows, &g, k == NUNIQUE, &values,
                                     err);
            if (code == OCT_OK)
                code = add_values(&made, i, &values, k == NUNIQUE, err);
            continue;
        }
        code = add_state(&made, i, type, &to, err);
        for (size_t row = 0; code == OCT_OK && fits && row < partials->rows; row++)
            fits = combine(k, type == OCT_DOUBLE, &to, g.of[row], from.n[row], from.value[row], from.m2[row]);
        if (code == OCT_OK && !fits)
            code = overflow(group->aggregates.list[i].source, err);
    }
    octi_grouping_deinit(&g);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *merged = made;
    return code;
}

static oct_err finish_one(kind k, const state *from, oct_column_type type, size_t rows, octi_column *out,
                          oct_error *err)
{
    octi_column column;
    oct_err code = octi_column_init(&column, k == COUNT ? OCT_INT64 : type, rows, 0, err);
    if (code == OCT_OK && k != COUNT)
        code = octi_column_add_bitmap(&column, rows, err);
    for (size_t row = 0; code == OCT_OK && row < rows; row++) {
        int64_t n = from->n[row];
        if (k == COUNT)
            column.ints[row] = n;
        else if (k == MEAN)
            column.doubles[row] = from->value[row].real / (double)n;
        else if (k == VAR || k == STD)
            column.doubles[row] = from->m2[row] / (double)(n - 1);
        else
            column.ints[row] = from->value[row].whole;
        if (k == STD)
            column.doubles[row] = sqrt(column.doubles[row]);
        if (k != COUNT && n < 1 + (k == VAR || k == STD))
            octi_set_null(&column, row);
    }
    if (code != OCT_OK)
        octi_column_deinit(&column);
    else
        *out = column;
    return code;
}

static oct_err finish_values(const octi_expr *call, octi_column *values, size_t rows, octi_column *out,
                             oct_error *err)
{
    kind k = kind_of(call->text);
    octi_column column;
    oct_err code = octi_column_init(&column, k == NUNIQUE ? OCT_INT64 : OCT_DOUBLE, rows, 0, err);
    if (code == OCT_OK && k != NUNIQUE && (code = octi_column_add_bitmap(&column, rows, err)) != OCT_OK)
        octi_column_deinit(&column);
    if (code != OCT_OK)
        return code;
    for (size_t row = 0; row < rows; row++) {
        if (k == NUNIQUE)
            column.ints[row] = octi_values_count(values, row, true);
        else if (octi_values_count(values, row, false) == 0)
            octi_set_null(&column, row);
        else
            column.doubles[row] = octi_values_quantile(values, row, k == MEDIAN ? 0.5 : call->right->real);
    }
    *out = column;
    return OCT_OK;
}

oct_err octi_group_finish(const octi_group *group, const octi_batch *merged, octi_batch *out, oct_error *err)
{
    octi_batch keys = *merged, table = {0};
    keys.count = key_count(group, merged);
    oct_err code = octi_batch_borrow(&keys, &table, err);
    for (size_t i = 0; code == OCT_OK && i < group->aggregates.count; i++) {
        const octi_item *item = &group->aggregates.list[i];
        oct_column_type type;
        state from = state_of(group, merged, i, &type);
        octi_column column;
        if (needs_values(kind_of(item->expr->text)))
            code = finish_values(item->expr, values_of(group, merged, i), merged->rows, &column, err);
        else
            code = finish_one(kind_of(item->expr->text), &from, type, merged->rows, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&table, item->name, &column, err);
    }
    octi_order by[64];
    size_t count = keys.count < 64 ? keys.count : 64;
    for (size_t k = 0; k < count; k++)
        by[k] = (octi_order){k, false};
    if (code == OCT_OK)
        code = octi_batch_sort(&table, by, count, UINT64_MAX, out, err);
    octi_batch_deinit(&table);
    return code;
}
