#include <pthread.h>
#include <stdlib.h>

#include "oct/future.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/job.h"
#include "runtime/exec/spin.h"
#include "runtime/future/wait.h"

typedef struct entry {
    octi_waiter waiter; /* first */
    struct entry *next_added, *previous_added;
    struct entry *next_done;
    oct_completed *owner;
    oct_future *future;
    octi_job *job;
    size_t index;
    _Atomic bool fired;
} entry;

struct oct_completed {
    _Atomic(entry *) done;    /* a stack that the finishers push to */
    _Atomic uint32_t arrived; /* a futex: counts pushes */
    entry *ready;             /* popped and put in order; the reader's */
    entry *added;             /* and not given out */
    size_t count;             /* added */
    size_t given;
};

static void push(entry *self)
{
    oct_completed *owner = self->owner;
    self->next_done = atomic_load_explicit(&owner->done, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&owner->done, &self->next_done, self, memory_order_acq_rel,
                                                  memory_order_relaxed))
        continue;
    atomic_fetch_add_explicit(&owner->arrived, 1, memory_order_acq_rel);
    octi_futex_wake(&owner->arrived, 1);
}

static void job_ended(octi_waiter *waiter, octi_job *job)
{
    entry *self = (entry *)waiter;
    (void)job;
    push(self);
    atomic_store_explicit(&self->fired, true, memory_order_release); /* the last touch */
}

oct_err oct_completed_add(oct_completed *completed, oct_future *future)
{
    octi_job *job = octi_job_of(future);
    if (!job)
        return oct_fail(octi_last_error(), OCT_E_STATE, "there is no such future");
    entry *self = calloc(1, sizeof(*self));
    if (!self)
        return oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory for a future to wait for");
    *self = (entry){.waiter = {NULL, job_ended},
                    .next_added = completed->added,
                    .owner = completed,
                    .future = future,
                    .job = job,
                    .index = completed->count++};
    if (completed->added)
        completed->added->previous_added = self;
    completed->added = self;
    if (!octi_job_listen(job, &self->waiter))
        job_ended(&self->waiter, job);
    return OCT_OK;
}

oct_completed *oct_as_completed(oct_future *const *futures, size_t count)
{
    oct_completed *completed = calloc(1, sizeof(*completed));
    if (!completed) {
        oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory to wait for %zu futures", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (oct_completed_add(completed, futures[i]) == OCT_OK)
            continue;
        oct_completed_destroy(completed);
        return NULL;
    }
    return completed;
}

/* The stack has the latest on top; they are given out oldest first. */
static void collect(oct_completed *completed)
{
    entry *latest = atomic_exchange_explicit(&completed->done, NULL, memory_order_acquire);
    while (latest) {
        entry *next = latest->next_done;
        latest->next_done = completed->ready;
        completed->ready = latest;
        latest = next;
    }
}

/* A worker runs other tasks while it waits for any of those that are left. */
static oct_err wait_for_any(oct_completed *completed, uint32_t arrived, int64_t deadline_ns)
{
    if (octi_here.worker && deadline_ns == 0) {
        for (entry *left = completed->added; left; left = left->next_added) {
            if (!atomic_load_explicit(&left->fired, memory_order_acquire))
                return octi_wait_for(left->job, 0, octi_last_error());
        }
    }
    if (octi_futex_wait(&completed->arrived, arrived, deadline_ns))
        return OCT_OK;
    return oct_fail(octi_last_error(), OCT_E_TIMEOUT, "none of %zu futures has ended in time",
                    completed->count - completed->given);
}

/* However many go through, only those that were not given out take up memory. */
static void drop(oct_completed *completed, entry *self)
{
    while (!atomic_load_explicit(&self->fired, memory_order_acquire))
        octi_relax();
    if (self->previous_added)
        self->previous_added->next_added = self->next_added;
    else
        completed->added = self->next_added;
    if (self->next_added)
        self->next_added->previous_added = self->previous_added;
    free(self);
}

oct_future *oct_completed_next(oct_completed *completed, size_t *index, double seconds)
{
    int64_t deadline_ns = octi_deadline(seconds);
    while (!completed->ready) {
        if (completed->given == completed->count) {
            *octi_last_error() = (oct_error)OCT_ERROR_INIT;
            return NULL;
        }
        uint32_t arrived = atomic_load_explicit(&completed->arrived, memory_order_acquire);
        collect(completed);
        if (!completed->ready && wait_for_any(completed, arrived, deadline_ns) != OCT_OK) {
            collect(completed);
            if (!completed->ready)
                return NULL;
        }
    }
    entry *first = completed->ready;
    completed->ready = first->next_done;
    completed->given++;
    if (index)
        *index = first->index;
    oct_future *future = first->future;
    drop(completed, first);
    return future;
}

void oct_completed_destroy(oct_completed *completed)
{
    if (!completed)
        return;
    for (entry *self = completed->added, *next; self; self = next) {
        next = self->next_added;
        bool waiting = !atomic_load_explicit(&self->fired, memory_order_acquire);
        if (waiting && !octi_job_unlisten(self->job, &self->waiter)) {
            while (!atomic_load_explicit(&self->fired, memory_order_acquire))
                octi_relax();
        }
        free(self);
    }
    free(completed);
}
