#include <stdlib.h>
#include <string.h>

#include "runtime/frame/aggregate.h"
#include "runtime/frame/group.h"
#include "runtime/frame/grouping.h"
#include "runtime/frame/sort.h"
#include "runtime/frame/values.h"

oct_err octi_group_parse(const char *keys, const char *aggregates, octi_group *out, oct_error *err)
{
    octi_group made = {0};
    oct_err code = octi_items_parse(keys, &made.keys, err);
    if (code == OCT_OK)
        code = octi_aggregates_parse(aggregates, &made.aggregates, err);
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

static octi_partials partials_at(const octi_batch *partial, size_t column, octi_aggregate a)
{
    const octi_column *at = &partial->columns[column];
    size_t parts = octi_aggregate_parts(a);
    return (octi_partials){at->ints, parts > 1 ? at[1].values : NULL, parts > 2 ? at[2].doubles : NULL};
}

/* Columns of a partial, "<i>n", "<i>v" and "<i>m" as far as the aggregate has them, zeroed. */
static oct_err add_state(octi_batch *partial, size_t i, octi_aggregate a, oct_column_type type,
                         octi_partials *out, oct_error *err)
{
    const oct_column_type types[] = {OCT_INT64, type, OCT_DOUBLE};
    for (size_t part = 0; part < octi_aggregate_parts(a); part++) {
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
    *out = partials_at(partial, partial->count - octi_aggregate_parts(a), a);
    return OCT_OK;
}

/* The same of values. Takes the column. */
static oct_err add_values(octi_batch *partial, size_t i, octi_aggregate a, octi_column *values,
                          oct_error *err)
{
    char name[32];
    octi_partials to;
    oct_err code = add_state(partial, i, a, OCT_INT64, &to, err);
    for (size_t row = 0; code == OCT_OK && row < partial->rows; row++)
        to.n[row] = octi_values_count(values, row, a == OCTI_AGG_NUNIQUE);
    snprintf(name, sizeof(name), "\x01%zuv", i);
    if (code == OCT_OK)
        return octi_batch_take(partial, name, values, err);
    octi_column_deinit(values);
    return code;
}

#define INLINE __attribute__((always_inline)) static inline

INLINE bool add_rows(octi_aggregate a, bool real, octi_partials *to, const octi_grouping *g,
                     const octi_argument *argument, size_t rows)
{
    bool fits = true;
    for (size_t row = 0; fits && row < rows; row++)
        fits = octi_combine_row(a, real, to, g->of[row], argument, row);
    return fits;
}

/* Sums where no row is null, so that what each group counts is known. A sum begins with what changes no value
 * that is added to it, not even -0. */
static bool sum_rows(octi_partials *to, const octi_grouping *g, const octi_column *value, size_t rows)
{
    bool overflows = false;
    memcpy(to->n, g->rows, g->groups * sizeof(*to->n));
    if (value->type == OCT_DOUBLE) {
        for (size_t i = 0; i < g->groups; i++)
            to->value[i].real = -0.0;
        for (size_t row = 0; row < rows; row++)
            to->value[g->of[row]].real += value->doubles[row];
    } else {
        for (size_t row = 0; row < rows; row++) {
            int64_t *sum = &to->value[g->of[row]].whole;
            overflows |= __builtin_add_overflow(*sum, value->ints[row], sum);
        }
    }
    return !overflows;
}

/* False where a sum does not fit. The frequent ones have loops of their own. */
static bool aggregate_rows(octi_aggregate a, octi_partials *to, const octi_grouping *g,
                           const octi_argument *argument, size_t rows)
{
    bool real = argument->value.type == OCT_DOUBLE, sums = a == OCTI_AGG_SUM || a == OCTI_AGG_MEAN;
    if (sums && !argument->value.valid)
        return sum_rows(to, g, &argument->value, rows);
    if (sums)
        return real ? add_rows(OCTI_AGG_SUM, true, to, g, argument, rows)
                    : add_rows(OCTI_AGG_SUM, false, to, g, argument, rows);
    if (a != OCTI_AGG_COUNT)
        return add_rows(a, real, to, g, argument, rows);
    if (argument->value.valid)
        return add_rows(OCTI_AGG_COUNT, false, to, g, argument, rows);
    memcpy(to->n, g->rows, g->groups * sizeof(*to->n));
    return true;
}

INLINE bool add_states(octi_aggregate a, bool real, octi_partials *to, const octi_grouping *g,
                       const octi_partials *from, size_t rows)
{
    const octi_number none = {0};
    bool fits = true, has_value = octi_aggregate_parts(a) > 1, has_m2 = octi_aggregate_parts(a) > 2;
    for (size_t row = 0; fits && row < rows; row++)
        fits = octi_combine(a, real, to, g->of[row], from->n[row], has_value ? from->value[row] : none,
                            has_m2 ? from->m2[row] : 0);
    return fits;
}

static bool aggregate_states(octi_aggregate a, bool real, octi_partials *to, const octi_grouping *g,
                             const octi_partials *from, size_t rows)
{
    switch (a) {
    case OCTI_AGG_COUNT:
        return add_states(OCTI_AGG_COUNT, false, to, g, from, rows);
    case OCTI_AGG_SUM:
    case OCTI_AGG_MEAN:
        return real ? add_states(OCTI_AGG_SUM, true, to, g, from, rows)
                    : add_states(OCTI_AGG_SUM, false, to, g, from, rows);
    default:
        return add_states(a, real, to, g, from, rows);
    }
}

static oct_err aggregate(const octi_item *item, size_t i, const octi_batch *rows, const octi_grouping *g,
                         octi_batch *partial, oct_error *err)
{
    octi_argument argument;
    octi_aggregate a = octi_aggregate_of(item->expr);
    octi_partials to;
    oct_err code = octi_argument_init(&argument, item, rows, err);
    if (code != OCT_OK)
        return code;
    if (octi_aggregate_needs_values(a)) {
        bool different = a == OCTI_AGG_NUNIQUE;
        octi_column values;
        code = octi_values_of(&argument.value, rows, g, different, &values, err);
        octi_argument_deinit(&argument);
        return code == OCT_OK ? add_values(partial, i, a, &values, err) : code;
    }
    code = add_state(partial, i, a, argument.value.type, &to, err);
    bool fits = code != OCT_OK || aggregate_rows(a, &to, g, &argument, rows->rows);
    octi_argument_deinit(&argument);
    return code == OCT_OK && !fits ? octi_aggregate_overflow(item->source, err) : code;
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
            code = column.borrowed ? octi_batch_lend(&keys, group->keys.list[i].name, &column, err)
                                   : octi_batch_take(&keys, group->keys.list[i].name, &column, err);
    }
    if (code == OCT_OK)
        code = octi_grouping_init_partial(&g, &keys, keys.count, err);
    if (code == OCT_OK)
        code = octi_grouping_divide(&g, keys.rows, err);
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

/* Columns of the states from aggregate i on. */
static size_t state_columns(const octi_group *group, size_t i)
{
    size_t columns = 0;
    for (; i < group->aggregates.count; i++)
        columns += octi_aggregate_parts(octi_aggregate_of(group->aggregates.list[i].expr));
    return columns;
}

size_t octi_group_key_count(const octi_group *group, const octi_batch *partial)
{
    return partial->count - state_columns(group, 0);
}

static octi_column *values_of(const octi_group *group, const octi_batch *partial, size_t i)
{
    return &partial->columns[partial->count - state_columns(group, i) + 1];
}

static octi_partials state_of(const octi_group *group, const octi_batch *partial, size_t i,
                              oct_column_type *type)
{
    octi_aggregate a = octi_aggregate_of(group->aggregates.list[i].expr);
    size_t at = partial->count - state_columns(group, i);
    *type = partial->columns[at + (octi_aggregate_parts(a) > 1)].type;
    return partials_at(partial, at, a);
}

/* The states of aggregate i, group by group. */
static oct_err merge_states(const octi_group *group, size_t i, const octi_batch *partials,
                            const octi_grouping *g, octi_batch *made, oct_error *err)
{
    oct_column_type type;
    octi_partials from = state_of(group, partials, i, &type), to;
    octi_aggregate a = octi_aggregate_of(group->aggregates.list[i].expr);
    if (octi_aggregate_needs_values(a)) {
        bool different = a == OCTI_AGG_NUNIQUE;
        octi_column values;
        oct_err code =
            octi_values_merge(values_of(group, partials, i), partials->rows, g, different, &values, err);
        return code == OCT_OK ? add_values(made, i, a, &values, err) : code;
    }
    oct_err code = add_state(made, i, a, type, &to, err);
    if (code == OCT_OK && !aggregate_states(a, type == OCT_DOUBLE, &to, g, &from, partials->rows))
        code = octi_aggregate_overflow(group->aggregates.list[i].source, err);
    return code;
}

static bool is_merged(const octi_grouping *g, size_t rows)
{
    size_t row = 0;
    while (row < g->groups && g->first[row] == row)
        row++;
    return row == rows;
}

oct_err octi_group_merge(const octi_group *group, octi_batch *partials, oct_error *err)
{
    octi_grouping g;
    octi_batch made = {0}, keys = *partials;
    keys.count = octi_group_key_count(group, partials);
    oct_err code = octi_grouping_init(&g, &keys, keys.count, err);
    if (code != OCT_OK)
        return code;
    code = octi_grouping_divide(&g, keys.rows, err);
    if (code == OCT_OK && !is_merged(&g, keys.rows)) {
        code = octi_batch_gather(&keys, g.first, g.groups, &made, err);
        for (size_t i = 0; code == OCT_OK && i < group->aggregates.count; i++)
            code = merge_states(group, i, partials, &g, &made, err);
        octi_batch_deinit(code == OCT_OK ? partials : &made);
        if (code == OCT_OK)
            *partials = made;
    }
    octi_grouping_deinit(&g);
    return code;
}

static oct_err finish_values(const octi_expr *call, octi_column *values, size_t rows, octi_column *out,
                             oct_error *err)
{
    octi_aggregate a = octi_aggregate_of(call);
    octi_column column;
    oct_err code = octi_column_init(&column, a == OCTI_AGG_NUNIQUE ? OCT_INT64 : OCT_DOUBLE, rows, 0, err);
    if (code == OCT_OK && a != OCTI_AGG_NUNIQUE &&
        (code = octi_column_add_bitmap(&column, rows, err)) != OCT_OK)
        octi_column_deinit(&column);
    if (code != OCT_OK)
        return code;
    for (size_t row = 0; row < rows; row++) {
        if (a == OCTI_AGG_NUNIQUE)
            column.ints[row] = octi_values_count(values, row, true);
        else if (octi_values_count(values, row, false) == 0)
            octi_set_null(&column, row);
        else
            column.doubles[row] =
                octi_values_quantile(values, row, a == OCTI_AGG_MEDIAN ? 0.5 : call->right->real);
    }
    *out = column;
    return OCT_OK;
}

oct_err octi_group_finish(const octi_group *group, const octi_batch *merged, octi_batch *out, oct_error *err)
{
    octi_batch keys = *merged, table = {0};
    keys.count = octi_group_key_count(group, merged);
    oct_err code = octi_batch_borrow(&keys, &table, err);
    for (size_t i = 0; code == OCT_OK && i < group->aggregates.count; i++) {
        const octi_item *item = &group->aggregates.list[i];
        oct_column_type type;
        octi_partials from = state_of(group, merged, i, &type);
        octi_aggregate a = octi_aggregate_of(item->expr);
        octi_column column;
        if (octi_aggregate_needs_values(a))
            code = finish_values(item->expr, values_of(group, merged, i), merged->rows, &column, err);
        else
            code = octi_aggregate_finish(a, &from, type, merged->rows, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&table, item->name, &column, err);
    }
    octi_order by[64];
    size_t count = keys.count < 64 ? keys.count : 64;
    for (size_t k = 0; k < count; k++)
        by[k] = (octi_order){k, false};
    if (code == OCT_OK)
        code = octi_batch_sort_on(group->pool, &table, by, count, out, err);
    octi_batch_deinit(&table);
    return code;
}
