/* array/graph.h - what an array is made of, and how it is run. */
#ifndef OCTI_ARRAY_GRAPH_H
#define OCTI_ARRAY_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "oct/array.h"
#include "runtime/array/program.h"

typedef enum octi_array_kind {
    OCTI_ARRAY_SOURCE, /* generated, or the caller's memory: array->source says which */
    OCTI_ARRAY_TABLE,  /* computed */
    OCTI_ARRAY_POINT,  /* element by element: array->code */
    OCTI_ARRAY_REDUCE,
    OCTI_ARRAY_TRANSPOSE,
    OCTI_ARRAY_RESHAPE,
    OCTI_ARRAY_SLICE,
    OCTI_ARRAY_RECHUNK,
    OCTI_ARRAY_MATMUL,
} octi_array_kind;

typedef struct octi_array_extent {
    uint64_t rows, columns;
} octi_array_extent;

/* A chunk under way or there. Grids share chunks: a whole one that another grid needs is not copied. */
typedef struct octi_array_chunk {
    int references;
    int node;
    uint64_t elements;
    oct_future *future; /* NULL in a plan that is only explained */
} octi_array_chunk;

/* All chunks of an array in one way of cutting it. */
typedef struct octi_array_grid {
    int references;
    octi_array_extent size, cut; /* of the array; of a chunk, but for the last ones */
    uint64_t rows, columns;      /* how many chunks */
    bool reads_memory;           /* the caller's: nobody may return to the caller before it is made */
    octi_array_chunk *chunks[];  /* row by row */
} octi_array_grid;

struct oct_array {
    octi_array_kind kind;
    int references; /* of the caller, and of arrays derived from it */
    oct_pool *pool;
    oct_array *from[3];
    octi_array_extent size, cut;
    octi_array_code code;   /* of a point */
    octi_array_step source; /* of a source */
    uint32_t task;          /* of a point that is a task */
    octi_array_reduction reduction;
    uint64_t row, column;  /* of a slice */
    octi_array_grid *grid; /* of a table */
    bool generated;        /* sources and points of them: made in any chunks for nothing */
    uint32_t height;       /* the longest way to a source */
    uint32_t depth;        /* of points in points */

    /* While it is run. */
    uint64_t visit;   /* the latest walk that was here */
    oct_array *pass;  /* whose pass makes it; itself where its chunks are kept */
    uint32_t value;   /* in the program that is being made */
    uint64_t emitted; /* the program in which value means something */
};

/* The bytes of a rectangle of doubles. */
static inline uint64_t octi_array_extent_bytes(octi_array_extent size)
{
    return size.rows * size.columns * sizeof(double);
}

/* Where the i-th chunk of a side begins, and how long it is. */
static inline uint64_t octi_array_cut_length(uint64_t size, uint64_t cut, uint64_t i)
{
    return size - i * cut < cut ? size - i * cut : cut;
}

static inline uint64_t octi_array_cut_count(uint64_t size, uint64_t cut)
{
    return size == 0 ? 0 : (size - 1) / cut + 1;
}

/* Chunks of an array that nobody cut. */
octi_array_extent octi_array_cut_of(octi_array_extent size);

void octi_array_chunk_unref(octi_array_chunk *chunk);

/* A grid without chunks yet. */
octi_array_grid *octi_array_grid_create(octi_array_extent size, octi_array_extent cut, oct_error *err);
void octi_array_grid_unref(octi_array_grid *grid);

static inline octi_array_chunk **octi_array_grid_at(octi_array_grid *grid, uint64_t i, uint64_t k)
{
    return &grid->chunks[i * grid->columns + k];
}

static inline octi_array_extent octi_array_grid_extent(const octi_array_grid *grid, uint64_t i, uint64_t k)
{
    return (octi_array_extent){octi_array_cut_length(grid->size.rows, grid->cut.rows, i),
                               octi_array_cut_length(grid->size.columns, grid->cut.columns, k)};
}

