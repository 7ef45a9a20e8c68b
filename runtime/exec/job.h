/* exec/job.h - a task on its way: the one block behind a future.
 *
 * A job holds its arguments, then its value, in 192 bytes where they fit. Its memory is never
 * given back to the system, so a stale handle finds a block whose generation has moved on.
 *
 * States go one way:  WAITING -> QUEUED -> RUNNING -> DONE | FAILED
 *                     WAITING | QUEUED -> CANCELLED
 * (a retry goes back from RUNNING to QUEUED). Whoever moves a job into an ended state runs its
 * waiters, and nobody touches its value before that.
 *
 * References: one for the user's handle, one for the executor until the job has ended, one for
 * each unfinished job that takes its value. */
#ifndef OCTI_JOB_H
#define OCTI_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "oct/future.h"

typedef enum octi_state {
    OCTI_FREE,
    OCTI_WAITING, /* for the futures among its arguments */
    OCTI_QUEUED,
    OCTI_RUNNING,
    OCTI_DONE, /* this and what follows has ended */
    OCTI_FAILED,
    OCTI_CANCELLED,
} octi_state;

/* The low bits of job->word are the state, the others: */
enum {
    OCTI_STATE_MASK = 0x0f,
    OCTI_LOCKED = 0x10,   /* somebody changes the list of waiters */
    OCTI_LISTED = 0x20,   /* the list is not empty */
    OCTI_SLEEPERS = 0x40, /* threads wait on the word by futex */
    OCTI_UNWANTED = 0x80, /* cancelled while it runs */
};

/* Where a DONE job's value is. */
typedef enum octi_value_place {
    OCTI_MADE_HERE, /* or there is none */
    OCTI_REMOTE,    /* elsewhere: the executor knows where */
    OCTI_BROUGHT,   /* here, and still where it was: tasks that were sent there may want it */
} octi_value_place;

enum { OCTI_JOB_SIZE = 192, OCTI_PAYLOAD = 112 };

typedef struct octi_job octi_job;
typedef struct octi_waiter octi_waiter;

/* Called once, in the thread that ended the job; the waiter may be gone when it returns. */
typedef void (*octi_waiter_fn)(octi_waiter *waiter, octi_job *job);

struct octi_waiter {
    octi_waiter *next; /* guarded by the job's OCTI_LOCKED bit */
    octi_waiter_fn fn;
};

/* An argument that is a future's value. */
typedef struct octi_dep {
    octi_waiter waiter;
    octi_job *job; /* whose value it is; holds a reference */
    uint32_t param;
    uint32_t index; /* in at[], to find the whole from a waiter */
} octi_dep;

/* All of them, in the order of their parameters. */
typedef struct octi_deps {
    octi_job *dependent;
    _Atomic int32_t left; /* unfinished ones, and 1 while the job is being submitted */
    uint32_t room;
    octi_dep at[]; /* job->dep_count */
} octi_deps;

/* Told once of a job's end: before anybody can see that it succeeded, with the value (NULL for
 * none), or when it is freed without having. Frees itself. */
typedef struct octi_witness octi_witness;
struct octi_witness {
    void (*ended)(octi_witness *witness, const octi_job *job, bool done, const void *value);
};

/* A job's value on other nodes too: each is a job of its own, that is to give back the same value
 * there, or failed to. A reference each. */
typedef struct octi_copies {
    int nodes;
    octi_job *on[]; /* by node; NULL: none there */
} octi_copies;

/* A call's place among those of its actor, see turn.h. */
typedef struct octi_turn octi_turn;

/* What few jobs need. */
typedef struct octi_more {
    oct_options options;
    uint64_t actor;        /* whose call it is; 0: nobody's */
    octi_turn *turn;       /* until it ends; guarded by turn.c */
    octi_copies *copies;   /* or NULL; set before anybody else has the job's handle */
    octi_witness *witness; /* or NULL; set before the job is handed over */
    oct_failure *failure;  /* of a job that FAILED or was CANCELLED; NULL when memory was short */
    int attempts;
} octi_more;

struct octi_job {
    _Atomic uint32_t word; /* state and flags; a futex */
    _Atomic uint32_t refs;
    _Atomic uint32_t generation;
    uint32_t index; /* of the block; fixed */
    oct_task *task;
    _Atomic(oct_pool *) pool;
    octi_waiter *waiters;  /* guarded by OCTI_LOCKED; read-only once ended */
    octi_more *more;       /* or NULL */
    void *args;            /* the block of exec/args.h: payload, or malloc'ed */
    uint32_t args_size;    /* of the whole block */
    uint8_t has_value : 1; /* octi_job_value holds a native value that this job owns */
    uint8_t on_heap : 1;   /* the payload holds a pointer to the value */
    _Atomic uint8_t place; /* of a DONE job's value: octi_value_place */
    uint8_t dep_count;     /* arguments that are futures' values: deps->at[] */
    uint8_t where;         /* unused by this layer: the executor's */
    uint64_t executor;     /* the executor's own word: a queue link, a rank and an id, ... */
    octi_deps *deps;       /* or NULL; a small one stays with the block for its next job */
    _Alignas(16) char payload[OCTI_PAYLOAD];
};

