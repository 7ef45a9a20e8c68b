#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array/graph.h"
#include "runtime/exec/failure.h"

/* Chunks of 8 MiB are a task of some milliseconds in a pass over memory, and of tens in a product. There
 * OpenBLAS reaches nine tenths of its speed; in chunks of 32 MiB, which a large array is cut into, all of it.
 */
enum {
    CHUNK = 1 << 20,
    LARGE = 1 << 26,
    LARGE_CHUNK = 1 << 22,
    MOST_OF_CHUNK = 1 << 28,
    MOST_CHUNKS = 1 << 20,
    DEEPEST = 200,
    HIGHEST = 20000
};

/* Equal pieces of at most `most`. */
static uint64_t even(uint64_t size, uint64_t most)
{
    uint64_t pieces = octi_array_cut_count(size, most);
    return pieces == 0 ? 1 : (size + pieces - 1) / pieces;
}

octi_array_extent octi_array_cut_of(octi_array_extent size)
{
    /* (Sizes beyond any memory are refused after this: they are large.) */
    bool large = size.columns > 0 && size.rows >= LARGE / size.columns;
    uint64_t chunk = large ? LARGE_CHUNK : CHUNK, side = large ? 2048 : 1024;
    if (size.columns <= side)
        return (octi_array_extent){even(size.rows, chunk / (size.columns ? size.columns : 1)),
                                   size.columns ? size.columns : 1};
    if (size.rows <= side)
        return (octi_array_extent){size.rows ? size.rows : 1,
                                   even(size.columns, chunk / (size.rows ? size.rows : 1))};
    return (octi_array_extent){even(size.rows, side), even(size.columns, side)};
}

/* A chunk is no larger than its array. */
static octi_array_extent clip(octi_array_extent cut, octi_array_extent size)
{
    if (cut.rows > size.rows)
        cut.rows = size.rows ? size.rows : 1;
    if (cut.columns > size.columns)
        cut.columns = size.columns ? size.columns : 1;
    return cut;
}

static bool is_there(const oct_array *array)
{
    oct_error *err = octi_last_error();
    if (!array && err->code == OCT_OK)
        oct_fail(err, OCT_E_INVALID, "there is no array");
    return array != NULL;
}

static bool fits(octi_array_extent size, octi_array_extent cut)
{
    oct_error *err = octi_last_error();
    if (size.columns > 0 && size.rows > PTRDIFF_MAX / sizeof(double) / size.columns) {
        oct_fail(err, OCT_E_INVALID,
                 "an array of %" PRIu64 " x %" PRIu64 " doubles is larger than any memory", size.rows,
                 size.columns);
        return false;
    }
    if (cut.rows == 0 || cut.columns == 0) {
        oct_fail(err, OCT_E_INVALID, "an array cannot be cut into chunks of %" PRIu64 " x %" PRIu64, cut.rows,
                 cut.columns);
        oct_hint(err, "say at least one row and one column");
        return false;
    }
    cut = clip(cut, size);
    if (cut.rows > MOST_OF_CHUNK / cut.columns) {
        oct_fail(err, OCT_E_INVALID, "a chunk of %" PRIu64 " x %" PRIu64 " doubles is larger than 2 GiB",
                 cut.rows, cut.columns);
        oct_hint(err, "cut the array into smaller chunks with oct_array_rechunk");
        return false;
    }
    uint64_t down = octi_array_cut_count(size.rows, cut.rows),
             across = octi_array_cut_count(size.columns, cut.columns);
    if (down > 0 && across > MOST_CHUNKS / down) {
        oct_fail(err, OCT_E_INVALID,
                 "an array of %" PRIu64 " x %" PRIu64 " in chunks of %" PRIu64 " x %" PRIu64 " has %" PRIu64
                 " x %" PRIu64 " of them, more than %d",
                 size.rows, size.columns, cut.rows, cut.columns, down, across, MOST_CHUNKS);
        oct_hint(err, "say larger chunks");
        return false;
    }
    return true;
}

