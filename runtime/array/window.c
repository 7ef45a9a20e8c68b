/* Chunks of one cut made from those of another: rectangles are cut where they are, and joined where they
 * are wanted. A chunk that is wanted as it is stays what it is. */
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/array/tasks.h"

enum { FLAT = 1 << 20 };

/* Joined in a tree, so that each element is copied once a level; takes the pieces. */
static oct_err join(octi_array_run *run, int node, uint64_t rows, octi_array_chunk **pieces, size_t count,
                    octi_array_chunk **out)
{
    oct_err code = OCT_OK;
    while (code == OCT_OK && count > 1) {
        size_t made = 0;
        for (size_t p = 0; code == OCT_OK && p < count; p += OCTI_ARRAY_JOINED) {
            size_t some = count - p < OCTI_ARRAY_JOINED ? count - p : OCTI_ARRAY_JOINED;
            octi_array_chunk *joined = pieces[p];
            if (some > 1)
                joined = octi_array_start_join(run, node, rows, pieces + p, some);
            else
                joined->references++;
            for (size_t i = p; i < p + some; i++) {
                octi_array_chunk_unref(pieces[i]);
                pieces[i] = NULL;
            }
            if (joined)
                pieces[made++] = joined;
            else
                code = run->err->code;
        }
        count = made;
    }
    if (code == OCT_OK) {
        *out = pieces[0];
        pieces[0] = NULL;
    }
    return code;
}

/* A rectangle of one chunk; the chunk itself where that is all of it. */
static octi_array_chunk *piece(octi_array_run *run, octi_array_chunk *chunk, const octi_array_cut_plan *plan)
{
    if (plan->rows * plan->columns == chunk->elements) {
        chunk->references++;
        return chunk;
    }
    return octi_array_start_cut(run, chunk, plan);
}

static void drop(octi_array_chunk **chunks, size_t count)
{
    for (size_t i = 0; chunks && i < count; i++)
        octi_array_chunk_unref(chunks[i]);
    free(chunks);
}

/* ---- rectangles ---- */

/* Rows or columns of the source: from where to before where. */
typedef struct range {
    uint64_t begin, end;
} range;

static range within(range wanted, uint64_t cut, uint64_t i)
{
    uint64_t first = i * cut, after = first + cut;
    return (range){wanted.begin > first ? wanted.begin - first : 0,
                   (wanted.end < after ? wanted.end : after) - first};
}

/* The part of a row of chunks that is wanted, side by side. */
static oct_err strip_of(octi_array_run *run, octi_array_grid *from, uint64_t i, range rows, range columns,
                        int node, octi_array_chunk **out)
{
    uint64_t first = columns.begin / from->cut.columns, last = (columns.end - 1) / from->cut.columns;
    size_t count = (size_t)(last - first + 1);
    range r = within(rows, from->cut.rows, i);
    uint64_t high = r.end - r.begin;
    octi_array_chunk **pieces = calloc(count, sizeof(*pieces));
    oct_err code = pieces ? OCT_OK : oct_fail(run->err, OCT_E_NOMEM, "out of memory for pieces of an array");
    for (uint64_t k = first; code == OCT_OK && k <= last; k++) {
        range c = within(columns, from->cut.columns, k);
        octi_array_cut_plan plan = {.row = r.begin,
                                    .column = c.begin,
                                    .rows = high,
                                    .columns = c.end - c.begin,
                                    .width = octi_array_grid_extent(from, i, k).columns};
        pieces[k - first] = piece(run, *octi_array_grid_at(from, i, k), &plan);
        if (!pieces[k - first])
            code = run->err->code;
    }
    if (code == OCT_OK)
        code = join(run, node, high, pieces, count, out);
    drop(pieces, pieces ? count : 0);
    return code;
}

static oct_err rectangle(octi_array_run *run, octi_array_grid *from, range rows, range columns, int node,
                         octi_array_chunk **out)
{
    uint64_t first = rows.begin / from->cut.rows, last = (rows.end - 1) / from->cut.rows;
    size_t count = (size_t)(last - first + 1);
    octi_array_chunk **strips = calloc(count, sizeof(*strips));
    oct_err code = strips ? OCT_OK : oct_fail(run->err, OCT_E_NOMEM, "out of memory for pieces of an array");
    for (uint64_t i = first; code == OCT_OK && i <= last; i++)
        code = strip_of(run, from, i, rows, columns, node, &strips[i - first]);
    if (code == OCT_OK)
        code = join(run, node, 1, strips, count, out);
    drop(strips, strips ? count : 0);
    return code;
}