_Static_assert(sizeof(struct octi_job) == OCTI_JOB_SIZE, "a million futures must stay under 300 MB");

/* A zeroed job in state WAITING with two references, or NULL. */
octi_job *octi_job_create(oct_pool *pool, oct_task *task);

/* Takes the handle: it means nothing any more, and its reference is the caller's to drop. False
 * when another thread did so first. octi_job_restore undoes it. */
bool octi_job_retire(octi_job *job, oct_future *future);
void octi_job_restore(octi_job *job, oct_future *future);

/* NULL when the handle was taken, or never was one. */
octi_job *octi_job_of(oct_future *future);
oct_future *octi_job_handle(const octi_job *job);

static inline void octi_job_ref(octi_job *job)
{
    atomic_fetch_add_explicit(&job->refs, 1, memory_order_relaxed);
}

/* The last one frees arguments, value and block. */
OCT_API void octi_job_unref(octi_job *job);

/* Drops the copies of a job's value. */
void octi_job_drop_copies(octi_job *job);

/* Calls fn for every job of the pool that is not free. Other threads may go on: it may be another's by
 * then, or free, until fn has pinned it. */
void octi_job_each(const oct_pool *pool, void (*fn)(octi_job *job, void *ctx), void *ctx);

static inline octi_state octi_job_state(const octi_job *job)
{
    return (octi_state)(atomic_load_explicit(&job->word, memory_order_acquire) & OCTI_STATE_MASK);
}

static inline bool octi_job_is_remote(const octi_job *job)
{
    return atomic_load_explicit(&job->place, memory_order_acquire) == OCTI_REMOTE;
}

static inline bool octi_job_ended(const octi_job *job)
{
    return octi_job_state(job) >= OCTI_DONE;
}

/* QUEUED to RUNNING; false when it was cancelled meanwhile. */
OCT_API bool octi_job_start(octi_job *job);

/* WAITING to QUEUED, or to RUNNING for one that must fail; false when it was cancelled. */
bool octi_job_admit(octi_job *job, octi_state next);

/* RUNNING back to QUEUED, for another attempt; false when it was cancelled meanwhile. */
OCT_API bool octi_job_again(octi_job *job);

/* The end, by whoever runs the job: it drops the executor's reference, so the job may be gone
 * afterwards. Done: moves the native value (NULL for none) in; when that needs memory that is
 * not there the job fails. Elsewhere: the value stays with the executor. Failed: copies the
 * failure. */
OCT_API void octi_job_done(octi_job *job, void *value);
OCT_API void octi_job_done_elsewhere(octi_job *job);
OCT_API void octi_job_failed(octi_job *job, const oct_failure *failure);

/* The same from an error, with task and arguments filled in. */
OCT_API void octi_job_fail(octi_job *job, const oct_error *error);

/* Ends a job that has not started; false when it has. Keeps the caller's reference. */
bool octi_job_cancel(octi_job *job);

/* True when its value is not wanted any more. */
static inline bool octi_job_unwanted(const octi_job *job)
{
    return atomic_load_explicit(&job->word, memory_order_relaxed) & OCTI_UNWANTED;
}

/* Hangs a waiter on the job; false when it has ended, and then fn is not called. */
OCT_API bool octi_job_listen(octi_job *job, octi_waiter *waiter);

/* Takes it off again; false when it was called, or is about to be. */
bool octi_job_unlisten(octi_job *job, octi_waiter *waiter);

/* Keeps a job that has not ended in its state until it is unpinned; false when it has ended.
 * Briefly: whoever wants to move it on spins. */
bool octi_job_pin(octi_job *job);
void octi_job_unpin(octi_job *job);

/* Sleeps until the job has ended or the clock (octi_clock_ns) says deadline, 0 for never.
 * Runs nothing meanwhile. False at the deadline. */
bool octi_job_sleep(octi_job *job, int64_t deadline_ns);

/* The same for who has waited awake already: octi_job_sleep does so for some 20 us. */
bool octi_job_sleep_at_once(octi_job *job, int64_t deadline_ns);

/* Where the native value of a DONE job is, while has_value. */
static inline void *octi_job_value(octi_job *job)
{
    return job->on_heap ? *(void **)job->payload : job->payload;
}

/* The job's more, made when there is none; NULL when memory is short. Before it is shared. */
octi_more *octi_job_more(octi_job *job);

/* Room for so many deps, of which there are none yet; NULL likewise. Once for a job. */
octi_deps *octi_job_deps(octi_job *job, uint32_t room);

/* The next dep: takes over the caller's reference to `of`, whose value parameter `param` is. */
void octi_job_depend(octi_job *job, octi_job *of, uint32_t param, octi_waiter_fn fn);

#endif