static oct_array *create(octi_array_kind kind, oct_pool *pool, octi_array_extent size, octi_array_extent cut)
{
    if (!fits(size, cut))
        return NULL;
    oct_array *array = calloc(1, sizeof(*array));
    if (!array) {
        oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory for an array");
        return NULL;
    }
    array->kind = kind;
    array->references = 1;
    array->pool = pool;
    array->size = size;
    array->cut = clip(cut, size);
    return array;
}

static void derive(oct_array *array, int i, oct_array *from)
{
    array->from[i] = from;
    array->height = from->height >= array->height ? from->height + 1 : array->height;
    from->references++;
}

/* Graphs are walked with the stack: an array that is too high for that is none. Takes it. */
static oct_array *within_height(oct_array *array)
{
    if (array->height <= HIGHEST)
        return array;
    oct_array_destroy(array);
    oct_fail(octi_last_error(), OCT_E_UNSUPPORTED, "an array of more than %d steps after each other",
             HIGHEST);
    oct_hint(octi_last_error(), "compute it in between with oct_array_compute");
    return NULL;
}

void oct_array_destroy(oct_array *array)
{
    while (array && --array->references == 0) {
        oct_array *from = array->from[0];
        oct_array_destroy(array->from[1]);
        oct_array_destroy(array->from[2]);
        octi_array_grid_unref(array->grid);
        free(array);
        array = from;
    }
}

/* ---- sources ---- */

static oct_array *source(oct_pool *pool, size_t rows, size_t columns, octi_array_step step)
{
    octi_array_extent size = {rows, columns};
    if (!pool) {
        if (octi_last_error()->code == OCT_OK)
            oct_fail(octi_last_error(), OCT_E_INVALID, "there is no pool");
        return NULL;
    }
    oct_array *array = create(OCTI_ARRAY_SOURCE, pool, size, octi_array_cut_of(size));
    if (!array)
        return NULL;
    array->source = step;
    array->source.width = columns;
    array->generated = true;
    return array;
}

oct_array *oct_array_full(oct_pool *pool, size_t rows, size_t columns, double value)
{
    return source(pool, rows, columns, (octi_array_step){.code = OCTI_STEP_NUMBER, .value = value});
}

oct_array *oct_array_zeros(oct_pool *pool, size_t rows, size_t columns)
{
    return oct_array_full(pool, rows, columns, 0);
}

oct_array *oct_array_arange(oct_pool *pool, double first, double step, size_t count)
{
    return source(pool, 1, count, (octi_array_step){.code = OCTI_STEP_RAMP, .value = first, .by = step});
}

oct_array *oct_array_from(oct_pool *pool, const double *data, size_t rows, size_t columns)
{
    if (!data && rows > 0 && columns > 0) {
        oct_fail(octi_last_error(), OCT_E_INVALID, "there are no elements for an array of %zu x %zu", rows,
                 columns);
        return NULL;
    }
    return source(pool, rows, columns,
                  (octi_array_step){.code = OCTI_STEP_MEMORY, .address = (uint64_t)(uintptr_t)data});
}

oct_array *octi_array_function(oct_pool *pool, size_t rows, size_t columns, oct_task *fn)
{
    return source(pool, rows, columns, (octi_array_step){.code = OCTI_STEP_FUNCTION, .task = fn->index});
}

oct_array *oct_array_random(oct_pool *pool, size_t rows, size_t columns, uint64_t seed)
{
    return source(pool, rows, columns, (octi_array_step){.code = OCTI_STEP_UNIFORM, .seed = seed});
}

oct_array *oct_array_normal(oct_pool *pool, size_t rows, size_t columns, uint64_t seed)
{
    return source(pool, rows, columns, (octi_array_step){.code = OCTI_STEP_NORMAL, .seed = seed});
}

/* ---- points ---- */

/* What two sides make together; false where they do not go together. */
static bool meet(uint64_t *side, uint64_t other)
{
    if (*side == 1)
        *side = other;
    return *side == other || other == 1;
}

