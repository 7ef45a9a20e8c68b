/* exec/threads/thread.h - the threads themselves, for the files of this folder.
 *
 *   thread.c   finding work, running it, and sleeping when there is none
 *   wait.c     a task that waits            aside.c   another thread in its place
 *   fork.c     fork and join                threads.c the executor
 *
 * What a program submits goes to one queue, first in, first out, from which idle workers take
 * batches; what tasks submit or fork goes on their worker's own deque, last in, first out, and
 * is stolen from its other end. An idle worker spins for some microseconds, then parks.
 *
 * No wake-up is lost: who adds work looks for parked workers after it is visible, and who parks
 * looks for work after it is counted as parked. Who adds work while somebody searches wakes nobody:
 * the last one that searched, once it has found something, wakes one, and one that was woken wakes
 * the next in its turn, as long as there is more (octi_thread_pass_on). Forks cannot afford the ordering that
 * this needs on their side, so the parking worker buys it for both (membarrier(2)). */
#ifndef OCTI_THREAD_H
#define OCTI_THREAD_H

#include <pthread.h>

#include "runtime/exec/context.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/threads/deque.h"
#include "runtime/exec/threads/threads.h"
#include "runtime/exec/threads/urgent.h"
#include "runtime/exec/threads/waits.h"

enum { OCTI_STACK_SIZE = 64 << 20, OCTI_STACK_RESERVE = 1 << 20 };

/* Threads that take the places of those whose tasks wait for something shared. */
enum { OCTI_SPARES = 448 };

typedef struct octi_threads octi_threads;

typedef struct octi_thread {
    octi_deque deque;
    octi_threads *pool;
    uint32_t random;
    bool woken;        /* since it slept it has not looked whether there is work for another */
    char *stack_limit; /* below it no further task is begun on this stack */
    octi_wait wait;
    pthread_t thread;
} octi_thread;

struct octi_threads {
    octi_executor base;
    octi_deque inbox;                         /* nobody pops from it */
    _Alignas(64) _Atomic uint32_t inbox_lock; /* for those who push */
    octi_urgent urgent;                       /* jobs with a priority above 0: before all else */
    octi_urgent idle;                         /* and below: after all else */
    _Alignas(64) _Atomic int32_t parked;
    _Atomic uint32_t epoch; /* a futex: moves on when there is something for the parked */
    _Atomic int32_t searching;
    _Atomic bool stop;
    _Atomic int loose; /* about how many jobs that may leave lie on deques, as recalling them found */
    bool has_membarrier;
    octi_waits waits;
    pthread_mutex_t crowd; /* guards what follows, but for reading */
    pthread_cond_t called;
    _Atomic int active;    /* threads that neither stand aside nor rest */
    int resting;           /* threads that are one too many, for now */
    int calls;             /* how many of them are to go on */
    int started;           /* threads */
    _Atomic int slots;     /* workers[] that others may steal from; only grows */
    octi_feed feed;        /* of the executor that these are a part of; its functions may be NULL */
    octi_thread workers[]; /* base.workers, and OCTI_SPARES */
};

/* A deque's item is a job or a fork; these bits of its address say which. A job that may leave is one
 * that octi_threads_recall takes back. */
enum { OCTI_FORK = 1, OCTI_MAY_LEAVE = 2, OCTI_MARKS = OCTI_FORK | OCTI_MAY_LEAVE };

static inline void *octi_item_of_fork(octi_fork *fork)
{
    return (void *)((uintptr_t)fork | OCTI_FORK);
}

static inline octi_job *octi_item_job(void *item)
{
    return (octi_job *)((uintptr_t)item & ~(uintptr_t)OCTI_MARKS);
}

static inline octi_thread *octi_thread_here(void)
{
    return octi_here.worker;
}

static inline bool octi_thread_has_room(const octi_thread *self)
{
    return (char *)__builtin_frame_address(0) > self->stack_limit;
}

/* ---- thread.c ---- */

/* Starts thread number `number`, which is the next. */
OCT_NODISCARD oct_err octi_thread_start(octi_threads *pool, int number, oct_error *err);

/* The next item of the worker's, the pool's or another's, or NULL. */
void *octi_thread_find(octi_thread *self);

/* Looks for one for a while, the feed's included; NULL when there was none, or when `job`, which may be
 * NULL, has ended. */
void *octi_thread_search(octi_thread *self, octi_job *job);
void octi_thread_run(octi_thread *self, void *item);

/* Sleeps until there is something to do, `until_ended` has ended or, unless that is 0, until `until_ns`. */
void octi_thread_park(octi_thread *self, octi_job *until_ended, int64_t until_ns);

/* It has slept on the pool's epoch, and runs something now or goes on with what it slept for: the wake-up
 * may have been for more than that. */
void octi_thread_wake_next(octi_thread *self);

static inline void octi_thread_pass_on(octi_thread *self)
{
    if (__builtin_expect(self->woken, 0))
        octi_thread_wake_next(self);
}

/* Wakes up to so many of the parked; or one, unless a worker searches, which will find the new work, or
 * wake the next when it finds other. */
void octi_threads_wake_up(octi_threads *pool, int count);
void octi_threads_wake_one(octi_threads *pool);
bool octi_threads_have_work(octi_threads *pool);

/* ---- aside.c ---- */

/* There is a thread too many. */
static inline bool octi_threads_are_crowded(octi_threads *pool)
{
    return atomic_load_explicit(&pool->active, memory_order_relaxed) > pool->base.workers;
}

/* The calling thread, which runs nothing, sleeps if it is one too many. What lies on its deque is
 * stolen. */
void octi_thread_rest(octi_threads *pool);

/* ---- wait.c ---- */

/* The contract's wait (executor.h). */
oct_err octi_thread_wait(octi_executor *executor, octi_job *job, oct_error *err);

#endif
