/* exec/threads/waits.h - which tasks of a pool's threads sleep for which jobs, and whether that would
 * never end.
 *
 * A wait would never end when the way from its job leads back to it: from a job to the task that runs
 * it, where that waits too; to the futures among its arguments; to the call that is ahead of it in its
 * actor's line; from a request for a lock to the task that holds it. Each of these steps stays as it is
 * until what it leads to has ended, so that a circle that was found step by step is one, though nobody
 * saw all of it at once (K. M. Chandy, J. Misra, L. M. Haas, "Distributed Deadlock Detection", ACM TOCS
 * 1(2), 1983). A job that is on no such way is believed to end. */
#ifndef OCTI_WAITS_H
#define OCTI_WAITS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/exec/context.h"

/* What one thread waits for. Guarded by the lock of the octi_waits that it was added to. */
typedef struct octi_wait {
    struct octi_wait *next;
    octi_job *job;            /* NULL: it does not wait */
    const octi_frame *frames; /* its tasks, the innermost first */
    uint64_t number;          /* which of the pool's waits this is */
    bool may_fail;            /* it can be told that it would never end */
    bool hopeless;            /* it would */
} octi_wait;

typedef struct octi_waits {
    pthread_mutex_t lock;
    octi_wait *first; /* one a thread */
    uint64_t latest;  /* number given out */
} octi_waits;

/* One step out of what this process knows: a job, with a reference, or the task of that name. */
typedef struct octi_exit {
    octi_job *job;
    uint64_t task;
} octi_exit;

/* What a search goes through at most; what is beyond is believed to end. */
enum { OCTI_EXITS = 16, OCTI_SEEN = 512 };

/* A way that is followed. */
typedef struct octi_search {
    uint64_t goal;   /* the number of the wait that it began with; 0: that is in another process */
    uint64_t yields; /* waits below this number that may fail look for themselves: each circle has one
                        that nobody else is to break */
    bool (*is_away)(const octi_job *job); /* a way goes on from it in another process; NULL: none does */
    octi_exit exits[OCTI_EXITS];          /* those; what is beyond them may be found by the next search */
    int exit_count;
    int seen_count;
    const octi_job *seen[OCTI_SEEN]; /* by their index */
} octi_search;

void octi_waits_init(octi_waits *waits);
void octi_waits_deinit(octi_waits *waits);

/* For the calling thread's life. */
void octi_waits_add(octi_waits *waits, octi_wait *self);

/* The calling thread is about to sleep for the job. *number is 0 the first time, and the caller's to
 * keep while it is one wait in which the thread does other things meanwhile. True when that would never
 * end; then, if it may fail, it has not begun. */
bool octi_waits_begin(octi_waits *waits, octi_wait *self, octi_job *job, uint64_t *number, bool may_fail);

/* It sleeps no more. True when the wait was found to be hopeless. */
bool octi_waits_end(octi_waits *waits, octi_wait *self);
bool octi_waits_is_hopeless(octi_waits *waits, const octi_wait *self);

/* Follows the way from a job, or else from the task of that name. True when it leads to the goal;
 * otherwise the caller has the search's
 * exits, and drops them. */
bool octi_waits_search(octi_waits *waits, octi_search *search, octi_job *job, uint64_t task);

/* Drops the references of its exits. */
void octi_search_drop(octi_search *search);

/* Tells the wait, if it lasts, that it would never end. */
void octi_waits_tell(octi_waits *waits, uint64_t number);

#endif
