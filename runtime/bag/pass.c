#include <stdlib.h>
#include <string.h>

#include "oct/bag.h"
#include "runtime/bag/pass.h"
#include "runtime/bag/json.h"
#include "runtime/bag/spill.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

/* A step of this pass: the block it makes, and whom it calls. */
typedef struct pass_step {
    octi_rows out;
    octi_caller caller;
} pass_step;

struct octi_pass {
    const octi_stage_plan *plan;
    octi_collector collector;
    pass_step steps[OCTI_STEPS];
    uint64_t seed, seen;
    bool failed; /* out of memory */
};

/* Where the running task's oct_emit goes. Saved around each call: a task that waits may run others. */
static __thread octi_rows *emitted;

oct_err octi_caller_init(octi_caller *caller, uint32_t task, oct_error *err)
{
    *caller = (octi_caller){.task = octi_registry_at(task)};
    if (!caller->task)
        return oct_fail(err, OCT_E_PROTOCOL, "there is no task %u", task);
    caller->args = calloc(1, caller->task->args_size + 1);
    return caller->args ? OCT_OK
                        : oct_fail(err, OCT_E_NOMEM, "out of memory to call '%s'", caller->task->name);
}

void octi_caller_deinit(octi_caller *caller)
{
    free(caller->args);
    *caller = (octi_caller){0};
}

static void call_on(octi_caller *caller, const octi_rows *block, size_t row, void *result)
{
    for (uint32_t f = 0; f < caller->task->param_count; f++)
        memcpy(caller->args + caller->task->params[f].offset, octi_rows_at(block, f, row),
               block->shape.fields[f].size);
    caller->task->run(caller->args, result);
}

/* What a task gave away is copied into the block's memory. */
static void adopt(octi_rows *out, const octi_type *type, void *value)
{
    octi_field field = octi_field_of(type);
    char given[sizeof(oct_bytes)];
    memcpy(given, value, field.size);
    octi_rows_own(out, field, value);
    if (type->kind != OCTI_CSTRING)
        octi_value_release(type, given);
}

/* A result for each record, at the first field of `out`. */
static void call_on_all(octi_caller *caller, const octi_rows *block, octi_rows *out)
{
    const oct_task *task = caller->task;
    bool plain = octi_field_is_plain(octi_field_of(&task->result));
    if (plain && task->param_count == 1) { /* the task's own loop, which vectorises */
        octi_loop loop = {
            .args = caller->args, .in = block->values[0], .out = out->values[0], .count = block->count};
        task->loop(&loop);
        return;
    }
    for (size_t i = 0; i < block->count; i++) {
        void *result = octi_rows_at(out, 0, i);
        call_on(caller, block, i, result);
        if (!plain)
            adopt(out, &task->result, result);
    }
}

