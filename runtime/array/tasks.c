#include "runtime/array/tasks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array/blas.h"
#include "runtime/array/memory.h"
#include "runtime/array/reduce.h"
#include "runtime/exec/failure.h"

static oct_doubles make(uint64_t count)
{
    double *data = octi_array_doubles_make(count, oct_task_error());
    return data ? (oct_doubles){data, count} : (oct_doubles){0};
}

static oct_doubles copy(oct_doubles from)
{
    oct_doubles out = make(from.count);
    if (out.data && from.count > 0)
        memcpy(out.data, from.data, from.count * sizeof(double));
    return out;
}

/* What another rank sends is not to be trusted: a plan that asks for more than its chunks have fails. */
static oct_doubles misfit(const char *what)
{
    oct_fail(oct_task_error(), OCT_E_PROTOCOL, "a plan to %s chunks does not fit them", what);
    return (oct_doubles){0};
}

/* True when a rectangle of so many rows, that far apart, ends within so many elements. */
static bool fits(uint64_t rows, uint64_t columns, uint64_t skip, uint64_t width, uint64_t count)
{
    uint64_t last;
    return rows == 0 || (columns <= width && skip <= count && columns <= count &&
                         !__builtin_mul_overflow(rows - 1, width, &last) && last <= count - columns &&
                         skip <= count - columns - last);
}

static bool is_product(uint64_t count, uint64_t a, uint64_t b)
{
    uint64_t product;
    return !__builtin_mul_overflow(a, b, &product) && product == count;
}

OCT_TASK(oct_doubles, octi_array_pass, oct_bytes, program, octi_array_place, place, oct_doubles, a,
         oct_doubles, b, oct_doubles, c, oct_doubles, d, oct_doubles, e, oct_doubles, f)
{
    const oct_doubles inputs[OCTI_ARRAY_INPUTS] = {a, b, c, d, e, f};
    oct_doubles out = {0};
    if (octi_array_program_run(program.data, program.size, &place, inputs, &out, oct_task_error()) != OCT_OK)
        out = (oct_doubles){0};
    return out;
}

OCT_TASK(oct_doubles, octi_array_hold, oct_doubles, values)
{
    return copy(values);
}

OCT_TASK(oct_doubles, octi_array_copy, oct_doubles, values)
{
    return copy(values);
}

OCT_TASK(oct_doubles, octi_array_cut, octi_array_cut_plan, plan, oct_doubles, from)
{
    uint64_t skip;
    if (__builtin_mul_overflow(plan.row, plan.width, &skip) ||
        __builtin_add_overflow(skip, plan.column, &skip) || plan.column > plan.width ||
        plan.columns > plan.width - plan.column ||
        !fits(plan.rows, plan.columns, skip, plan.width, from.count))
        return misfit("cut");
    oct_doubles out = make(plan.rows * plan.columns);
    for (uint64_t r = 0; out.count > 0 && r < plan.rows; r++)
        memcpy(out.data + r * plan.columns, from.data + (plan.row + r) * plan.width + plan.column,
               plan.columns * sizeof(double));
    return out;
}

typedef struct octi_array_join_plan {
    uint64_t rows;
    uint32_t count;
} octi_array_join_plan;

OCT_TASK(oct_doubles, octi_array_join, octi_array_join_plan, plan, oct_doubles, a, oct_doubles, b,
         oct_doubles, c, oct_doubles, d, oct_doubles, e, oct_doubles, f, oct_doubles, g)
{
    const oct_doubles parts[OCTI_ARRAY_JOINED] = {a, b, c, d, e, f, g};
    uint64_t count = 0;
    if (plan.rows == 0 || plan.count > OCTI_ARRAY_JOINED)
        return misfit("join");
    for (uint32_t p = 0; p < plan.count; p++) {
        if (parts[p].count % plan.rows != 0)
            return misfit("join");
        count += parts[p].count;
    }
    oct_doubles out = make(count);
    double *to = out.data;
    for (uint64_t r = 0; out.count > 0 && r < plan.rows; r++)
        for (uint32_t p = 0; p < plan.count; p++) {
            uint64_t width = parts[p].count / plan.rows;
            if (width > 0)
                memcpy(to, parts[p].data + r * width, width * sizeof(double));
            to += width;
        }
    return out;
}

