#include <stdlib.h>
#include <string.h>

#include "runtime/bag/graph.h"
#include "runtime/bag/spill.h"
#include "runtime/exec/failure.h"

void octi_parts_deinit(octi_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->reads_memory && parts->list[i])
            (void)oct_wait(parts->list[i], OCT_FOREVER);
        oct_release(parts->list[i]);
    }
    free(parts->list);
    *parts = (octi_parts){0};
}

oct_err octi_parts_add(octi_parts *parts, oct_future *future, oct_error *err)
{
    if (!future) {
        if (err != octi_last_error())
            *err = *oct_last_error();
        return err->code;
    }
    if ((parts->count & (parts->count - 1)) == 0) { /* room for the next power of two */
        size_t room = parts->count ? 2 * parts->count : 1;
        oct_future **list = realloc(parts->list, room * sizeof(oct_future *));
        if (!list) {
            oct_release(future);
            return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu parts of a bag", room);
        }
        parts->list = list;
    }
    parts->list[parts->count++] = future;
    return OCT_OK;
}

oct_err octi_bag_plan(const oct_bag *bag, const octi_sink *sink, octi_stage_plan *plan, const oct_bag **base,
                      oct_error *err)
{
    uint32_t count = 0;
    const oct_bag *at = bag;
    for (; at->kind == OCTI_BAG_STEP; at = at->from)
        count++;
    if (count > OCTI_STEPS)
        return oct_hint(
            (oct_fail(err, OCT_E_UNSUPPORTED, "%u steps are more than the %d of a pass", count, OCTI_STEPS),
             err),
            "put oct_bag_repartition or oct_bag_compute in between");
    *plan = (octi_stage_plan){.count = count, .sink = *sink};
    *base = at;
    for (at = bag; at->kind == OCTI_BAG_STEP; at = at->from)
        plan->steps[--count] = at->step;
    return OCT_OK;
}

static oct_err start_pass(const oct_bag *bag, const octi_stage_plan *plan, octi_input *input, octi_parts *out,
                          oct_error *err)
{
    oct_err code = octi_parts_add(out, octi_bag_pass_start(bag->pool, plan, input), err);
    octi_bag_part_deinit(&input->here);
    return code;
}

uint32_t octi_bucket_count(size_t parts)
{
    return (uint32_t)(parts < OCTI_BUCKETS ? parts : OCTI_BUCKETS);
}

static void spread_over(octi_stage_plan *plan, size_t parts)
{
    if (plan->sink.buckets == OCTI_SPREAD)
        plan->sink.buckets = octi_bucket_count(parts);
}

/* A pass over each part of a source, from one to before another. */
static oct_err run_source(const oct_bag *bag, octi_stage_plan *plan, size_t first, size_t end,
                          octi_parts *out, oct_error *err)
{
    oct_err code = OCT_OK;
    spread_over(plan, octi_source_parts(bag));
    for (size_t i = first; code == OCT_OK && i < end; i++) {
        octi_input input;
        code = octi_source_part(bag, i, &input, err);
        if (code != OCT_OK)
            break;
        out->reads_memory |= input.source.kind == OCTI_FROM_MEMORY;
        code = start_pass(bag, plan, &input, out, err);
    }
    return code;
}

/* A pass over each pair of parts. */
static oct_err run_product(const oct_bag *bag, octi_stage_plan *plan, octi_parts *out, oct_error *err)
{
    octi_parts a = {0}, b = {0};
    octi_sink keep_a = octi_sink_keep(&bag->from->shape), keep_b = octi_sink_keep(&bag->with->shape);
    bool same = bag->from == bag->with;
    oct_err code = octi_bag_parts(bag->from, &keep_a, &a, err);
    if (code == OCT_OK && !same)
        code = octi_bag_parts(bag->with, &keep_b, &b, err);
    const octi_parts *with = same ? &a : &b;
    spread_over(plan, a.count * with->count);
    for (size_t i = 0; code == OCT_OK && i < a.count; i++)
        for (size_t k = 0; code == OCT_OK && k < with->count; k++) {
            octi_input input = {
                .source = {.kind = OCTI_FROM_PRODUCT, .shape = bag->shape, .seed = out->count},
                .a = a.list[i],
                .b = with->list[k]};
            code = start_pass(bag, plan, &input, out, err);
        }
    octi_parts_deinit(&a);
    octi_parts_deinit(&b);
    return code;
}

/* A pass over what a shuffle gave; none where there is nothing left to do. */
static oct_err run_shuffled(const oct_bag *bag, octi_stage_plan *plan, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0};
    oct_err code = octi_bag_shuffle(bag, &parts, err);
    if (code == OCT_OK && plan->count == 0 && plan->sink.kind == OCTI_KEEP &&
        plan->sink.limit == UINT64_MAX && plan->sink.buckets < 2) {
        *out = parts;
        return OCT_OK;
    }
    spread_over(plan, parts.count);
    for (size_t i = 0; code == OCT_OK && i < parts.count; i++) {
        octi_input input = {.source = {.kind = OCTI_FROM_PART, .shape = bag->shape, .seed = i},
                            .a = parts.list[i]};
        code = start_pass(bag, plan, &input, out, err);
    }
    octi_parts_deinit(&parts);
    return code;
}

