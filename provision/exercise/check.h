/* exercise/check.h - a check: the stages of a lesson in order, as far as they make sense. */
#ifndef OCTI_CHECK_H
#define OCTI_CHECK_H

#include "provision/exercise/stages.h"

typedef struct octi_check_options {
    octi_stage first;   /* after compiling, begin with it */
    octi_stage last;    /* stop after it; OCTI_STAGES: all of them */
    bool (*stop)(void); /* true: leave as soon as possible with OCT_E_CANCELLED; may be NULL */

    /* Called before and after each stage; may be NULL. */
    void (*begin)(void *ctx, octi_stage stage);
    void (*end)(void *ctx, const octi_verdict *verdict);
    void *ctx;

    /* Instead of octi_stage_ranks, where a cluster is up; may be NULL. */
    oct_err (*cluster)(void *ctx, octi_workbench *bench, octi_verdict *verdict, oct_error *err);
} octi_check_options;

typedef struct octi_check {
    const octi_lesson *lesson;
    octi_verdict verdicts[OCTI_STAGES];
    size_t count;
    octi_scaling scaling; /* rounds is 0 when it was not measured */
    bool right;           /* all stages that apply were looked at, and none failed */
    bool passed;          /* right, and none is left for later */
    uint64_t digest;      /* octi_workbench_digest's, of what was checked */
} octi_check;

/* Checks the file `source` in the folder `student`. lesson must outlive *out, which the caller
 * frees with octi_check_deinit, also after a failure: then it holds the stages before that. */
OCT_NODISCARD oct_err octi_check_run(const octi_lesson *lesson, const octi_kit *kit, const char *student,
                                     const char *source, const octi_check_options *options, octi_check *out,
                                     oct_error *err);
void octi_check_deinit(octi_check *check);

/* The verdict of a stage, NULL when it was not looked at. */
const octi_verdict *octi_check_verdict(const octi_check *check, octi_stage stage);

#endif