/* How the result is cut: as the first operand that has its full side, rather one whose chunks are there
 * already than one that is generated. */
static octi_array_extent cut_of(oct_array *const *operands, int count, octi_array_extent size)
{
    octi_array_extent cut = {0, 0};
    for (int generated = 0; generated < 2; generated++)
        for (int i = 0; i < count; i++) {
            if (operands[i]->generated != (bool)generated)
                continue;
            if (cut.rows == 0 && operands[i]->size.rows == size.rows)
                cut.rows = operands[i]->cut.rows;
            if (cut.columns == 0 && operands[i]->size.columns == size.columns)
                cut.columns = operands[i]->cut.columns;
        }
    /* Sides of two operands may make a larger chunk than either has. */
    if (cut.rows > MOST_OF_CHUNK / cut.columns || cut.rows * cut.columns > 8 * CHUNK) {
        octi_array_extent usual = octi_array_cut_of(size);
        bool taken = false;
        for (int i = 0; i < count; i++)
            taken |= operands[i]->size.rows == size.rows && operands[i]->size.columns == size.columns;
        return taken ? cut : usual;
    }
    return cut;
}

static oct_array *point(octi_array_code code, uint32_t task, oct_array *const *operands, int count)
{
    octi_array_extent size = operands[0]->size;
    bool generated = true;
    uint32_t depth = 0;
    for (int i = 0; i < count; i++) {
        const oct_array *operand = operands[i];
        octi_array_extent before = size;
        if (!meet(&size.rows, operand->size.rows) || !meet(&size.columns, operand->size.columns)) {
            oct_fail(octi_last_error(), OCT_E_INVALID,
                     "arrays of %" PRIu64 " x %" PRIu64 " and %" PRIu64 " x %" PRIu64 " do not go together",
                     before.rows, before.columns, operand->size.rows, operand->size.columns);
            oct_hint(octi_last_error(), "element by element, sides are equal or one of them is 1");
            return NULL;
        }
        if (operand->pool != operands[0]->pool) {
            oct_fail(octi_last_error(), OCT_E_INVALID, "arrays of different pools do not go together");
            return NULL;
        }
        generated = generated && operand->generated;
        depth = operand->kind == OCTI_ARRAY_POINT && operand->depth > depth ? operand->depth : depth;
    }
    oct_array *array = create(OCTI_ARRAY_POINT, operands[0]->pool, size, cut_of(operands, count, size));
    if (!array)
        return NULL;
    for (int i = 0; i < count; i++)
        derive(array, i, operands[i]);
    array->code = code;
    array->task = task;
    /* Passes have an end: every so often one is kept, and what follows begins anew. */
    array->depth = depth >= DEEPEST ? 0 : depth + 1;
    array->generated = generated && array->depth > 0;
    return within_height(array);
}

static oct_array *operate(octi_array_code code, const octi_operand *operands, int count)
{
    oct_array *arrays[3] = {0}, *result = NULL;
    oct_pool *pool = NULL;
    bool there = true;
    for (int i = 0; i < count && there; i++) {
        there = operands[i].is_number || is_there(operands[i].array);
        if (there && !operands[i].is_number && !pool)
            pool = operands[i].array->pool;
    }
    if (there && !pool) {
        oct_fail(octi_last_error(), OCT_E_INVALID, "there is no array among numbers");
        oct_hint(octi_last_error(), "say oct_array_full for an array of one number");
        there = false;
    }
    for (int i = 0; i < count && there; i++) {
        arrays[i] =
            operands[i].is_number ? oct_array_full(pool, 1, 1, operands[i].number) : operands[i].array;
        there = arrays[i] != NULL;
    }
    if (there)
        result = point(code, 0, arrays, count);
    for (int i = 0; i < count; i++)
        if (operands[i].is_number)
            oct_array_destroy(arrays[i]);
    return result;
}

oct_array *octi_array_binary(octi_array_code code, octi_operand a, octi_operand b)
{
    return operate(code, (octi_operand[]){a, b}, 2);
}