static inline uint64_t octi_array_grid_elements(const octi_array_grid *grid, uint64_t i, uint64_t k)
{
    octi_array_extent extent = octi_array_grid_extent(grid, i, k);
    return extent.rows * extent.columns;
}

/* ---- a run ---- */

typedef struct octi_array_kept {
    const oct_array *array;
    octi_array_grid *grid;
} octi_array_kept;

typedef struct octi_array_run {
    oct_pool *pool;
    bool shares_memory;
    bool dry;                /* nothing is started: it is only counted */
    int nodes, across, down; /* down x across is the grid of nodes */
    FILE *plan;              /* or NULL */
    int passes;              /* printed */
    uint64_t tasks, moved;   /* in all */
    uint64_t pass_tasks, pass_moved;
    octi_array_kept *kept;
    size_t kept_count;
    oct_error *err;
} octi_array_run;

/* Begins and ends a run; `nodes` is 0 for the pool's own. */
void octi_array_run_init(octi_array_run *run, oct_pool *pool, int nodes, oct_error *err);
void octi_array_run_deinit(octi_array_run *run);

/* The array's chunks, cut so; the caller's reference. Chunks may be under way. */
OCT_NODISCARD oct_err octi_array_need(octi_array_run *run, oct_array *array, octi_array_extent cut,
                                      octi_array_grid **out);

/* A number for a walk over arrays or for a program, which no other has. */
uint64_t octi_array_number(void);

/* Finds out whose pass makes each array that `array` needs. */
OCT_NODISCARD oct_err octi_array_fuse(oct_array *array);

/* Waits until chunks are there, or failed. NULL is ignored. */
void octi_array_settle(octi_array_chunk *const *chunks, uint64_t count);

/* Waits for all chunks; fails as the first that failed. */
OCT_NODISCARD oct_err octi_array_wait(octi_array_run *run, octi_array_grid *grid);

/* Whose a chunk is. */
int octi_array_owner(const octi_array_run *run, const octi_array_grid *grid, uint64_t i, uint64_t k);

/* A pass's end: a line of the plan, where there is one. */
void octi_array_tell(octi_array_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The plan's last line. */
void octi_array_tell_total(octi_array_run *run);

/* ---- the kinds of work, each a file ---- */

/* One pass over an array's chunks: points, and a reduction where there is one. */
OCT_NODISCARD oct_err octi_array_points(octi_array_run *run, oct_array *array, octi_array_extent cut,
                                        octi_array_grid **out);
OCT_NODISCARD oct_err octi_array_reductions(octi_array_run *run, oct_array *array, octi_array_grid **out);

/* A window of a grid from a row and column on, in other chunks; `flat`: of the elements row by row. */
OCT_NODISCARD oct_err octi_array_window(octi_array_run *run, octi_array_grid *from, uint64_t row,
                                        uint64_t column, octi_array_extent size, octi_array_extent cut,
                                        octi_array_grid **out);
OCT_NODISCARD oct_err octi_array_reshape(octi_array_run *run, oct_array *array, octi_array_grid **out);

OCT_NODISCARD oct_err octi_array_products(octi_array_run *run, oct_array *array, octi_array_grid **out);

/* Why a chunk's task failed, into run->err. */
oct_err octi_array_chunk_why(octi_array_run *run, octi_array_chunk *chunk);

/* The values of a chunk of this process, waited for; they are the future's. */
OCT_NODISCARD oct_err octi_array_chunk_peek(octi_array_run *run, octi_array_chunk *chunk,
                                            const double **data);

/* The values of a chunk in the program's memory. */
typedef struct octi_array_home {
    const double *data;
    double *own; /* NULL where data is the future's */
} octi_array_home;

OCT_NODISCARD oct_err octi_array_chunk_home(octi_array_run *run, octi_array_chunk *chunk,
                                            octi_array_home *out);
void octi_array_home_deinit(octi_array_home *home);

#endif
