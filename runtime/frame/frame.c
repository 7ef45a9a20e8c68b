/* Building frames: every call checks its expressions on a batch of no rows, so that mistakes are
 * told where they are made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/failure.h"
#include "runtime/frame/describe.h"
#include "runtime/frame/expr.h"
#include "runtime/frame/frame.h"
#include "runtime/frame/group.h"
#include "runtime/frame/order.h"

oct_frame *octi_frame_create(octi_frame_kind kind, oct_pool *pool, oct_frame *from, oct_error *err)
{
    oct_frame *frame = calloc(1, sizeof(*frame));
    if (!frame) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
        return NULL;
    }
    *frame = (oct_frame){.kind = kind, .refs = 1, .pool = pool, .from = from};
    if (from)
        from->refs++;
    return frame;
}

void oct_frame_destroy(oct_frame *frame)
{
    while (frame && --frame->refs == 0) {
        oct_frame *from = frame->from;
        oct_frame_destroy(frame->other);
        octi_batch_deinit(&frame->schema);
        octi_batch_deinit(&frame->table);
        octi_format_deinit(&frame->format);
        for (size_t i = 0; i < frame->file_count; i++)
            free(frame->files[i].path);
        free(frame->files);
        free(frame->index);
        octi_step_deinit(&frame->step);
        octi_reduce_deinit(&frame->reduce);
        free(frame);
        frame = from;
    }
}

/* Copies of a frame's texts; what was copied belongs to the frame, also after a failure. */
static bool copy_texts(const char *one, char **first, const char *two, char **second)
{
    *first = strdup(one);
    *second = two ? strdup(two) : NULL;
    if (*first && (!two || *second))
        return true;
    oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory for a frame");
    return false;
}

static oct_frame *begin(oct_frame *from, octi_frame_kind kind, const char *one, const char *two)
{
    oct_error *err = octi_last_error();
    if (!from) {
        if (err->code == OCT_OK)
            oct_fail(err, OCT_E_INVALID, "there is no frame");
        return NULL;
    }
    if (!one || !two) {
        oct_fail(err, OCT_E_INVALID, "there is no text to say what is wanted of a frame");
        return NULL;
    }
    return octi_frame_create(kind, from->pool, from, err);
}

/* True where a list names something as the index, other than itself. */
static bool hides_index(const octi_step *step, const char *index, oct_error *err)
{
    octi_items items;
    if (octi_items_parse(step->text, &items, err) != OCT_OK)
        return true;
    bool hides = false;
    for (size_t i = 0; i < items.count; i++) {
        const octi_expr *expr = items.list[i].expr;
        bool itself = step->kind == OCTI_SELECT && expr->op == OCTI_COLUMN && strcmp(expr->text, index) == 0;
        hides = hides || (strcmp(items.list[i].name, index) == 0 && !itself);
    }
    octi_items_deinit(&items);
    return hides;
}

/* Rows stay in the order of the index as long as it is there and what it was. */
static oct_err keep_index(oct_frame *frame, oct_error *err)
{
    const octi_step *step = &frame->step;
    const char *index = frame->from->index;
    if (!index || octi_batch_find(&frame->schema, index) < 0 ||
        (step->kind == OCTI_ASSIGN && strcmp(step->name, index) == 0) ||
        ((step->kind == OCTI_SELECT || step->kind == OCTI_ROLLING) && hides_index(step, index, err)))
        return OCT_OK;
    frame->index = strdup(index);
    return frame->index ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
}