oct_array *octi_array_where(octi_operand condition, octi_operand yes, octi_operand no)
{
    return operate(OCTI_ARRAY_WHERE, (octi_operand[]){condition, yes, no}, 3);
}

static oct_array *unary(octi_array_code code, uint32_t task, oct_array *array)
{
    return is_there(array) ? point(code, task, &array, 1) : NULL;
}

oct_array *oct_array_neg(oct_array *array)
{
    return unary(OCTI_ARRAY_NEG, 0, array);
}

oct_array *oct_array_abs(oct_array *array)
{
    return unary(OCTI_ARRAY_ABS, 0, array);
}

oct_array *oct_array_sqrt(oct_array *array)
{
    return unary(OCTI_ARRAY_SQRT, 0, array);
}

oct_array *oct_array_exp(oct_array *array)
{
    return unary(OCTI_ARRAY_EXP, 0, array);
}

oct_array *oct_array_log(oct_array *array)
{
    return unary(OCTI_ARRAY_LOG, 0, array);
}

oct_array *octi_array_map(oct_array *array, oct_task *fn)
{
    if (fn->param_count != 1) {
        oct_fail(octi_last_error(), OCT_E_INVALID, "'%s' takes %u arguments, not one element", fn->name,
                 fn->param_count);
        return NULL;
    }
    return unary(OCTI_ARRAY_TASK, fn->index, array);
}

/* ---- over an axis ---- */

static oct_array *reduce(oct_array *from, octi_array_reduction_kind kind, int axis)
{
    if (!is_there(from))
        return NULL;
    oct_error *err = octi_last_error();
    if (axis != 0 && axis != 1 && axis != OCT_ALL) {
        oct_fail(err, OCT_E_INVALID, "an array has no axis %d", axis);
        oct_hint(err, "say 0 for down the rows, 1 for along the columns, OCT_ALL for both");
        return NULL;
    }
    uint64_t count = (axis == 1 ? 1 : from->size.rows) * (axis == 0 ? 1 : from->size.columns);
    if (count == 0 && (kind == OCTI_MIN || kind == OCTI_MAX)) {
        oct_fail(err, OCT_E_INVALID, "there is no %s of no elements: the array is %" PRIu64 " x %" PRIu64,
                 kind == OCTI_MIN ? "minimum" : "maximum", from->size.rows, from->size.columns);
        return NULL;
    }
    octi_array_extent size = from->size, cut = from->cut;
    if (axis != 1)
        size.rows = cut.rows = 1;
    if (axis != 0)
        size.columns = cut.columns = 1;
    oct_array *array = create(OCTI_ARRAY_REDUCE, from->pool, size, cut);
    if (!array)
        return NULL;
    derive(array, 0, from);
    array->reduction = (octi_array_reduction){.kind = kind, .axis = axis, .count = count};
    return within_height(array);
}

oct_array *oct_array_sum(oct_array *array, int axis)
{
    return reduce(array, OCTI_SUM, axis);
}

oct_array *oct_array_mean(oct_array *array, int axis)
{
    return reduce(array, OCTI_MEAN, axis);
}

oct_array *oct_array_min(oct_array *array, int axis)
{
    return reduce(array, OCTI_MIN, axis);
}

oct_array *oct_array_max(oct_array *array, int axis)
{
    return reduce(array, OCTI_MAX, axis);
}

/* ---- other shapes ---- */

static oct_array *reshaped(octi_array_kind kind, oct_array *from, octi_array_extent size,
                           octi_array_extent cut)
{
    oct_array *array = create(kind, from->pool, size, cut);
    if (!array)
        return NULL;
    derive(array, 0, from);
    return within_height(array);
}

/* The same again, to be cut or placed otherwise. */
static oct_array *again(oct_array *from, octi_array_extent size, octi_array_extent cut)
{
    oct_array *array = create(from->kind, from->pool, size, cut);
    if (!array)
        return NULL;
    for (int i = 0; i < 3 && from->from[i]; i++)
        derive(array, i, from->from[i]);
    array->code = from->code;
    array->source = from->source;
    array->task = from->task;
    array->generated = from->generated;
    array->depth = from->depth;
    return array;
}

