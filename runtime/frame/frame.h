/* frame/frame.h - what frames are made of. */
#ifndef OCTI_FRAME_H
#define OCTI_FRAME_H

#include "runtime/frame/stage.h"

typedef enum octi_frame_kind {
    OCTI_FRAME_FILES,
    OCTI_FRAME_TABLE,
    OCTI_FRAME_STEP,
    OCTI_FRAME_REDUCE,
    OCTI_FRAME_SORT,
    OCTI_FRAME_CONCAT,
    OCTI_FRAME_DESCRIBE,
    OCTI_FRAME_RESAMPLE,
} octi_frame_kind;

typedef struct octi_file {
    char *path;
    uint64_t body, size;
} octi_file;

struct oct_frame {
    octi_frame_kind kind;
    size_t refs; /* the owner's, and one for each frame derived from it */
    oct_pool *pool;
    oct_frame *from;   /* NULL for sources */
    oct_frame *other;  /* the second of a join and a concat, else NULL */
    octi_batch schema; /* of no rows */
    octi_batch table;
    size_t skipped;
    octi_format format;
    octi_file *files;
    size_t file_count;
    char *index; /* the column of times by which rows are in order, or NULL */
    octi_step step;
    octi_reduce reduce; /* of a sort, its keys are the order; of a resample, its length of time */
};

/* A frame derived from another, whose schema is still to be set; NULL where memory is short. */
oct_frame *octi_frame_create(octi_frame_kind kind, oct_pool *pool, oct_frame *from, oct_error *err);

/* A frame of one step more; name and on may be NULL. */
oct_frame *octi_frame_step(oct_frame *from, octi_step_kind kind, const char *name, const char *text,
                           const char *on);

/* Fills *stage with what happens between the source it returns and the frame. */
OCT_NODISCARD oct_err octi_frame_plan(const oct_frame *frame, octi_stage *stage, const oct_frame **source,
                                      oct_error *err);

/* The same with the tables of joins computed, as it is run. */
OCT_NODISCARD oct_err octi_frame_prepare(const oct_frame *frame, octi_stage *stage, const oct_frame **source,
                                         size_t *skipped, oct_error *err);

/* Computes a frame to a batch that the caller owns. */
OCT_NODISCARD oct_err octi_frame_run(const oct_frame *frame, octi_batch *out, size_t *skipped,
                                     oct_error *err);

#endif
