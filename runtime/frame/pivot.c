/* A row a key, a column a value: groups laid out as a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/failure.h"
#include "runtime/frame/expr.h"
#include "runtime/frame/frame.h"
#include "runtime/frame/grouping.h"
#include "runtime/frame/order.h"
#include "runtime/io/number.h"

enum { COLUMNS_MOST = 10000 };

/* Groups by keys and the value that becomes columns: keys first, then the value, then its aggregate. */
typedef struct layout {
    const octi_batch *groups;
    size_t keys;
    octi_grouping rows;    /* by keys, in whose order they are */
    octi_grouping columns; /* by the value */
    uint32_t *order;       /* columns, by value */
} layout;

/* A value as a name; malloc'ed. */
static char *name_of(const octi_column *column, size_t row)
{
    char text[64];
    if (!octi_is_valid(column, row))
        return strdup("null");
    if (column->type == OCT_STRING)
        return strndup(column->text + column->offsets[row],
                       (size_t)(column->offsets[row + 1] - column->offsets[row]));
    if (column->type == OCT_DOUBLE)
        octi_format_double(text, sizeof(text), column->doubles[row]);
    else if (column->type == OCT_BOOL)
        snprintf(text, sizeof(text), "%s", column->bools[row] ? "true" : "false");
    else if (column->type == OCT_INT64)
        snprintf(text, sizeof(text), "%lld", (long long)column->ints[row]);
    else
        octi_format_time(text, sizeof(text), column->type == OCT_DATE, column->ints[row]);
    return strdup(text);
}

static int compare_values(const void *a, const void *b, void *ctx)
{
    const layout *l = ctx;
    const octi_column *value = &l->groups->columns[l->keys];
    return octi_column_compare(value, l->columns.first[*(const uint32_t *)a], value,
                               l->columns.first[*(const uint32_t *)b]);
}

/* All columns of a batch; empty after a failure. */
static oct_err group_by(octi_grouping *g, const octi_batch *keys, oct_error *err)
{
    oct_err code = octi_grouping_init(g, keys, keys->count, err);
    if (code != OCT_OK)
        *g = (octi_grouping){0};
    return code;
}

static oct_err layout_init(layout *l, const octi_batch *groups, size_t keys, oct_error *err)
{
    octi_batch by_key = *groups, by_value = {.rows = groups->rows, .columns = &groups->columns[keys]};
    by_key.count = keys;
    by_value.count = 1;
    *l = (layout){.groups = groups, .keys = keys};
    oct_err code = group_by(&l->rows, &by_key, err);
    if (code == OCT_OK)
        code = group_by(&l->columns, &by_value, err);
    if (code != OCT_OK)
        return code;
    if (l->columns.groups > COLUMNS_MOST) {
        oct_fail(err, OCT_E_EXHAUSTED, "'%.80s' has %zu different values, too many for a column each",
                 groups->names[keys], l->columns.groups);
        return oct_hint(err, "oct_frame_groupby gives them as rows");
    }
    l->order = malloc((l->columns.groups + 1) * sizeof(*l->order));
    if (!l->order)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu columns", l->columns.groups);
    for (size_t i = 0; i < l->columns.groups; i++)
        l->order[i] = (uint32_t)i;
    qsort_r(l->order, l->columns.groups, sizeof(*l->order), compare_values, l);
    return OCT_OK;
}

static void layout_deinit(layout *l)
{
    octi_grouping_deinit(&l->rows);
    octi_grouping_deinit(&l->columns);
    free(l->order);
}

/* An empty column for a value. */
static oct_err add_column(const layout *l, uint32_t which, octi_batch *out, oct_error *err)
{
    octi_column column;
    char *name = name_of(&l->groups->columns[l->keys], l->columns.first[which]);
    if (!name)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a column");
    oct_err code =
        octi_batch_find(out, name) < 0
            ? OCT_OK
            : oct_fail(err, OCT_E_INVALID, "two columns of the pivot would be called '%.80s'", name);
    if (code == OCT_OK)
        code = octi_column_init_nulls(&column, l->groups->columns[l->keys + 1].type, out->rows, err);
    if (code == OCT_OK)
        code = octi_batch_take(out, name, &column, err);
    free(name);
    return code;
}

/* Aggregates are eight bytes, whatever they are of. */
static oct_err fill(const layout *l, octi_batch *out, oct_error *err)
{
    const octi_column *from = &l->groups->columns[l->keys + 1];
    uint32_t *place = malloc((l->columns.groups + 1) * sizeof(*place));
    if (!place)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu columns", l->columns.groups);
    for (size_t i = 0; i < l->columns.groups; i++)
        place[l->order[i]] = (uint32_t)i;
    for (size_t i = 0; i < l->groups->rows; i++) {
        octi_column *to = &out->columns[l->keys + place[l->columns.of[i]]];
        size_t row = l->rows.of[i];
        if (!octi_is_valid(from, i))
            continue;
        to->ints[row] = from->ints[i];
        octi_set_valid(to, row);
    }
    free(place);
    return OCT_OK;
}

static oct_err lay_out(const octi_batch *groups, size_t keys, octi_batch *out, oct_error *err)
{
    layout l;
    octi_batch by_key = *groups, made = {0};
    by_key.count = keys;
    oct_err code = layout_init(&l, groups, keys, err);
    if (code == OCT_OK)
        code = octi_batch_gather(&by_key, l.rows.first, l.rows.groups, &made, err);
    for (size_t i = 0; code == OCT_OK && i < l.columns.groups; i++)
        code = add_column(&l, l.order[i], &made, err);
    if (code == OCT_OK)
        code = fill(&l, &made, err);
    layout_deinit(&l);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

/* The groups, computed, and how many keys they have; NULL where an argument is wrong. */
static oct_frame *groups_of(oct_frame *from, const char *index, const char *column, const char *aggregate,
                            size_t *keys, oct_error *err)
{
    char *all = NULL;
    if (asprintf(&all, "%s, %s", index, column) < 0) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for a pivot");
        return NULL;
    }
    oct_frame *groups = oct_frame_groupby(from, all, aggregate), *table = NULL;
    octi_items items = {0};
    if (groups && octi_items_parse(index, &items, err) == OCT_OK) {
        *keys = items.count;
        if (groups->schema.count != items.count + 2)
            oct_fail(err, OCT_E_INVALID,
                     "a pivot takes one column, not '%.80s', and one aggregate, not '%.80s'", column,
                     aggregate);
        else
            table = oct_frame_compute(groups);
    }
    octi_items_deinit(&items);
    oct_frame_destroy(groups);
    free(all);
    return table;
}

oct_frame *oct_frame_pivot(oct_frame *from, const char *index, const char *column, const char *aggregate)
{
    oct_error *err = octi_last_error();
    size_t keys = 0;
    if (!from || !index || !column || !aggregate)
        return oct_frame_groupby(from, from ? NULL : "", "");
    oct_frame *groups = groups_of(from, index, column, aggregate, &keys, err);
    oct_frame *frame = groups ? octi_frame_create(OCTI_FRAME_TABLE, from->pool, NULL, err) : NULL;
    oct_err code = frame ? lay_out(&groups->table, keys, &frame->table, err) : OCT_E_INVALID;
    if (code == OCT_OK) {
        octi_batch none;
        frame->skipped = groups->skipped;
        code = octi_batch_slice(&frame->table, 0, 0, &none, err);
        if (code == OCT_OK)
            code = octi_batch_concat(&none, 1, &frame->schema, err);
        if (code == OCT_OK)
            octi_batch_deinit(&none);
    }
    oct_frame_destroy(groups);
    if (code == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}