bool octi_bag_is_source(const oct_bag *bag)
{
    return bag->kind <= OCTI_BAG_TABLE;
}

oct_err octi_bag_wave(const oct_bag *bag, const octi_sink *sink, size_t *first, size_t count, octi_parts *out,
                      oct_error *err)
{
    octi_stage_plan plan;
    const oct_bag *base;
    oct_err code = octi_bag_plan(bag, sink, &plan, &base, err);
    if (code != OCT_OK)
        return code;
    if (!octi_bag_is_source(base)) {
        *first = SIZE_MAX;
        return octi_bag_parts(bag, sink, out, err);
    }
    size_t parts = octi_source_parts(base), end = count < parts - *first ? *first + count : parts;
    code = run_source(base, &plan, *first, end, out, err);
    *first = end < parts ? end : SIZE_MAX;
    return code;
}

oct_err octi_bag_parts(const oct_bag *bag, const octi_sink *sink, octi_parts *out, oct_error *err)
{
    octi_stage_plan plan;
    const oct_bag *base;
    octi_parts made = {0};
    oct_err code = octi_bag_plan(bag, sink, &plan, &base, err);
    if (code != OCT_OK)
        return code;
    if (octi_bag_is_source(base))
        code = run_source(base, &plan, 0, octi_source_parts(base), &made, err);
    else if (base->kind == OCTI_BAG_PRODUCT)
        code = run_product(base, &plan, &made, err);
    else
        code = run_shuffled(base, &plan, &made, err);
    if (code != OCT_OK)
        octi_parts_deinit(&made);
    else
        *out = made;
    return code;
}

/* One level of the tree; a merge of nothing is an empty part. */
static oct_err merge_level(oct_pool *pool, const octi_sink *sink, const octi_parts *parts, octi_parts *out,
                           oct_error *err)
{
    if (parts->count == 0)
        return octi_parts_add(out, octi_bag_merge_start(pool, sink, NULL, 0), err);
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < parts->count; i += OCTI_WAYS) {
        size_t count = parts->count - i < OCTI_WAYS ? parts->count - i : OCTI_WAYS;
        code = octi_parts_add(out, octi_bag_merge_start(pool, sink, parts->list + i, count), err);
    }
    return code;
}

oct_err octi_parts_merge(oct_pool *pool, const octi_sink *sink, octi_parts *parts, oct_future **out,
                         oct_error *err)
{
    octi_sink merging = *sink,
              keep = octi_sink_keep(sink->kind == OCTI_SORTED || sink->kind == OCTI_GROUP ? &sink->in
                                                                                          : &sink->out);
    bool at_once = sink->kind >= OCTI_SORTED; /* a sort of what is sorted, a table of tables save nothing */
    merging.buckets = 0;
    octi_parts level = *parts;
    *parts = (octi_parts){0};
    oct_err code = OCT_OK;
    while (code == OCT_OK && level.count != 1) {
        octi_parts next = {0};
        code = merge_level(pool, at_once && level.count > OCTI_WAYS ? &keep : &merging, &level, &next, err);
        octi_parts_deinit(&level);
        level = next;
    }
    if (code == OCT_OK) {
        *out = level.list[0];
        level.count = 0;
    }
    octi_parts_deinit(&level);
    return code;
}

oct_err octi_part_home(oct_future **future, octi_bag_part *out, oct_error *err)
{
    oct_err code = oct_result(*future, out);
    if (code == OCT_OK) {
        *future = NULL;
        oct_error lost;
        if (octi_bag_part_check(out, err ? err : &lost) == OCT_OK)
            return OCT_OK;
        code = out->lost->code;
        octi_bag_part_deinit(out);
        return code;
    }
    const oct_failure *failure = oct_future_failure(*future);
    if (err && failure)
        *err = failure->error;
    else if (err && err != octi_last_error())
        *err = *oct_last_error();
    return code;
}

oct_err octi_bag_home(const oct_bag *bag, const octi_sink *sink, octi_rows *out, oct_error *err)
{
    octi_parts parts = {0};
    octi_rows all;
    octi_rows_init(&all, &sink->out);
    oct_err code = octi_bag_parts(bag, sink, &parts, err);
    if (code == OCT_OK && sink->kind != OCTI_KEEP) {
        oct_future *merged;
        code = octi_parts_merge(bag->pool, sink, &parts, &merged, err);
        if (code == OCT_OK)
            code = octi_parts_add(&parts, merged, err);
    }
    for (size_t i = 0; code == OCT_OK && i < parts.count; i++) {
        octi_bag_part part;
        code = octi_part_home(&parts.list[i], &part, err);
        if (code != OCT_OK)
            break;
        if (parts.count == 1) {
            all = part.rows;
            part.rows = (octi_rows){0};
        } else {
            octi_rows_append(&all, &part.rows, 0, part.rows.count);
        }
        octi_bag_part_deinit(&part);
        if (all.failed)
            code = octi_spill_fail(err, "the records of a bag");
    }
    octi_parts_deinit(&parts);
    if (code == OCT_OK)
        *out = all;
    else
        octi_rows_deinit(&all);
    return code;
}
