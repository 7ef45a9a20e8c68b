/* Who computes what, where, and what of it is kept: grids of chunks, made from the arrays below up. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array/tasks.h"
#include "runtime/base/size.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"

/* ---- grids ---- */

void octi_array_chunk_unref(octi_array_chunk *chunk)
{
    if (!chunk || --chunk->references > 0)
        return;
    if (chunk->future)
        oct_release(chunk->future);
    free(chunk);
}

octi_array_grid *octi_array_grid_create(octi_array_extent size, octi_array_extent cut, oct_error *err)
{
    uint64_t rows = octi_array_cut_count(size.rows, cut.rows),
             columns = octi_array_cut_count(size.columns, cut.columns);
    octi_array_grid *grid = calloc(1, sizeof(*grid) + (rows * columns + 1) * sizeof(octi_array_chunk *));
    if (!grid) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for %" PRIu64 " chunks of an array", rows * columns);
        return NULL;
    }
    grid->references = 1;
    grid->size = size;
    grid->cut = cut;
    grid->rows = rows;
    grid->columns = columns;
    return grid;
}

void octi_array_grid_unref(octi_array_grid *grid)
{
    if (!grid || --grid->references > 0)
        return;
    for (uint64_t i = 0; i < grid->rows * grid->columns; i++)
        octi_array_chunk_unref(grid->chunks[i]);
    free(grid);
}

/* ---- a run ---- */

void octi_array_run_init(octi_array_run *run, oct_pool *pool, int nodes, oct_error *err)
{
    *run = (octi_array_run){.pool = pool, .nodes = nodes ? nodes : oct_pool_nodes(pool), .err = err};
    /* A journal knows a pass by its arguments, and an address says nothing of what is there. */
    run->shares_memory =
        octi_pool_executor(pool)->shares_memory && !pool->journal && run->nodes == oct_pool_nodes(pool);
    run->down = 1;
    for (int d = 2; d * d <= run->nodes; d++)
        if (run->nodes % d == 0)
            run->down = d;
    run->across = run->nodes / run->down;
}

void octi_array_tell_total(octi_array_run *run)
{
    char moved[OCTI_SIZE_TEXT];
    octi_size_format(run->moved, moved);
    fprintf(run->plan, "in all %" PRIu64 " task%s", run->tasks, run->tasks == 1 ? "" : "s");
    if (run->nodes > 1)
        fprintf(run->plan, ", %s between %d nodes", moved, run->nodes);
    putc('\n', run->plan);
}

void octi_array_settle(octi_array_chunk *const *chunks, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (chunks[i] && chunks[i]->future)
            (void)oct_wait(chunks[i]->future, OCT_FOREVER);
}

/* What reads the caller's memory must not outlive the call, needed or not. */
void octi_array_run_deinit(octi_array_run *run)
{
    for (size_t i = 0; i < run->kept_count; i++) {
        octi_array_grid *grid = run->kept[i].grid;
        if (grid->reads_memory)
            octi_array_settle(grid->chunks, grid->rows * grid->columns);
        octi_array_grid_unref(grid);
    }
    free(run->kept);
    run->kept = NULL;
    run->kept_count = 0;
}

void octi_array_tell(octi_array_run *run, const char *format, ...)
{
    run->tasks += run->pass_tasks;
    run->moved += run->pass_moved;
    if (run->plan) {
        char moved[OCTI_SIZE_TEXT];
        va_list list;
        va_start(list, format);
        fprintf(run->plan, "%d. ", ++run->passes);
        vfprintf(run->plan, format, list);
        va_end(list);
        fprintf(run->plan, ": %" PRIu64 " task%s", run->pass_tasks, run->pass_tasks == 1 ? "" : "s");
        octi_size_format(run->pass_moved, moved);
        if (run->nodes > 1)
            fprintf(run->plan, ", %s moved", moved);
        putc('\n', run->plan);
    }
    run->pass_tasks = run->pass_moved = 0;
}

/* Block-cyclic, as a product wants it; a vector over all nodes. */
int octi_array_owner(const octi_array_run *run, const octi_array_grid *grid, uint64_t i, uint64_t k)
{
    if (grid->rows == 1 || grid->columns == 1)
        return (int)((i + k) % (uint64_t)run->nodes);
    return (int)(i % (uint64_t)run->down) * run->across + (int)(k % (uint64_t)run->across);
}

