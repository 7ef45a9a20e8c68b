/* exec/threads/threads.h - threads as a part of another executor, which feeds them. */
#ifndef OCTI_THREADS_H
#define OCTI_THREADS_H

#include "runtime/exec/executor.h"
#include "runtime/exec/threads/waits.h"

/* Where a worker looks when it finds nothing among the threads' own. Called by many at once. */
typedef struct octi_feed {
    /* A QUEUED job to run, or NULL. Workers that wait for work call it again and again. */
    octi_job *(*next)(void *ctx);

    /* True when next has one. A worker asks before it sleeps; octi_threads_wake wakes it. */
    bool (*more)(void *ctx);

    /* True when a worker that has found nothing for a while goes on looking, and yields in between, before
     * it sleeps. Asked of one worker at a time, again and again. NULL: false. */
    bool (*linger)(void *ctx);

    /* Runs a QUEUED job, as octi_run_job does; NULL: that does. */
    bool (*run)(void *ctx, octi_job *job);

    /* A wait for `job`, number `wait` of octi_threads_waits, lasts: has it looked into whether it would
     * ever end, and octi_waits_tell called if not, then or later. NULL: nothing outside the threads
     * matters to it. */
    void (*look)(void *ctx, octi_job *job, uint64_t wait);

    void *ctx;
} octi_feed;

/* `pool` is the one that tasks see. Its executor passes wait on to *out, and submit as it likes. */
OCT_NODISCARD oct_err octi_threads_open(int count, oct_pool *pool, const octi_feed *feed, octi_executor **out,
                                        oct_error *err);

/* Submits a job that may also be run elsewhere: as long as it waits on its worker's deque, that is what
 * octi_threads_recall takes back. Any thread. */
void octi_threads_submit_loose(octi_executor *threads, octi_job *job);

/* Takes back up to `most` of them, of each worker those that have waited longest; how many. They are
 * QUEUED, and the caller's. Any thread. */
int octi_threads_recall(octi_executor *threads, octi_job **jobs, int most);

/* About how many more there were when it was last asked for some; 0 where there were none. Any thread. */
int octi_threads_loose(const octi_executor *executor);

/* There is more. Any thread; costs nothing while the workers are busy. */
void octi_threads_wake(octi_executor *threads);

/* True when no worker sleeps: one that runs nothing looks for work, and asks the feed for it. */
bool octi_threads_are_awake(const octi_executor *executor);

/* About how many workers have nothing to run, the calling one included. */
int octi_threads_idle(const octi_executor *executor);

/* Who waits for what. */
octi_waits *octi_threads_waits(octi_executor *executor);

/* The calling worker sleeps for an answer by means of its own, which cannot fail; NULL: no more. */
void octi_threads_wait_for(octi_executor *executor, octi_job *job);

/* The calling worker's task is about to sleep: another thread takes its place. False when there can
 * be no more of them; then the worker has to run others meanwhile. */
bool octi_threads_step_aside(octi_executor *executor);

/* It goes on. There may be one thread too many, until the first of them has nothing to do. */
void octi_threads_step_back(octi_executor *executor);

#endif
