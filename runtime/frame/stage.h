/* frame/stage.h - one pass over the chunks of a source, as a map on the pool.
 *
 * A stage is what happens to each chunk: steps in their order, then what becomes of the rows.
 * It travels as text; whoever runs it parses the expressions again, which costs microseconds. */
#ifndef OCTI_STAGE_H
#define OCTI_STAGE_H

#include "runtime/frame/join.h"
#include "runtime/frame/reduce.h"
#include "runtime/io/format.h"

typedef enum octi_step_kind { OCTI_WHERE, OCTI_ASSIGN, OCTI_SELECT, OCTI_JOIN, OCTI_ROLLING } octi_step_kind;

typedef struct octi_step {
    octi_step_kind kind;
    char *name; /* of what is assigned; a rolling step's window; else NULL */
    char *text;
    char *on;          /* the column that a window of time is of, else NULL */
    bool sliced;       /* a where that only keeps a stretch of the source's index, from low to before high; */
    int64_t low, high; /* whoever makes chunks uses it, and whoever runs the step need not know */
    oct_join_kind join_kind;
    octi_join *join; /* of a join whose table has been computed, else NULL */
} octi_step;

typedef struct octi_stage {
    octi_format format; /* of sources that are files: the columns that are needed */
    char **columns;     /* those of any source by their names, for whoever makes chunks: does not travel */
    size_t column_count;
    octi_step *steps;
    size_t count;
    octi_reduce reduce;
} octi_stage;

typedef struct octi_chunk {
    char *path; /* of a file, or NULL: the batch */
    uint64_t begin, end;
    uint32_t first, inside; /* as in octi_text_range */
    octi_batch batch;
    bool lasting; /* the batch outlives what comes of it, which may borrow; false where it has travelled */
    size_t lead;  /* rows at its beginning that are only there for the windows of those after them */
} octi_chunk;

typedef struct octi_part {
    octi_batch batch;
    octi_text_stats stats;
    oct_error *error; /* malloc'ed; NULL when all went well. A value, since a wrong guess of
                         `inside` is no failure */
} octi_part;

void octi_step_deinit(octi_step *step);
void octi_stage_deinit(octi_stage *stage);
void octi_chunk_deinit(octi_chunk *chunk);
void octi_part_deinit(octi_part *part);

/* True where the first step looks at rows before each row, so that chunks need a lead. */
static inline bool octi_stage_rolls(const octi_stage *stage)
{
    return stage->count > 0 && stage->steps[0].kind == OCTI_ROLLING;
}

/* True where chunks need the source's column. */
bool octi_stage_needs(const octi_stage *stage, const char *column);

/* One step; *batch is replaced. The first `lead` rows go where it is a rolling one, and are 0 in others. */
OCT_NODISCARD oct_err octi_step_run(const octi_step *step, octi_batch *batch, size_t lead, oct_error *err);

/* Runs the stage on all chunks and waits; failures of chunks are in their parts. */
OCT_NODISCARD oct_err octi_stage_map(oct_pool *pool, const octi_stage *stage, octi_chunk *chunks,
                                     size_t count, octi_part *parts, oct_error *err);

#endif