static void run_filter(octi_caller *caller, const octi_rows *block, octi_rows *out)
{
    bool keep[OCTI_BLOCK];
    octi_rows kept = {.shape = {1, {{OCTI_BOOL, sizeof(bool)}}}, .values = {(char *)keep}};
    uint32_t index[OCTI_BLOCK];
    size_t count = 0;
    call_on_all(caller, block, &kept);
    for (size_t i = 0; i < block->count; i++) {
        index[count] = (uint32_t)i;
        count += keep[i];
    }
    for (uint32_t f = 0; f < block->shape.count; f++) {
        uint32_t size = block->shape.fields[f].size;
        for (size_t i = 0; i < count; i++)
            memcpy(out->values[f] + i * size, octi_rows_at(block, f, index[i]), size);
    }
    out->count = count;
}

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) of the record's place: the same sample on every pool. */
static double fraction_at(uint64_t seed, uint64_t place)
{
    uint64_t x = seed + (place + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

static void run_sample(octi_pass *pass, const octi_bag_step *step, const octi_rows *block, octi_rows *out)
{
    for (size_t i = 0; i < block->count; i++, pass->seen++) {
        if (fraction_at(step->seed ^ (pass->seed << 40), pass->seen) >= step->fraction)
            continue;
        for (uint32_t f = 0; f < block->shape.count; f++)
            memcpy(octi_rows_at(out, f, out->count), octi_rows_at(block, f, i), block->shape.fields[f].size);
        out->count++;
    }
}

/* Moves all fields of the block to the fields from `to` on; `skip` of them are left out. */
static void shift(const octi_rows *block, uint32_t skip, octi_rows *out, uint32_t to)
{
    for (uint32_t f = skip; f < block->shape.count; f++)
        memcpy(octi_rows_at(out, to + f - skip, 0), octi_rows_at(block, f, 0),
               block->count * block->shape.fields[f].size);
}

static void run_step(octi_pass *pass, const octi_bag_step *step, pass_step *self, const octi_rows *block)
{
    octi_rows *out = &self->out;
    octi_rows_clear(out);
    if (!octi_rows_reserve(out, OCTI_BLOCK)) /* of views, and they have at most so many */
        return;
    if (step->kind == OCTI_DO_SAMPLE) {
        run_sample(pass, step, block, out);
        return;
    }
    if (step->kind == OCTI_DO_FILTER) {
        run_filter(&self->caller, block, out);
        return;
    }
    if (step->kind == OCTI_DO_MAP || step->kind == OCTI_DO_KEY)
        call_on_all(&self->caller, block, out);
    else if (step->kind == OCTI_DO_JSON)
        octi_json_lines(block, out);
    if (step->kind == OCTI_DO_KEY)
        shift(block, 0, out, 1);
    else if (step->kind == OCTI_DO_UNKEY)
        shift(block, 1, out, 0);
    out->count = block->count;
}

static void push_from(octi_pass *pass, uint32_t first, const octi_rows *block);

/* The records that tasks emit, in blocks, to the steps that follow. */
static void push_emitted(octi_pass *pass, uint32_t next, octi_rows *all)
{
    octi_rows view = {.shape = all->shape};
    for (size_t i = 0; i < all->count; i += view.count) {
        view.count = all->count - i < OCTI_BLOCK ? all->count - i : OCTI_BLOCK;
        view.values[0] = octi_rows_at(all, 0, i);
        push_from(pass, next, &view);
    }
    octi_rows_clear(all);
}

static void run_flat_map(octi_pass *pass, uint32_t which, const octi_rows *block)
{
    pass_step *self = &pass->steps[which];
    for (size_t i = 0; i < block->count; i++) {
        octi_rows *outer = emitted;
        emitted = &self->out;
        call_on(&self->caller, block, i, NULL);
        emitted = outer;
        if (self->out.count >= OCTI_BLOCK)
            push_emitted(pass, which + 1, &self->out);
    }
    push_emitted(pass, which + 1, &self->out);
    pass->failed = pass->failed || self->out.failed;
}

void octi_emit(const void *value, octi_kind kind, size_t size)
{
    octi_field field = {kind == OCTI_STRING ? OCTI_CSTRING : kind, (uint32_t)size};
    octi_rows *to = emitted;
    if (!to) {
        oct_fail(oct_task_error(), OCT_E_STATE, "oct_emit outside of a task of oct_bag_flat_map");
    } else if (!octi_field_same(field, to->shape.fields[0])) {
        char wanted[64], given[64];
        octi_shape one = {1, {field}};
        octi_shape_describe(&to->shape, wanted, sizeof(wanted));
        octi_shape_describe(&one, given, sizeof(given));
        oct_fail(oct_task_error(), OCT_E_TYPE, "a %s was emitted into a bag of %s", given, wanted);
    } else if (octi_rows_reserve(to, 1)) {
        memcpy(octi_rows_at(to, 0, to->count), value, size);
        octi_rows_own(to, field, octi_rows_at(to, 0, to->count));
        to->count++;
    }
}

static void push_from(octi_pass *pass, uint32_t first, const octi_rows *block)
{
    for (uint32_t s = first; s < pass->plan->count && block->count > 0; s++) {
        if (pass->plan->steps[s].kind == OCTI_DO_FLAT_MAP) {
            run_flat_map(pass, s, block);
            return;
        }
        run_step(pass, &pass->plan->steps[s], &pass->steps[s], block);
        block = &pass->steps[s].out;
        pass->failed = pass->failed || block->failed;
        if (octi_pass_is_over(pass))
            return;
    }
    if (block->count > 0)
        octi_collector_add(&pass->collector, block);
}

void octi_pass_push(octi_pass *pass, const octi_rows *block)
{
    push_from(pass, 0, block);
}

bool octi_pass_is_over(const octi_pass *pass)
{
    const octi_sink *sink = pass->collector.sink;
    return pass->failed || pass->collector.rows.failed || oct_task_error()->code != OCT_OK ||
           oct_task_cancelled() || (sink->kind == OCTI_KEEP && pass->collector.rows.count >= sink->limit);
}

static oct_err pass_init(octi_pass *pass, const octi_stage_plan *plan, oct_error *err)
{
    pass->plan = plan;
    oct_err code = octi_collector_init(&pass->collector, &plan->sink, err);
    for (uint32_t s = 0; code == OCT_OK && s < plan->count; s++) {
        const octi_bag_step *step = &plan->steps[s];
        if ((code = octi_shape_check(&step->out, err)) != OCT_OK)
            break;
        octi_rows_init(&pass->steps[s].out, &step->out);
        if (step->kind <= OCTI_DO_KEY)
            code = octi_caller_init(&pass->steps[s].caller, step->task, err);
    }
    return code;
}

static void pass_deinit(octi_pass *pass)
{
    octi_collector_deinit(&pass->collector);
    for (uint32_t s = 0; s < OCTI_STEPS; s++) {
        octi_rows_deinit(&pass->steps[s].out);
        octi_caller_deinit(&pass->steps[s].caller);
    }
}

oct_err octi_pass_run(const octi_stage_plan *plan, const octi_source *source, const char *path,
                      const octi_rows *a, const octi_rows *b, octi_bag_part *out, oct_error *err)
{
    octi_pass *pass = plan->count <= OCTI_STEPS ? calloc(1, sizeof(*pass)) : NULL;
    if (!pass)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a pass over a bag");
    pass->seed = source->seed;
    oct_err code = octi_shape_check(&source->shape, err);
    if (code == OCT_OK)
        code = pass_init(pass, plan, err);
    if (code == OCT_OK)
        code = octi_source_read(source, path, a, b, pass, err);
    if (code == OCT_OK && pass->failed)
        code = octi_spill_fail(err, "the records of a bag");
    if (code == OCT_OK && (code = err->code) == OCT_OK)
        code = octi_collector_finish(&pass->collector, plan->sink.ranged ? b : NULL, out, err);
    pass_deinit(pass);
    free(pass);
    return code;
}