oct_array *oct_array_transpose(oct_array *from)
{
    if (!is_there(from))
        return NULL;
    if (from->kind == OCTI_ARRAY_TRANSPOSE) {
        from->from[0]->references++;
        return from->from[0];
    }
    return reshaped(OCTI_ARRAY_TRANSPOSE, from, (octi_array_extent){from->size.columns, from->size.rows},
                    (octi_array_extent){from->cut.columns, from->cut.rows});
}

oct_array *oct_array_reshape(oct_array *from, size_t rows, size_t columns)
{
    if (!is_there(from))
        return NULL;
    octi_array_extent size = {rows, columns}, cut = {1, CHUNK};
    if (!fits(size, octi_array_cut_of(size)))
        return NULL;
    if (size.rows * size.columns != from->size.rows * from->size.columns) {
        oct_fail(octi_last_error(), OCT_E_INVALID,
                 "an array of %" PRIu64 " x %" PRIu64 " cannot be one of %zu x %zu: %" PRIu64
                 " elements are not %" PRIu64,
                 from->size.rows, from->size.columns, rows, columns, from->size.rows * from->size.columns,
                 size.rows * size.columns);
        return NULL;
    }
    if (columns <= CHUNK)
        cut = (octi_array_extent){even(rows, CHUNK / (columns ? columns : 1)), columns ? columns : 1};
    return reshaped(OCTI_ARRAY_RESHAPE, from, size, cut);
}

oct_array *oct_array_slice(oct_array *from, size_t row, size_t rows, size_t column, size_t columns)
{
    if (!is_there(from))
        return NULL;
    octi_array_extent size = {rows, columns};
    if (row > from->size.rows || rows > from->size.rows - row || column > from->size.columns ||
        columns > from->size.columns - column) {
        oct_fail(octi_last_error(), OCT_E_INVALID,
                 "%zu x %zu elements from row %zu and column %zu on are not all in an array of %" PRIu64
                 " x %" PRIu64,
                 rows, columns, row, column, from->size.rows, from->size.columns);
        return NULL;
    }
    if (from->kind == OCTI_ARRAY_SOURCE) {
        oct_array *array = again(from, size, clip(from->cut, size));
        if (array) {
            array->source.row += row;
            array->source.column += column;
        }
        return array;
    }
    oct_array *array = reshaped(OCTI_ARRAY_SLICE, from, size, clip(from->cut, size));
    if (array) {
        array->row = row;
        array->column = column;
    }
    return array;
}

oct_array *oct_array_rechunk(oct_array *from, size_t rows, size_t columns)
{
    octi_array_extent cut = {rows, columns};
    if (!is_there(from))
        return NULL;
    if (from->generated)
        return again(from, from->size, cut);
    return reshaped(OCTI_ARRAY_RECHUNK, from, from->size, cut);
}

oct_array *oct_array_matmul(oct_array *a, oct_array *b)
{
    if (!is_there(a) || !is_there(b))
        return NULL;
    if (a->size.columns != b->size.rows || a->pool != b->pool) {
        oct_fail(octi_last_error(), OCT_E_INVALID,
                 a->pool != b->pool ? "arrays of different pools do not go together"
                                    : "there is no product of %" PRIu64 " x %" PRIu64 " and %" PRIu64
                                      " x %" PRIu64 ": %" PRIu64 " columns are not %" PRIu64 " rows",
                 a->size.rows, a->size.columns, b->size.rows, b->size.columns, a->size.columns, b->size.rows);
        return NULL;
    }
    octi_array_extent size = {a->size.rows, b->size.columns}, cut = {a->cut.rows, b->cut.columns};
    oct_array *array = create(OCTI_ARRAY_MATMUL, a->pool, size, cut);
    if (!array)
        return NULL;
    derive(array, 0, a);
    derive(array, 1, b);
    return within_height(array);
}

size_t oct_array_rows(const oct_array *array)
{
    return array ? array->size.rows : 0;
}

