/* exec/processes/queue.h - jobs that wait: the highest priority first, among equals the most
 * deeply nested (job->where says how deeply), and first in, first out among those. Linked through
 * job->executor. No locks.
 *
 * Depth is what keeps few tasks waiting for others: one begins only when nothing deeper waits
 * here, so whatever waits at its depth or below has a descendant on a worker of its own. With N
 * workers that is some N tasks a level, however slow any worker is. */
#ifndef OCTI_QUEUE_H
#define OCTI_QUEUE_H

#include "runtime/exec/job.h"

typedef struct octi_level {
    int priority, depth;
    octi_job *first, *last;
} octi_level;

/* All zero is empty. Few levels are in use at a time, so they are a sorted array. */
typedef struct octi_queue {
    octi_level *levels; /* the first to go first */
    size_t count;
    size_t capacity;
} octi_queue;

/* Neither fails: without memory for a level the job joins the last. */
void octi_queue_add(octi_queue *queue, octi_job *job);
void octi_queue_add_first(octi_queue *queue, octi_job *job);

/* The next job, which stays; NULL when there is none. */
octi_job *octi_queue_peek(const octi_queue *queue);

/* Takes out what octi_queue_peek gave. */
void octi_queue_drop(octi_queue *queue);

/* The one behind a job that is in the queue; NULL when that is the last. */
octi_job *octi_queue_after(const octi_queue *queue, const octi_job *job);

/* Takes a job out; false when it is not in the queue. */
bool octi_queue_remove(octi_queue *queue, const octi_job *job);

void octi_queue_deinit(octi_queue *queue);

#endif