/* ---- failures ---- */

/* What went wrong first, without the chain of our own tasks that waited for it. */
static void strip(char *what)
{
    const char *at = what, *end;
    while (strncmp(at, "argument ", 9) == 0 && (at = strstr(at, "the result of 'octi_array_")) != NULL &&
           (end = strstr(at, "': ")) != NULL) {
        memmove(what, end + 3, strlen(end + 3) + 1);
        at = what;
    }
}

oct_err octi_array_chunk_why(octi_array_run *run, octi_array_chunk *chunk)
{
    const oct_failure *failure = oct_future_failure(chunk->future);
    if (failure)
        *run->err = failure->error;
    else if (run->err != octi_last_error())
        *run->err = *oct_last_error();
    strip(run->err->what);
    return run->err->code;
}

static oct_err wait_for(octi_array_run *run, octi_array_chunk *chunk)
{
    oct_err code = oct_wait(chunk->future, OCT_FOREVER);
    if (code != OCT_OK || oct_future_failure(chunk->future))
        return octi_array_chunk_why(run, chunk);
    return OCT_OK;
}

oct_err octi_array_wait(octi_array_run *run, octi_array_grid *grid)
{
    oct_err code = OCT_OK;
    octi_array_settle(grid->chunks, grid->rows * grid->columns);
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows * grid->columns; i++)
        code = wait_for(run, grid->chunks[i]);
    return code;
}

oct_err octi_array_chunk_peek(octi_array_run *run, octi_array_chunk *chunk, const double **data)
{
    oct_err code = wait_for(run, chunk);
    octi_job *job = code == OCT_OK ? octi_job_of(chunk->future) : NULL;
    if (code == OCT_OK)
        code = octi_job_fetch(job, run->err);
    if (code == OCT_OK)
        *data = ((const oct_doubles *)octi_job_value(job))->data;
    return code;
}

/* ---- whose pass ---- */

uint64_t octi_array_number(void)
{
    static _Atomic uint64_t latest;
    return ++latest;
}

static size_t count_walk(oct_array *array, uint64_t walk)
{
    if (!array || array->visit == walk)
        return 0;
    array->visit = walk;
    array->pass = NULL;
    size_t count = 1;
    for (int i = 0; i < 3; i++)
        count += count_walk(array->from[i], walk);
    return count;
}

/* After all that it is made of. */
static void order_walk(oct_array *array, uint64_t walk, oct_array **order, size_t *count)
{
    if (!array || array->visit == walk)
        return;
    array->visit = walk;
    for (int i = 0; i < 3; i++)
        order_walk(array->from[i], walk, order, count);
    order[(*count)++] = array;
}

/* An operand joins the pass of those that use it, if it can be made there and that is one. */
static void join_pass(oct_array *user, oct_array *operand)
{
    oct_array *pass = user->kind == OCTI_ARRAY_POINT    ? user->pass
                      : user->kind == OCTI_ARRAY_REDUCE ? user
                                                        : NULL;
    bool sized = user->kind == OCTI_ARRAY_REDUCE ||
                 (operand->size.rows == user->size.rows && operand->size.columns == user->size.columns);
    if (!pass || operand->kind != OCTI_ARRAY_POINT || operand->depth == 0 || !sized ||
        (operand->pass && operand->pass != pass))
        operand->pass = operand;
    else
        operand->pass = pass;
}

oct_err octi_array_fuse(oct_array *array)
{
    size_t count = count_walk(array, octi_array_number()), at = 0;
    oct_array **order = malloc(count * sizeof(*order));
    if (!order)
        return oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory for the plan of an array");
    order_walk(array, octi_array_number(), order, &at);
    array->pass = array;
    while (at-- > 0)
        for (int i = 0; i < 3 && order[at]->from[i]; i++)
            join_pass(order[at], order[at]->from[i]);
    free(order);
    return OCT_OK;
}

/* ---- what is needed ---- */

static bool same(octi_array_extent a, octi_array_extent b)
{
    return a.rows == b.rows && a.columns == b.columns;
}

