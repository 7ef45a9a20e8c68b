/* exercise/verdict.h - what a stage found, what that usually means, and what to read again. */
#ifndef OCTI_VERDICT_H
#define OCTI_VERDICT_H

#include "provision/exercise/lesson.h"
#include "provision/exercise/trial.h"

typedef enum octi_outcome { OCTI_PASSED, OCTI_FAILED, OCTI_SKIPPED } octi_outcome;

/* Each has its words; octi_cause_means. */
typedef enum octi_cause {
    OCTI_CAUSE_NONE,
    OCTI_CAUSE_COMPILE,
    OCTI_CAUSE_MISSING, /* the file is not there */
    OCTI_CAUSE_STATUS,  /* it ended with a status other than 0 */
    OCTI_CAUSE_CRASH,
    OCTI_CAUSE_HANG,
    OCTI_CAUSE_OUTPUT,
    OCTI_CAUSE_MEMORY,
    OCTI_CAUSE_PROCESSES,
    OCTI_CAUSE_DISK,
    OCTI_CAUSE_WRONG,    /* already on one worker */
    OCTI_CAUSE_WORKERS,  /* right on one worker, wrong on several */
    OCTI_CAUSE_UNSTEADY, /* right and wrong on as many workers */
    OCTI_CAUSE_SEED,     /* right for one data set, wrong for another */
    OCTI_CAUSE_LOOP,     /* right, but no task ran */
    OCTI_CAUSE_SHARED,   /* right on threads, wrong on processes */
    OCTI_CAUSE_NODES,    /* right on processes, wrong on nodes */
    OCTI_CAUSE_AWAY,     /* gave up on nodes, and nowhere else */
    OCTI_CAUSE_RACE,
    OCTI_CAUSE_LEAK,
    OCTI_CAUSE_BAD_ACCESS,
    OCTI_CAUSE_SLOW,
    OCTI_CAUSES,
} octi_cause;

typedef struct octi_verdict {
    octi_stage stage;
    octi_outcome outcome;
    octi_cause cause;
    bool later;       /* skipped, as it cannot be told just now: neither passed nor failed */
    char said[320];   /* one line: what was seen */
    octi_buffer seen; /* evidence: lines, without control characters */
    char next[160];   /* one line: what to do, where that is not to mend the program; else "" */
    double seconds;   /* that the stage took */
} octi_verdict;

void octi_verdict_deinit(octi_verdict *verdict);

void octi_verdict_pass(octi_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
void octi_verdict_skip(octi_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Skipped until another time, when what is in the way may be gone. */
void octi_verdict_defer(octi_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
void octi_verdict_fail(octi_verdict *verdict, octi_cause cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void octi_verdict_next(octi_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends at most `lines` lines of text, cleaned. */
void octi_verdict_show(octi_verdict *verdict, const char *text, size_t lines);

/* What a cause usually means: a few sentences, never NULL. */
const char *octi_cause_means(octi_cause cause);

/* "leak", "race", ... for JSON. */
const char *octi_cause_name(octi_cause cause);

/* The same on nodes, where giving up means something else: what is needed is not there. */
octi_cause octi_cause_on_nodes(const octi_trial_result *result);

/* The cause that a run has which did not end as it should; OCTI_CAUSE_NONE when it did. */
octi_cause octi_cause_of(const octi_trial_result *result);

#endif
