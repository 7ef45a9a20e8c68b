/* exercise/workbench.h - where a student's program is compiled and tried: a folder of its own that goes away,
 * the data, and the answer that the lesson's own sequential program gives.
 *
 * One owner, one thread; not together with another one in the same process (trial.h). */
#ifndef OCTI_WORKBENCH_H
#define OCTI_WORKBENCH_H

#include "provision/exercise/ahead.h"
#include "provision/exercise/kit.h"

typedef struct octi_workbench {
    const octi_lesson *lesson;
    octi_kit kit;
    char student[OCTI_PATH - 128]; /* the folder with the student's files */
    char source[64];               /* the file in it that is checked */
    char cache[OCTI_PATH - 256];   /* what may stay: data, the sequential program */
    char folder[64];               /* what goes away */
    bool (*stop)(void);
    bool built[OCTI_VARIANTS];
    octi_ahead *ahead;                          /* NULL: nothing is compiled ahead */
    octi_buffer expected[OCTI_LESSON_SEEDS][2]; /* octi_workbench_expected's, data NULL before */
    double slowest; /* seconds that the sequential program took at most; 0: not known yet */
} octi_workbench;

/* One run of the student's program. */
typedef struct octi_attempt {
    octi_variant variant;
    const char *pool; /* "threads:2"; with ranks: the cluster's */
    unsigned ranks;   /* 0: without mpirun */
    uint64_t seed;
    bool speed;      /* on the data for measuring */
    unsigned cores;  /* above 0: count threads that have something to do, no more than these at a time */
    bool trace;      /* see octi_workbench_tasks */
    bool sequential; /* the lesson's own sequential program instead */
    unsigned
        copies; /* above 1: so many at the same time, each in a folder of its own; what they print is lost */
} octi_attempt;

/* Makes the folder. lesson must outlive it. */
OCT_NODISCARD oct_err octi_workbench_open(octi_workbench *bench, const octi_lesson *lesson,
                                          const octi_kit *kit, const char *student, const char *source,
                                          bool (*stop)(void), oct_error *err);
void octi_workbench_close(octi_workbench *bench);

/* Compiles the student's program unless that was done. As octi_kit_compile. */
OCT_NODISCARD oct_err octi_workbench_build(octi_workbench *bench, octi_variant variant,
                                           octi_trial_result *result, oct_error *err);

/* Has the variants that are wanted compiled while other stages run; octi_workbench_build waits for them. */
void octi_workbench_build_ahead(octi_workbench *bench, const bool wanted[OCTI_VARIANTS]);

/* Runs it in a fresh folder with the data, for many times as long as the sequential program took, but no
 * longer than the lesson says. *told (256 bytes) gets octi_trial_tell's words. */
OCT_NODISCARD oct_err octi_workbench_run(octi_workbench *bench, const octi_attempt *attempt,
                                         octi_trial_result *result, char told[256], oct_error *err);

/* Tasks that the latest attempt with `trace` ran on a pool; 0 when it opened none. */
size_t octi_workbench_tasks(const octi_workbench *bench);

/* What the lesson's own sequential program prints for a seed of the lesson's, with `speed` on the data for
 * measuring; it runs once for each. The text belongs to the workbench. A failure of it is the lesson's or
 * this machine's, never the student's. */
OCT_NODISCARD oct_err octi_workbench_expected(octi_workbench *bench, uint64_t seed, bool speed,
                                              const char **out, oct_error *err);

/* A digest of all that the student's program is compiled from. */
uint64_t octi_workbench_digest(const octi_workbench *bench);

/* The folder for what may stay from one check to the next. */
void octi_cache_folder(char *out, size_t size);

#endif