oct_err octi_array_window(octi_array_run *run, octi_array_grid *from, uint64_t row, uint64_t column,
                          octi_array_extent size, octi_array_extent cut, octi_array_grid **out)
{
    octi_array_grid *grid = octi_array_grid_create(size, cut, run->err);
    oct_err code = grid ? OCT_OK : run->err->code;
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++) {
            octi_array_extent extent = octi_array_grid_extent(grid, i, k);
            range rows = {row + i * cut.rows, row + i * cut.rows + extent.rows};
            range columns = {column + k * cut.columns, column + k * cut.columns + extent.columns};
            code = rectangle(run, from, rows, columns, octi_array_owner(run, grid, i, k),
                             octi_array_grid_at(grid, i, k));
        }
    if (code != OCT_OK) {
        octi_array_grid_unref(grid);
        return code;
    }
    octi_array_tell(run,
                    "%s from chunks of %" PRIu64 " x %" PRIu64 " to %" PRIu64 " x %" PRIu64
                    " chunks of %" PRIu64 " x %" PRIu64,
                    size.rows == from->size.rows && size.columns == from->size.columns ? "rechunk" : "slice",
                    from->cut.rows, from->cut.columns, grid->rows, grid->columns, cut.rows, cut.columns);
    *out = grid;
    return OCT_OK;
}

/* ---- elements row by row ---- */

/* A cut whose chunks are runs of elements that follow each other. */
static octi_array_extent flat_cut(octi_array_extent size, octi_array_extent cut)
{
    if (cut.columns == size.columns || cut.rows == 1)
        return cut;
    if (size.columns > FLAT)
        return (octi_array_extent){1, FLAT};
    return (octi_array_extent){FLAT / size.columns, size.columns};
}

/* The chunk of such a grid that an element is in, and how far in. */
static uint64_t chunk_at(const octi_array_grid *grid, uint64_t element, uint64_t *offset)
{
    uint64_t row = element / grid->size.columns, column = element % grid->size.columns;
    uint64_t i = row / grid->cut.rows, k = column / grid->cut.columns;
    *offset = (row - i * grid->cut.rows) * octi_array_grid_extent(grid, i, k).columns + column -
              k * grid->cut.columns;
    return i * grid->columns + k;
}

static oct_err flat_run(octi_array_run *run, octi_array_grid *from, uint64_t begin, uint64_t count, int node,
                        octi_array_chunk **out)
{
    uint64_t offset, unused, first = chunk_at(from, begin, &offset);
    size_t pieces_count = (size_t)(chunk_at(from, begin + count - 1, &unused) - first + 1);
    octi_array_chunk **pieces = calloc(pieces_count, sizeof(*pieces));
    oct_err code = pieces ? OCT_OK : oct_fail(run->err, OCT_E_NOMEM, "out of memory for pieces of an array");
    for (size_t p = 0; code == OCT_OK && p < pieces_count; p++, offset = 0) {
        octi_array_chunk *chunk = from->chunks[first + p];
        uint64_t there = chunk->elements - offset, some = there < count ? there : count;
        octi_array_cut_plan plan = {.column = offset, .rows = 1, .columns = some, .width = chunk->elements};
        pieces[p] = piece(run, chunk, &plan);
        if (!pieces[p])
            code = run->err->code;
        count -= some;
    }
    if (code == OCT_OK)
        code = join(run, node, 1, pieces, pieces_count, out);
    drop(pieces, pieces ? pieces_count : 0);
    return code;
}

oct_err octi_array_reshape(octi_array_run *run, oct_array *array, octi_array_grid **out)
{
    oct_array *source = array->from[0];
    octi_array_grid *from, *grid;
    if (source->size.rows * source->size.columns == 0) { /* there are no chunks */
        *out = octi_array_grid_create(array->size, array->cut, run->err);
        return *out ? OCT_OK : run->err->code;
    }
    oct_err code = octi_array_need(run, source, flat_cut(source->size, source->cut), &from);
    if (code != OCT_OK)
        return code;
    grid = octi_array_grid_create(array->size, array->cut, run->err);
    code = grid ? OCT_OK : run->err->code;
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++) {
            octi_array_extent extent = octi_array_grid_extent(grid, i, k);
            octi_array_chunk **chunk = octi_array_grid_at(grid, i, k);
            code = flat_run(run, from, i * grid->cut.rows * grid->size.columns + k * grid->cut.columns,
                            extent.rows * extent.columns, octi_array_owner(run, grid, i, k), chunk);
        }
    octi_array_grid_unref(from);
    if (code != OCT_OK) {
        octi_array_grid_unref(grid);
        return code;
    }
    octi_array_tell(run, "reshape from %" PRIu64 " x %" PRIu64 " to %" PRIu64 " x %" PRIu64,
                    source->size.rows, source->size.columns, array->size.rows, array->size.columns);
    *out = grid;
    return OCT_OK;
}
