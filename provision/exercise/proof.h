/* exercise/proof.h - the teacher's check of a lesson: it can be failed and it can be passed.
 *
 * As handed out the exercise compiles and fails; with the solution in its place every stage passes; each
 * ```c block of README.md compiles, at file scope or as the body of a function, after the lesson's
 * readme.h, which declares what the blocks take for granted; the headings that lesson.json sends
 * students to are in README.md; there are hints. */
#ifndef OCTI_PROOF_H
#define OCTI_PROOF_H

#include "provision/exercise/check.h"

typedef struct octi_proof_options {
    octi_stage last; /* the last one that the solution must pass; OCTI_STAGES: all */
    bool (*stop)(void);
    /* What holds or does not; detail, lines or "", says more. */
    void (*tell)(void *ctx, bool holds, const char *what, const char *detail);
    void *ctx;
} octi_proof_options;

/* Stores how many of its claims do not hold. */
OCT_NODISCARD oct_err octi_prove(const octi_lesson *lesson, const octi_kit *kit,
                                 const octi_proof_options *options, size_t *failures, oct_error *err);

#endif
