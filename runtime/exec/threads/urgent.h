/* exec/threads/urgent.h - jobs with a priority, highest first, then oldest first. */
#ifndef OCTI_URGENT_H
#define OCTI_URGENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/exec/job.h"

typedef struct octi_urgent_entry {
    int priority;
    uint64_t number; /* in the order of the pushes */
    octi_job *job;
} octi_urgent_entry;

typedef struct octi_urgent {
    pthread_mutex_t lock;
    _Atomic int count; /* written under the lock, read without it to skip it */
    int capacity;
    uint64_t pushed;
    octi_urgent_entry *heap;
} octi_urgent;

void octi_urgent_init(octi_urgent *urgent);
void octi_urgent_deinit(octi_urgent *urgent);

/* False when memory is short. */
bool octi_urgent_push(octi_urgent *urgent, octi_job *job);

/* NULL when it is empty. */
octi_job *octi_urgent_pop(octi_urgent *urgent);

static inline int octi_urgent_count(const octi_urgent *urgent)
{
    return atomic_load_explicit(&urgent->count, memory_order_seq_cst);
}

#endif