static octi_array_grid *find(const octi_array_run *run, const oct_array *array, octi_array_extent cut)
{
    for (size_t i = 0; i < run->kept_count; i++)
        if (run->kept[i].array == array && same(run->kept[i].grid->cut, cut))
            return run->kept[i].grid;
    return NULL;
}

static oct_err keep(octi_array_run *run, const oct_array *array, octi_array_grid *grid)
{
    if ((run->kept_count & (run->kept_count - 1)) == 0) {
        size_t room = run->kept_count ? 2 * run->kept_count : 1;
        octi_array_kept *kept = realloc(run->kept, room * sizeof(*kept));
        if (!kept)
            return oct_fail(run->err, OCT_E_NOMEM, "out of memory for %zu arrays", room);
        run->kept = kept;
    }
    grid->references++;
    run->kept[run->kept_count++] = (octi_array_kept){array, grid};
    return OCT_OK;
}

static oct_err window_of(octi_array_run *run, oct_array *from, octi_array_extent from_cut, uint64_t row,
                         uint64_t column, octi_array_extent size, octi_array_extent cut,
                         octi_array_grid **out)
{
    octi_array_grid *grid;
    oct_err code = octi_array_need(run, from, from_cut, &grid);
    if (code != OCT_OK)
        return code;
    code = octi_array_window(run, grid, row, column, size, cut, out);
    octi_array_grid_unref(grid);
    return code;
}

/* A computed array as it would lie on another number of nodes. */
static oct_err as_if_computed(octi_array_run *run, octi_array_grid *there, octi_array_grid **out)
{
    octi_array_grid *grid = octi_array_grid_create(there->size, there->cut, run->err);
    oct_err code = grid ? OCT_OK : run->err->code;
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++) {
            octi_array_chunk *chunk = malloc(sizeof(*chunk));
            if (!chunk) {
                code = oct_fail(run->err, OCT_E_NOMEM, "out of memory for the plan of an array");
                break;
            }
            *chunk = (octi_array_chunk){.references = 1,
                                        .node = octi_array_owner(run, grid, i, k),
                                        .elements = octi_array_grid_elements(grid, i, k)};
            *octi_array_grid_at(grid, i, k) = chunk;
        }
    if (code == OCT_OK)
        *out = grid;
    else
        octi_array_grid_unref(grid);
    return code;
}

static oct_err make(octi_array_run *run, oct_array *array, octi_array_extent cut, octi_array_grid **out)
{
    octi_array_grid *made = NULL;
    oct_err code;
    if (array->generated || array->kind == OCTI_ARRAY_TRANSPOSE)
        return octi_array_points(run, array, cut, out);
    if (array->kind == OCTI_ARRAY_SLICE)
        return window_of(run, array->from[0], array->from[0]->cut, array->row, array->column, array->size,
                         cut, out);
    if (array->kind == OCTI_ARRAY_RECHUNK)
        return octi_array_need(run, array->from[0], cut, out);
    if (!same(cut, array->cut))
        return window_of(run, array, array->cut, 0, 0, array->size, cut, out);
    switch (array->kind) {
    case OCTI_ARRAY_TABLE:
        if (run->dry && run->nodes != oct_pool_nodes(run->pool))
            return as_if_computed(run, array->grid, out);
        *out = array->grid;
        array->grid->references++;
        return OCT_OK;
    case OCTI_ARRAY_REDUCE:
        code = octi_array_reductions(run, array, &made);
        break;
    case OCTI_ARRAY_RESHAPE:
        code = octi_array_reshape(run, array, &made);
        break;
    case OCTI_ARRAY_MATMUL:
        code = octi_array_products(run, array, &made);
        break;
    default:
        code = octi_array_points(run, array, cut, &made);
    }
    if (code == OCT_OK)
        *out = made;
    return code;
}

oct_err octi_array_need(octi_array_run *run, oct_array *array, octi_array_extent cut, octi_array_grid **out)
{
    octi_array_grid *grid = find(run, array, cut);
    if (grid) {
        grid->references++;
        *out = grid;
        return OCT_OK;
    }
    oct_err code = make(run, array, cut, &grid);
    if (code == OCT_OK && keep(run, array, grid) != OCT_OK) {
        octi_array_grid_unref(grid);
        code = run->err->code;
    }
    if (code == OCT_OK)
        *out = grid;
    return code;
}
