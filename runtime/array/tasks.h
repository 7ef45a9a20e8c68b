/* array/tasks.h - the library's own tasks on chunks. Each call starts one on a node and gives its chunk, or
 * counts it where the run is dry; NULL, with run->err, when it cannot. Chunks that are given stay the
 * caller's. */
#ifndef OCTI_ARRAY_TASKS_H
#define OCTI_ARRAY_TASKS_H

#include "runtime/array/graph.h"

enum { OCTI_ARRAY_JOINED = 7, OCTI_SUMMA_STEPS = 3 };

octi_array_chunk *octi_array_start_pass(octi_array_run *run, int node, uint64_t elements,
                                        const oct_bytes *program, const octi_array_place *place,
                                        octi_array_chunk *const inputs[OCTI_ARRAY_INPUTS]);

/* A chunk of the program's memory, on its node. */
octi_array_chunk *octi_array_start_hold(octi_array_run *run, int node, const oct_doubles *values);

/* The chunk once more, on a node that needs it. */
octi_array_chunk *octi_array_start_copy(octi_array_run *run, int node, octi_array_chunk *chunk);

/* A rectangle of a chunk of `width` elements a row, on the node of the chunk. */
typedef struct octi_array_cut_plan {
    uint64_t row, column, rows, columns, width;
} octi_array_cut_plan;
octi_array_chunk *octi_array_start_cut(octi_array_run *run, octi_array_chunk *chunk,
                                       const octi_array_cut_plan *plan);

/* Chunks of so many rows side by side, 1 to OCTI_ARRAY_JOINED of them. With one row: one after the other,
 * which is also how chunks of whole rows are put below each other. */
octi_array_chunk *octi_array_start_join(octi_array_run *run, int node, uint64_t rows,
                                        octi_array_chunk *const *chunks, size_t count);

/* Parts of a reduction, 0 to OCTI_ARRAY_JOINED, each of so many results; its end where `finish`. */
typedef struct octi_array_merge_plan {
    octi_array_reduction reduction;
    uint64_t results;
    uint32_t parts, finish;
} octi_array_merge_plan;
octi_array_chunk *octi_array_start_merge(octi_array_run *run, int node, const octi_array_merge_plan *plan,
                                         octi_array_chunk *const *parts);

/* Products of up to OCTI_SUMMA_STEPS pairs, added to what is there already. */
typedef struct octi_array_product_plan {
    uint64_t rows, columns;
    uint64_t inner[OCTI_SUMMA_STEPS]; /* columns of a, rows of b; 0 for no pair */
    uint32_t turned_a, turned_b;      /* the chunks are those of the transposes */
    uint32_t more;                    /* there is something already */
} octi_array_product_plan;
octi_array_chunk *octi_array_start_product(octi_array_run *run, int node, const octi_array_product_plan *plan,
                                           octi_array_chunk *sum, octi_array_chunk *const a[OCTI_SUMMA_STEPS],
                                           octi_array_chunk *const b[OCTI_SUMMA_STEPS]);

#endif