oct_frame *octi_frame_step(oct_frame *from, octi_step_kind kind, const char *name, const char *text,
                           const char *on)
{
    oct_error *err = octi_last_error();
    bool named = kind == OCTI_ASSIGN || kind == OCTI_ROLLING;
    oct_frame *frame = begin(from, OCTI_FRAME_STEP, text, named ? name : "");
    if (!frame)
        return NULL;
    frame->step.kind = kind;
    oct_err code = copy_texts(text, &frame->step.text, name, &frame->step.name) &&
                           (!on || copy_texts(on, &frame->step.on, NULL, &(char *){NULL}))
                       ? octi_batch_concat(&from->schema, 1, &frame->schema, err)
                       : OCT_E_NOMEM;
    if (code == OCT_OK)
        code = octi_step_run(&frame->step, &frame->schema, 0, err);
    if (code == OCT_OK)
        code = keep_index(frame, err);
    if (code == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

oct_frame *oct_frame_where(oct_frame *frame, const char *condition)
{
    return octi_frame_step(frame, OCTI_WHERE, NULL, condition, NULL);
}

oct_frame *oct_frame_assign(oct_frame *frame, const char *name, const char *expression)
{
    return octi_frame_step(frame, OCTI_ASSIGN, name, expression, NULL);
}

oct_frame *oct_frame_select(oct_frame *frame, const char *list)
{
    return octi_frame_step(frame, OCTI_SELECT, NULL, list, NULL);
}

static oct_err group_schema(oct_frame *frame, oct_error *err)
{
    octi_group group;
    octi_batch partial = {0};
    oct_err code = octi_group_parse(frame->reduce.keys, frame->reduce.aggregates, &group, err);
    if (code != OCT_OK)
        return code;
    code = octi_group_rows(&group, &frame->from->schema, &partial, err);
    if (code == OCT_OK)
        code = octi_group_finish(&group, &partial, &frame->schema, err);
    if (code == OCT_OK && frame->schema.count != group.keys.count + group.aggregates.count)
        code = oct_hint((oct_fail(err, OCT_E_INVALID, "two columns of the group-by have the same name"), err),
                        "name one of them: 'sum(x) as total'");
    octi_batch_deinit(&partial);
    octi_group_deinit(&group);
    return code;
}

oct_frame *oct_frame_groupby(oct_frame *from, const char *keys, const char *aggregates)
{
    oct_frame *frame = begin(from, OCTI_FRAME_REDUCE, keys, aggregates);
    if (frame)
        frame->reduce.kind = OCTI_GROUP;
    if (frame && copy_texts(keys, &frame->reduce.keys, aggregates, &frame->reduce.aggregates) &&
        group_schema(frame, octi_last_error()) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

oct_frame *oct_frame_sort(oct_frame *from, const char *by)
{
    oct_error *err = octi_last_error();
    octi_order order[OCTI_ORDER_MOST];
    size_t count;
    oct_frame *frame = begin(from, OCTI_FRAME_SORT, by, "");
    char *none = NULL;
    if (frame && copy_texts(by, &frame->reduce.keys, NULL, &none) &&
        octi_order_parse(by, &from->schema, order, &count, err) == OCT_OK &&
        octi_batch_concat(&from->schema, 1, &frame->schema, err) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

/* The rows that `kind` leaves of a frame, with all of its columns. */
static oct_frame *reduce(oct_frame *from, octi_reduce_kind kind, const char *keys, uint64_t limit)
{
    oct_error *err = octi_last_error();
    oct_frame *frame = begin(from, OCTI_FRAME_REDUCE, "", "");
    if (!frame)
        return NULL;
    frame->reduce = (octi_reduce){.kind = kind, .limit = limit};
    oct_err code = octi_batch_concat(&from->schema, 1, &frame->schema, err);
    if (code == OCT_OK && keys && !(frame->reduce.keys = strdup(keys)))
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
    if (code == OCT_OK)
        code = octi_reduce_rows(&frame->reduce, &frame->schema, err);
    if (code == OCT_OK && kind == OCTI_CORRELATE)
        code = octi_reduce_finish(&frame->reduce, frame->pool, &frame->schema, err);
    if (code == OCT_OK && kind != OCTI_CORRELATE)
        code = keep_index(frame, err);
    if (code == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

oct_frame *oct_frame_head(oct_frame *from, size_t rows)
{
    return reduce(from, OCTI_COLLECT, NULL, rows);
}

oct_frame *oct_frame_tail(oct_frame *from, size_t rows)
{
    return reduce(from, OCTI_LAST, NULL, rows);
}

/* "`open`, `close`", of the columns of numbers; malloc'ed. */
static char *names_of_numbers(const octi_batch *schema)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    for (size_t i = 0; to && i < schema->count; i++)
        if (schema->columns[i].type == OCT_INT64 || schema->columns[i].type == OCT_DOUBLE)
            fprintf(to, "%s`%s`", ftell(to) > 0 ? ", " : "", schema->names[i]);
    if (to && fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

oct_frame *oct_frame_correlation(oct_frame *from, const char *columns)
{
    char *all = from && !columns ? names_of_numbers(&from->schema) : NULL;
    const char *list = columns ? columns : all;
    oct_frame *frame = NULL;
    if (from && (!list || !*list))
        oct_fail(octi_last_error(), list ? OCT_E_TYPE : OCT_E_NOMEM,
                 list ? "the frame has no columns of numbers to correlate" : "out of memory for a frame");
    else
        frame = reduce(from, OCTI_CORRELATE, list, UINT64_MAX);
    free(all);
    return frame;
}

oct_frame *oct_frame_distinct(oct_frame *from, const char *columns)
{
    return reduce(from, OCTI_DISTINCT, columns, UINT64_MAX);
}

/* `made` of `middle`, which the caller never saw. */
static oct_frame *made_of(oct_frame *made, oct_frame *middle)
{
    oct_frame_destroy(middle);
    return made;
}

oct_frame *oct_frame_largest(oct_frame *from, const char *by, size_t rows)
{
    oct_frame *sorted = oct_frame_sort(from, by);
    return made_of(oct_frame_head(sorted, rows), sorted);
}

oct_frame *oct_frame_value_counts(oct_frame *from, const char *columns)
{
    oct_frame *counts = oct_frame_groupby(from, columns, "count() as count");
    return made_of(oct_frame_sort(counts, "count desc"), counts);
}

static oct_frame *begin_two(oct_frame *from, oct_frame *other, octi_frame_kind kind, const char *text)
{
    oct_frame *frame = other ? begin(from, kind, text, "") : begin(NULL, kind, "", "");
    if (!frame)
        return NULL;
    frame->other = other;
    other->refs++;
    return frame;
}

oct_frame *oct_frame_concat(oct_frame *from, oct_frame *other)
{
    oct_error *err = octi_last_error();
    oct_frame *frame = begin_two(from, other, OCTI_FRAME_CONCAT, "");
    if (frame && octi_batch_concat(&from->schema, 1, &frame->schema, err) == OCT_OK &&
        octi_batch_widen(&frame->schema, &other->schema, err) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

/* Rows of both that match, and after them those of the right side alone. */
static oct_frame *outer_join(oct_frame *left, oct_frame *right, const char *on)
{
    oct_frame *matched = oct_frame_join(left, right, on, OCT_JOIN_LEFT);
    oct_frame *alone = oct_frame_join(right, left, on, OCT_JOIN_ANTI);
    return made_of(made_of(oct_frame_concat(matched, alone), matched), alone);
}

/* Checks the join of no rows, which gives its schema. */
static oct_err join_schema(oct_frame *frame, oct_error *err)
{
    octi_batch none;
    octi_join join;
    oct_err code = octi_batch_concat(&frame->other->schema, 1, &none, err);
    if (code == OCT_OK)
        code = octi_join_init(&join, frame->pool, frame->step.join_kind, frame->step.text, &none, err);
    if (code != OCT_OK)
        return code;
    code = octi_join_run(&join, &frame->schema, err);
    octi_join_deinit(&join);
    return code;
}

oct_frame *oct_frame_join(oct_frame *left, oct_frame *right, const char *on, oct_join_kind kind)
{
    if (kind == OCT_JOIN_OUTER)
        return outer_join(left, right, on);
    oct_error *err = octi_last_error();
    oct_frame *frame = begin_two(left, right, OCTI_FRAME_STEP, on);
    char *none = NULL;
    if (!frame)
        return NULL;
    frame->step.kind = OCTI_JOIN;
    frame->step.join_kind = kind;
    if (copy_texts(on, &frame->step.text, NULL, &none) &&
        octi_batch_concat(&left->schema, 1, &frame->schema, err) == OCT_OK &&
        join_schema(frame, err) == OCT_OK && keep_index(frame, err) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

oct_frame *oct_frame_describe(oct_frame *from)
{
    oct_error *err = octi_last_error();
    char *aggregates = NULL;
    if (!from)
        return begin(from, OCTI_FRAME_DESCRIBE, "", "");
    if (octi_describe_aggregates(&from->schema, &aggregates, err) != OCT_OK)
        return NULL;
    oct_frame *row = oct_frame_groupby(from, "0", aggregates);
    free(aggregates);
    oct_frame *frame = begin(row, OCTI_FRAME_DESCRIBE, "", "");
    oct_frame_destroy(row);
    if (!frame || octi_describe_schema(&frame->schema, err) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

oct_frame *oct_frame_compute(oct_frame *from)
{
    oct_error *err = octi_last_error();
    if (!from)
        return begin(from, OCTI_FRAME_TABLE, "", "");
    oct_frame *frame = octi_frame_create(OCTI_FRAME_TABLE, from->pool, NULL, err);
    if (!frame)
        return NULL;
    if (from->index && !(frame->index = strdup(from->index)))
        oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
    else if (octi_batch_concat(&from->schema, 1, &frame->schema, err) == OCT_OK &&
             octi_frame_run(from, &frame->table, &frame->skipped, err) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

size_t oct_frame_rows(const oct_frame *frame)
{
    return frame ? frame->table.rows : 0;
}

size_t oct_frame_skipped(const oct_frame *frame)
{
    return frame ? frame->skipped : 0;
}

static const octi_column *column_of(const oct_frame *frame, const char *name)
{
    int found = frame && name ? octi_batch_find(&frame->table, name) : -1;
    return found < 0 ? NULL : &frame->table.columns[found];
}

const int64_t *oct_frame_int64s(const oct_frame *frame, const char *name)
{
    const octi_column *column = column_of(frame, name);
    bool fits =
        column && (column->type == OCT_INT64 || column->type == OCT_DATE || column->type == OCT_TIMESTAMP);
    return fits ? column->ints : NULL;
}

const double *oct_frame_doubles(const oct_frame *frame, const char *name)
{
    const octi_column *column = column_of(frame, name);
    return column && column->type == OCT_DOUBLE ? column->doubles : NULL;
}

bool oct_frame_is_null(const oct_frame *frame, const char *name, size_t row)
{
    const octi_column *column = column_of(frame, name);
    return !column || row >= frame->table.rows || !octi_is_valid(column, row);
}

const char *oct_frame_string(const oct_frame *frame, const char *name, size_t row, size_t *size)
{
    const octi_column *column = column_of(frame, name);
    if (oct_frame_is_null(frame, name, row) || column->type != OCT_STRING)
        return NULL;
    *size = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    return column->text + column->offsets[row];
}
