/* exercise/trial.h - one run of a program that may do anything: hang, crash, fork without end,
 * write without end, eat the memory or the disk. It ends within its limits, and nothing of it is left.
 *
 * One trial at a time in a process, which must have no other children: all it finds below it are
 * the trial's. */
#ifndef OCTI_TRIAL_H
#define OCTI_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

typedef enum octi_end {
    OCTI_END_EXIT,      /* with a status, perhaps 0 */
    OCTI_END_SIGNAL,    /* a crash */
    OCTI_END_TIME,      /* it did not end */
    OCTI_END_OUTPUT,    /* it wrote more than anybody reads */
    OCTI_END_MEMORY,    /* it took more than its share */
    OCTI_END_PROCESSES, /* it started processes without end */
    OCTI_END_DISK,      /* it filled the disk, or the disk was full */
    OCTI_END_STOPPED,   /* we were told to stop */
} octi_end;

typedef struct octi_trial {
    const char *const *argv;
    const char *const *environment; /* "NAME=value" besides our own; NULL: none */
    const char *folder;             /* where it runs */
    double seconds;
    double grace;    /* seconds to end by itself after SIGTERM, before it is killed; 0: none */
    size_t output;   /* bytes on each of its two streams */
    uint64_t memory; /* bytes over all its processes; never more than half of what is free; 0: that */
    unsigned processes;
    uint64_t disk;         /* bytes that `folder` may grow by, and each file anywhere */
    double look_every;     /* seconds between looks at it; 0: 0.02 */
    unsigned most_at_once; /* above 0: each look counts threads that have something to do */
    bool (*stop)(void);
} octi_trial;

typedef struct octi_trial_result {
    octi_end end;
    int status; /* exit status or signal */
    double seconds;
    double cpu_seconds; /* that all its processes took together */
    size_t looks;       /* how often its threads were looked at, and how many of them, all looks
                           together, had something to do, those above `most_at_once` not counted */
    size_t runnable;
    uint64_t memory; /* that it was allowed */
    octi_buffer out, err;
    octi_buffer where; /* backtraces of what hung, a line a frame; may be empty */
} octi_trial_result;

/* Fails only when the program cannot be started. The caller frees with octi_trial_deinit. */
OCT_NODISCARD oct_err octi_trial_run(const octi_trial *trial, octi_trial_result *result, oct_error *err);
void octi_trial_deinit(octi_trial_result *result);

/* "ended with status 3", "crashed: Segmentation fault", "did not end within 20 s". */
void octi_trial_tell(const octi_trial *trial, const octi_trial_result *result, char *text, size_t size);

#endif