size_t oct_array_columns(const oct_array *array)
{
    return array ? array->size.columns : 0;
}

size_t oct_array_chunk_rows(const oct_array *array)
{
    return array ? array->cut.rows : 0;
}

size_t oct_array_chunk_columns(const oct_array *array)
{
    return array ? array->cut.columns : 0;
}

/* ---- run it ---- */

/* All chunks of an array, under way. */
static oct_err start(octi_array_run *run, oct_array *array, octi_array_grid **grid)
{
    oct_err code = octi_array_fuse(array);
    return code != OCT_OK ? code : octi_array_need(run, array, array->cut, grid);
}

oct_array *oct_array_compute(oct_array *from)
{
    if (!is_there(from))
        return NULL;
    oct_array *array = create(OCTI_ARRAY_TABLE, from->pool, from->size, from->cut);
    if (!array)
        return NULL;
    octi_array_run run;
    octi_array_run_init(&run, from->pool, 0, octi_last_error());
    oct_err code = start(&run, from, &array->grid);
    octi_array_run_deinit(&run);
    if (code == OCT_OK)
        code = octi_array_wait(&run, array->grid);
    if (code == OCT_OK)
        return array;
    oct_array_destroy(array);
    return NULL;
}

static void put(const octi_array_grid *grid, uint64_t i, uint64_t k, const double *data, double *out)
{
    octi_array_extent size = octi_array_grid_extent(grid, i, k);
    out += i * grid->cut.rows * grid->size.columns + k * grid->cut.columns;
    for (uint64_t r = 0; r < size.rows; r++)
        memcpy(out + r * grid->size.columns, data + r * size.columns, size.columns * sizeof(double));
}

oct_err oct_array_gather(oct_array *array, double *out)
{
    oct_error *err = octi_last_error();
    octi_array_grid *grid = NULL;
    octi_array_run run;
    if (!is_there(array))
        return err->code;
    octi_array_run_init(&run, array->pool, 0, err);
    oct_err code = start(&run, array, &grid);
    octi_array_run_deinit(&run);
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++) {
            octi_array_chunk **chunk = octi_array_grid_at(grid, i, k);
            octi_array_home home;
            code = octi_array_chunk_home(&run, *chunk, &home);
            if (code != OCT_OK)
                break;
            put(grid, i, k, home.data, out);
            octi_array_home_deinit(&home);
            if (grid->references > 1)
                continue;
            octi_array_chunk_unref(*chunk); /* it is home, and nobody else has it */
            *chunk = NULL;
        }
    octi_array_grid_unref(grid);
    return code;
}

/* Runs it without starting anything. */
static oct_err rehearse(oct_array *array, int nodes, FILE *plan, octi_array_run *run)
{
    oct_error *err = octi_last_error();
    if (!is_there(array))
        return err->code;
    if (nodes < 1)
        return oct_fail(err, OCT_E_INVALID, "there is no plan for %d nodes", nodes);
    octi_array_grid *grid = NULL;
    octi_array_run_init(run, array->pool, nodes, err);
    run->dry = true;
    run->plan = plan;
    oct_err code = start(run, array, &grid);
    octi_array_run_deinit(run);
    octi_array_grid_unref(grid);
    return code;
}

oct_err oct_array_explain_on(oct_array *array, int nodes, FILE *to)
{
    octi_array_run run;
    oct_err code = rehearse(array, nodes, to, &run);
    if (code == OCT_OK)
        octi_array_tell_total(&run);
    return code;
}

oct_err oct_array_explain(oct_array *array, FILE *to)
{
    return oct_array_explain_on(array, array ? oct_pool_nodes(array->pool) : 1, to);
}

oct_err oct_array_cost(oct_array *array, int nodes, uint64_t *tasks, uint64_t *bytes)
{
    octi_array_run run;
    oct_err code = rehearse(array, nodes, NULL, &run);
    if (code == OCT_OK) {
        *tasks = run.tasks;
        *bytes = run.moved;
    }
    return code;
}