OCT_TASK(oct_doubles, octi_array_merge, octi_array_merge_plan, plan, oct_doubles, a, oct_doubles, b,
         oct_doubles, c, oct_doubles, d, oct_doubles, e, oct_doubles, f, oct_doubles, g)
{
    const oct_doubles parts[OCTI_ARRAY_JOINED] = {a, b, c, d, e, f, g};
    if (plan.parts > OCTI_ARRAY_JOINED || plan.results > UINT64_MAX / 2 / sizeof(double))
        return misfit("merge");
    for (uint32_t p = 0; p < plan.parts; p++)
        if (parts[p].count != octi_array_part_size(plan.reduction.kind, plan.results))
            return misfit("merge");
    oct_doubles out = make(octi_array_part_size(plan.reduction.kind, plan.results));
    if (!out.data)
        return out;
    octi_array_part all = octi_array_part_over(plan.reduction.kind, plan.results, out.data);
    octi_array_part_begin(&all);
    for (uint32_t p = 0; p < plan.parts; p++) {
        octi_array_part part = octi_array_part_over(plan.reduction.kind, plan.results, parts[p].data);
        octi_array_part_merge(&all, &part);
    }
    if (plan.finish) {
        octi_array_part_finish(&all, plan.reduction.count);
        out.count = plan.results;
    }
    return out;
}

OCT_TASK(oct_doubles, octi_array_product, octi_array_product_plan, plan, oct_doubles, sum, oct_doubles, a0,
         oct_doubles, b0, oct_doubles, a1, oct_doubles, b1, oct_doubles, a2, oct_doubles, b2)
{
    const oct_doubles a[OCTI_SUMMA_STEPS] = {a0, a1, a2}, b[OCTI_SUMMA_STEPS] = {b0, b1, b2};
    bool fit = !plan.more || is_product(sum.count, plan.rows, plan.columns);
    for (int p = 0; p < OCTI_SUMMA_STEPS && plan.inner[p] > 0; p++)
        fit = fit && is_product(a[p].count, plan.rows, plan.inner[p]) &&
              is_product(b[p].count, plan.inner[p], plan.columns);
    if (!fit || plan.rows > UINT32_MAX || plan.columns > UINT32_MAX)
        return misfit("multiply");
    oct_doubles out = plan.more ? copy(sum) : make(plan.rows * plan.columns);
    bool more = plan.more;
    for (int p = 0; out.data && p < OCTI_SUMMA_STEPS && plan.inner[p] > 0; p++) {
        octi_product product = {.rows = plan.rows,
                                .columns = plan.columns,
                                .inner = plan.inner[p],
                                .a = a[p].data,
                                .b = b[p].data,
                                .turned_a = plan.turned_a,
                                .turned_b = plan.turned_b,
                                .more = more};
        if (octi_blas_multiply(&product, out.data, oct_task_error()) != OCT_OK) {
            free(out.data);
            return (oct_doubles){0};
        }
        more = true;
    }
    if (out.data && !more)
        memset(out.data, 0, out.count * sizeof(double));
    return out;
}

/* ---- starting them ---- */

/* The chunk to be, and what has to move for it. */
static octi_array_chunk *expect(octi_array_run *run, int node, uint64_t elements,
                                octi_array_chunk *const *inputs, size_t count)
{
    octi_array_chunk *chunk = malloc(sizeof(*chunk));
    if (!chunk) {
        oct_fail(run->err, OCT_E_NOMEM, "out of memory for an array");
        return NULL;
    }
    *chunk = (octi_array_chunk){.references = 1, .node = node, .elements = elements};
    run->pass_tasks++;
    for (size_t i = 0; i < count; i++)
        if (inputs[i] && inputs[i]->node != node)
            run->pass_moved += inputs[i]->elements * sizeof(double);
    return chunk;
}

static octi_array_chunk *started(octi_array_run *run, octi_array_chunk *chunk, oct_future *future)
{
    if (future) {
        chunk->future = future;
        return chunk;
    }
    *run->err = *oct_last_error();
    free(chunk);
    return NULL;
}

/* Where there is one node, whoever has time. */
static oct_options on(const octi_array_run *run, int node)
{
    return (oct_options){.node = run->nodes > 1 ? node + 1 : 0};
}

static oct_future *future_of(const octi_array_chunk *chunk)
{
    return chunk ? chunk->future : NULL;
}

octi_array_chunk *octi_array_start_pass(octi_array_run *run, int node, uint64_t elements,
                                        const oct_bytes *program, const octi_array_place *place,
                                        octi_array_chunk *const inputs[OCTI_ARRAY_INPUTS])
{
    octi_array_chunk *chunk = expect(run, node, elements, inputs, OCTI_ARRAY_INPUTS);
    if (!chunk || run->dry)
        return chunk;
    struct octi__args_octi_array_pass args = {.program = *program, .place = *place};
    oct_future *futures[2 + OCTI_ARRAY_INPUTS] = {0};
    for (int i = 0; i < OCTI_ARRAY_INPUTS; i++)
        futures[2 + i] = future_of(inputs[i]);
    oct_options options = on(run, node);
    return started(
        run, chunk,
        octi_submit(run->pool, &options, &octi__task_octi_array_pass, &args, futures, 2 + OCTI_ARRAY_INPUTS));
}

octi_array_chunk *octi_array_start_hold(octi_array_run *run, int node, const oct_doubles *values)
{
    octi_array_chunk *chunk = expect(run, node, values->count, NULL, 0);
    if (chunk && node != 0)
        run->pass_moved += values->count * sizeof(double);
    if (!chunk || run->dry)
        return chunk;
    oct_options options = on(run, node);
    return started(run, chunk, oct_submit_with(run->pool, &options, octi_array_hold, *values));
}

