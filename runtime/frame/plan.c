/* What happens to each chunk on the way to a frame: steps fused, columns narrowed. */
#include <stdlib.h>
#include <string.h>

#include "runtime/frame/expr.h"
#include "runtime/frame/frame.h"

typedef struct names {
    char **list;
    size_t count;
    bool failed;
} names;

static void see(const char *name, void *ctx)
{
    names *seen = ctx;
    char **list = realloc(seen->list, (seen->count + 1) * sizeof(*list));
    if (list)
        seen->list = list;
    char *copy = list ? strdup(name) : NULL;
    if (copy)
        list[seen->count++] = copy;
    else
        seen->failed = true;
}

static oct_err see_items(const char *text, names *seen, oct_error *err)
{
    octi_items items;
    oct_err code = octi_items_parse(text, &items, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < items.count; i++)
        octi_expr_columns(items.list[i].expr, see, seen);
    octi_items_deinit(&items);
    return OCT_OK;
}

/* Every column of the source that is named anywhere; all, where the rows that come out have all. */
static oct_err needed_columns(const octi_stage *stage, const octi_batch *schema, names *seen, oct_error *err)
{
    const octi_reduce *reduce = &stage->reduce;
    oct_err code = OCT_OK;
    bool all = reduce->kind != OCTI_GROUP && reduce->kind != OCTI_CORRELATE;
    for (size_t i = 0; code == OCT_OK && i < stage->count; i++) {
        code = see_items(stage->steps[i].text, seen, err);
        if (stage->steps[i].on)
            see(stage->steps[i].on, seen);
        all = all && stage->steps[i].kind != OCTI_SELECT;
    }
    if (code == OCT_OK && (reduce->kind == OCTI_GROUP || reduce->kind == OCTI_CORRELATE))
        code = see_items(reduce->keys, seen, err);
    if (code == OCT_OK && reduce->kind == OCTI_GROUP)
        code = see_items(reduce->aggregates, seen, err);
    for (size_t i = 0; code == OCT_OK && all && i < schema->count; i++)
        see(schema->names[i], seen);
    return code == OCT_OK && seen->failed ? oct_fail(err, OCT_E_NOMEM, "out of memory for a plan") : code;
}

static oct_err copy_text(const char *text, char **out, oct_error *err)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? oct_fail(err, OCT_E_NOMEM, "out of memory for a plan") : OCT_OK;
}

static oct_err copy_reduce(const oct_frame *frame, octi_reduce *to, oct_error *err)
{
    to->kind = frame->reduce.kind;
    to->limit = frame->reduce.limit;
    oct_err code = copy_text(frame->reduce.keys, &to->keys, err);
    return code == OCT_OK ? copy_text(frame->reduce.aggregates, &to->aggregates, err) : code;
}

/* What a frame reduces, and how: the first rows of a sorted frame need no sorting of all. */
static oct_err plan_reduce(const oct_frame *frame, octi_reduce *to, const oct_frame **last, oct_error *err)
{
    *to = (octi_reduce){.limit = UINT64_MAX};
    *last = frame;
    if (frame->kind != OCTI_FRAME_REDUCE)
        return OCT_OK;
    *last = frame->from;
    if (frame->reduce.kind != OCTI_COLLECT || frame->from->kind != OCTI_FRAME_SORT)
        return copy_reduce(frame, to, err);
    *to = (octi_reduce){.kind = OCTI_TOP, .limit = frame->reduce.limit};
    *last = frame->from->from;
    return copy_text(frame->from->reduce.keys, &to->keys, err);
}

static oct_err plan_steps(const oct_frame *last, octi_stage *stage, const oct_frame **source, oct_error *err)
{
    const oct_frame *at = last;
    size_t count = 0;
    while (at->kind == OCTI_FRAME_STEP) {
        bool rolls = at->step.kind == OCTI_ROLLING; /* needs the rows before each row, in chunks of its own */
        at = at->from;
        count++;
        if (rolls)
            break;
    }
    *source = at;
    stage->steps = calloc(count + 1, sizeof(*stage->steps));
    if (!stage->steps)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a plan");
    stage->count = count;
    oct_err code = OCT_OK;
    for (at = last; code == OCT_OK && at != *source; at = at->from) {
        octi_step *to = &stage->steps[--count];
        to->kind = at->step.kind;
        to->sliced = at->step.sliced;
        to->low = at->step.low;
        to->high = at->step.high;
        if ((code = copy_text(at->step.text, &to->text, err)) == OCT_OK)
            code = copy_text(at->step.name, &to->name, err);
        if (code == OCT_OK)
            code = copy_text(at->step.on, &to->on, err);
    }
    return code;
}

oct_err octi_frame_plan(const oct_frame *frame, octi_stage *stage, const oct_frame **source, oct_error *err)
{
    octi_stage made = {0};
    const oct_frame *last, *at = NULL;
    names seen = {0};
    oct_err code = plan_reduce(frame, &made.reduce, &last, err);
    if (code == OCT_OK)
        code = plan_steps(last, &made, &at, err);
    if (code == OCT_OK)
        code = needed_columns(&made, &at->schema, &seen, err);
    made.columns = seen.list;
    made.column_count = seen.count;
    if (code == OCT_OK && at->kind == OCTI_FRAME_FILES)
        code = octi_format_narrow(&at->format, seen.list, seen.count, &made.format, err);
    if (code != OCT_OK) {
        octi_stage_deinit(&made);
        return code;
    }
    *stage = made;
    *source = at;
    return OCT_OK;
}

/* Computes the table of a join, which travels with the stage from here on. */
static oct_err prepare_join(const oct_frame *frame, octi_step *step, size_t *skipped, oct_error *err)
{
    octi_batch table;
    size_t lines = 0;
    oct_err code = octi_frame_run(frame->other, &table, &lines, err);
    if (code != OCT_OK)
        return code;
    *skipped += lines;
    step->join = calloc(1, sizeof(*step->join));
    if (step->join)
        return octi_join_init(step->join, frame->pool, frame->step.join_kind, step->text, &table, err);
    octi_batch_deinit(&table);
    return oct_fail(err, OCT_E_NOMEM, "out of memory for a join");
}

oct_err octi_frame_prepare(const oct_frame *frame, octi_stage *stage, const oct_frame **source,
                           size_t *skipped, oct_error *err)
{
    oct_err code = octi_frame_plan(frame, stage, source, err);
    if (code != OCT_OK)
        return code;
    const oct_frame *at = frame;
    while (at->kind != OCTI_FRAME_STEP && at != *source)
        at = at->from;
    for (size_t i = stage->count; code == OCT_OK && i-- > 0; at = at->from)
        if (at->step.kind == OCTI_JOIN)
            code = prepare_join(at, &stage->steps[i], skipped, err);
    if (code != OCT_OK)
        octi_stage_deinit(stage);
    return code;
}