octi_array_chunk *octi_array_start_copy(octi_array_run *run, int node, octi_array_chunk *of)
{
    octi_array_chunk *chunk = expect(run, node, of->elements, &of, 1);
    if (!chunk || run->dry)
        return chunk;
    oct_options options = on(run, node);
    return started(run, chunk, oct_submit_with(run->pool, &options, octi_array_copy, of->future));
}

octi_array_chunk *octi_array_start_cut(octi_array_run *run, octi_array_chunk *of,
                                       const octi_array_cut_plan *plan)
{
    octi_array_chunk *chunk = expect(run, of->node, plan->rows * plan->columns, &of, 1);
    if (!chunk || run->dry)
        return chunk;
    oct_options options = on(run, of->node);
    return started(run, chunk, oct_submit_with(run->pool, &options, octi_array_cut, *plan, of->future));
}

octi_array_chunk *octi_array_start_join(octi_array_run *run, int node, uint64_t rows,
                                        octi_array_chunk *const *chunks, size_t count)
{
    uint64_t elements = 0;
    for (size_t i = 0; i < count; i++)
        elements += chunks[i]->elements;
    octi_array_chunk *chunk = expect(run, node, elements, chunks, count);
    if (!chunk || run->dry)
        return chunk;
    struct octi__args_octi_array_join args = {.plan = {rows, (uint32_t)count}};
    oct_future *futures[1 + OCTI_ARRAY_JOINED] = {0};
    for (size_t i = 0; i < count; i++)
        futures[1 + i] = chunks[i]->future;
    oct_options options = on(run, node);
    return started(
        run, chunk,
        octi_submit(run->pool, &options, &octi__task_octi_array_join, &args, futures, 1 + OCTI_ARRAY_JOINED));
}

octi_array_chunk *octi_array_start_merge(octi_array_run *run, int node, const octi_array_merge_plan *plan,
                                         octi_array_chunk *const *parts)
{
    uint64_t elements =
        plan->finish ? plan->results : octi_array_part_size(plan->reduction.kind, plan->results);
    octi_array_chunk *chunk = expect(run, node, elements, parts, plan->parts);
    if (!chunk || run->dry)
        return chunk;
    struct octi__args_octi_array_merge args = {.plan = *plan};
    oct_future *futures[1 + OCTI_ARRAY_JOINED] = {0};
    for (size_t i = 0; i < plan->parts; i++)
        futures[1 + i] = parts[i]->future;
    oct_options options = on(run, node);
    return started(run, chunk,
                   octi_submit(run->pool, &options, &octi__task_octi_array_merge, &args, futures,
                               1 + OCTI_ARRAY_JOINED));
}

octi_array_chunk *octi_array_start_product(octi_array_run *run, int node, const octi_array_product_plan *plan,
                                           octi_array_chunk *sum, octi_array_chunk *const a[OCTI_SUMMA_STEPS],
                                           octi_array_chunk *const b[OCTI_SUMMA_STEPS])
{
    octi_array_chunk *inputs[1 + 2 * OCTI_SUMMA_STEPS] = {sum, a[0], b[0], a[1], b[1], a[2], b[2]};
    octi_array_chunk *chunk = expect(run, node, plan->rows * plan->columns, inputs, 1 + 2 * OCTI_SUMMA_STEPS);
    if (!chunk || run->dry)
        return chunk;
    struct octi__args_octi_array_product args = {.plan = *plan};
    oct_future *futures[2 + 2 * OCTI_SUMMA_STEPS] = {0};
    for (int i = 0; i < 1 + 2 * OCTI_SUMMA_STEPS; i++)
        futures[1 + i] = future_of(inputs[i]);
    oct_options options = on(run, node);
    return started(run, chunk,
                   octi_submit(run->pool, &options, &octi__task_octi_array_product, &args, futures,
                               2 + 2 * OCTI_SUMMA_STEPS));
}

/* ---- home ---- */

oct_err octi_array_chunk_home(octi_array_run *run, octi_array_chunk *chunk, octi_array_home *out)
{
    *out = (octi_array_home){0};
    if (run->nodes == 1) /* the value is in this process */
        return octi_array_chunk_peek(run, chunk, &out->data);
    /* A copy comes home, and the chunk stays where it is. */
    octi_array_chunk *copied = octi_array_start_copy(run, chunk->node, chunk);
    oct_doubles values;
    if (!copied)
        return run->err->code;
    oct_err code = oct_result(copied->future, &values);
    if (code == OCT_OK) {
        out->data = out->own = values.data;
        copied->future = NULL;
    } else {
        octi_array_chunk_why(run, copied);
    }
    octi_array_chunk_unref(copied);
    return code;
}

void octi_array_home_deinit(octi_array_home *home)
{
    free(home->own);
}
