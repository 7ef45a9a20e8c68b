#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/args.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/job.h"
#include "runtime/exec/slab.h"
#include "runtime/exec/spin.h"
#include "runtime/task/type.h"
#include "runtime/trace/record.h"

octi_job *octi_job_create(oct_pool *pool, oct_task *task)
{
    octi_job *job = octi_slab_get();
    if (!job)
        return NULL;
    atomic_store_explicit(&job->refs, 2, memory_order_relaxed);
    __builtin_prefetch(job->deps, 1);
    job->task = task;
    job->waiters = NULL;
    job->more = NULL;
    job->args = NULL;
    job->args_size = 0;
    job->has_value = job->on_heap = 0;
    job->dep_count = job->where = 0;
    atomic_store_explicit(&job->place, OCTI_MADE_HERE, memory_order_relaxed);
    atomic_store_explicit(&job->pool, pool, memory_order_relaxed);
    atomic_store_explicit(&job->word, OCTI_WAITING, memory_order_release);
    return job;
}

/* A handle is the generation over the index plus one: never NULL, never an address. */
oct_future *octi_job_handle(const octi_job *job)
{
    uint64_t generation = atomic_load_explicit(&job->generation, memory_order_relaxed);
    return (oct_future *)(uintptr_t)(generation << 32 | (job->index + 1));
}

octi_job *octi_job_of(oct_future *future)
{
    uint64_t bits = (uintptr_t)future;
    octi_job *job = octi_slab_at((uint32_t)bits - 1);
    if (!job || atomic_load_explicit(&job->generation, memory_order_relaxed) != bits >> 32)
        return NULL;
    return job;
}

bool octi_job_retire(octi_job *job, oct_future *future)
{
    uint32_t generation = (uint32_t)((uintptr_t)future >> 32);
    return atomic_compare_exchange_strong_explicit(&job->generation, &generation, generation + 1,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

void octi_job_restore(octi_job *job, oct_future *future)
{
    atomic_store_explicit(&job->generation, (uint32_t)((uintptr_t)future >> 32), memory_order_relaxed);
}

octi_more *octi_job_more(octi_job *job)
{
    if (!job->more) {
        job->more = malloc(sizeof(octi_more)); /* calloc asks the arena, malloc this thread's cache */
        if (job->more)
            *job->more = (octi_more){0};
    }
    return job->more;
}

/* Deps that stay with their block are two cache lines of their own. */
enum { KEPT_DEPS = 3, KEPT_SIZE = 128 };

_Static_assert(sizeof(octi_deps) + KEPT_DEPS * sizeof(octi_dep) <= KEPT_SIZE,
               "a neighbour would share a line");

octi_deps *octi_job_deps(octi_job *job, uint32_t room)
{
    if (job->deps && room <= KEPT_DEPS) /* from the job before */
        return job->deps;
    free(job->deps);
    job->deps = room <= KEPT_DEPS ? aligned_alloc(64, KEPT_SIZE)
                                  : malloc(sizeof(octi_deps) + room * sizeof(octi_dep));
    if (job->deps) {
        job->deps->dependent = job;
        job->deps->room = room <= KEPT_DEPS ? KEPT_DEPS : room;
    }
    return job->deps;
}

void octi_job_depend(octi_job *job, octi_job *of, uint32_t param, octi_waiter_fn fn)
{
    uint32_t index = job->dep_count++;
    job->deps->at[index] = (octi_dep){{NULL, fn}, of, param, index};
}

static void testify(octi_job *job, bool done, const void *value)
{
    octi_witness *witness = job->more ? job->more->witness : NULL;
    if (!witness)
        return;
    job->more->witness = NULL;
    witness->ended(witness, job, done, value);
}

void octi_job_drop_copies(octi_job *job)
{
    octi_copies *copies = job->more ? job->more->copies : NULL;
    for (int i = 0; copies && i < copies->nodes; i++) {
        if (copies->on[i])
            octi_job_unref(copies->on[i]);
    }
    if (copies)
        job->more->copies = NULL;
    free(copies);
}

static void free_job(octi_job *job)
{
    testify(job, false, NULL);
    octi_job_drop_copies(job);
    if (job->has_value)
        octi_value_release(&job->task->result, octi_job_value(job));
    if (job->on_heap)
        free(*(void **)job->payload);
    octi_args_release(job);
    if (atomic_load_explicit(&job->place, memory_order_relaxed) != OCTI_MADE_HERE)
        octi_args_forget_remote(job);
    if (job->more) {
        free(job->more->failure);
        free(job->more);
    }
    if (job->deps && job->deps->room > KEPT_DEPS) {
        free(job->deps);
        job->deps = NULL;
    }
    atomic_store_explicit(&job->pool, NULL, memory_order_relaxed);
    atomic_store_explicit(&job->word, OCTI_FREE, memory_order_release);
    octi_slab_put(job);
}

void octi_job_unref(octi_job *job)
{
    /* The only holder needs no read-modify-write to know that it is. */
    if (atomic_load_explicit(&job->refs, memory_order_acquire) == 1 ||
        atomic_fetch_sub_explicit(&job->refs, 1, memory_order_acq_rel) == 1)
        free_job(job);
}

void octi_job_each(const oct_pool *pool, void (*fn)(octi_job *job, void *ctx), void *ctx)
{
    uint32_t count = octi_slab_count();
    for (uint32_t i = 0; i < count; i++) {
        octi_job *job = octi_slab_at(i);
        if (atomic_load_explicit(&job->pool, memory_order_relaxed) == pool &&
            octi_job_state(job) != OCTI_FREE)
            fn(job, ctx);
    }
}

static bool move(octi_job *job, octi_state from, octi_state to, uint32_t unless)
{
    uint32_t word = atomic_load_explicit(&job->word, memory_order_relaxed);
    while ((word & OCTI_STATE_MASK) == from && !(word & unless)) {
        if (word & OCTI_LOCKED) {
            octi_relax();
            word = atomic_load_explicit(&job->word, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&job->word, &word, (word & ~OCTI_STATE_MASK) | to,
                                                         memory_order_acq_rel, memory_order_relaxed))
            return true;
    }
    return false;
}

bool octi_job_admit(octi_job *job, octi_state next)
{
    return move(job, OCTI_WAITING, next, 0);
}

bool octi_job_start(octi_job *job)
{
    if (!move(job, OCTI_QUEUED, OCTI_RUNNING, 0))
        return false;
    octi_trace_started(job->index);
    return true;
}

bool octi_job_again(octi_job *job)
{
    return move(job, OCTI_RUNNING, OCTI_QUEUED, OCTI_UNWANTED);
}

/* Moves the job from a state of at most `last` to an ended one; false when it was past that. */
static bool end_job(octi_job *job, octi_state last, octi_state end)
{
    uint32_t word = atomic_load_explicit(&job->word, memory_order_relaxed);
    for (;;) {
        if ((word & OCTI_STATE_MASK) > last)
            return false;
        if (word & OCTI_LOCKED) {
            octi_relax();
            word = atomic_load_explicit(&job->word, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&job->word, &word, end, memory_order_acq_rel,
                                                         memory_order_relaxed)) {
            break;
        }
    }
    octi_trace_ended(job->index, job->task, end != OCTI_DONE);
    if (word & OCTI_SLEEPERS)
        octi_futex_wake(&job->word, INT_MAX);
    if (word & OCTI_LISTED) {
        for (octi_waiter *waiter = job->waiters, *next; waiter; waiter = next) {
            next = waiter->next;
            waiter->fn(waiter, job);
        }
    }
    return true;
}

static oct_err store_value(octi_job *job, void *value)
{
    size_t size = job->task->result.size;
    if (size > OCTI_PAYLOAD) {
        void *heap = malloc(size);
        if (!heap) {
            octi_value_release(&job->task->result, value);
            return OCT_E_NOMEM;
        }
        memcpy(heap, value, size);
        memcpy(job->payload, &heap, sizeof(heap));
        job->on_heap = 1;
    } else {
        memcpy(job->payload, value, size);
    }
    job->has_value = 1;
    return OCT_OK;
}

void octi_job_done(octi_job *job, void *value)
{
    testify(job, true, value);
    if (value && store_value(job, value) != OCT_OK) {
        oct_error error;
        oct_fail(&error, OCT_E_NOMEM, "out of memory for a result of %u bytes", job->task->result.size);
        octi_job_fail(job, &error);
        return;
    }
    end_job(job, OCTI_RUNNING, OCTI_DONE);
    octi_args_release(job); /* after that: who waits for the job has waited long enough */
    octi_job_unref(job);
}

void octi_job_done_elsewhere(octi_job *job)
{
    octi_args_release(job);
    atomic_store_explicit(&job->place, OCTI_REMOTE, memory_order_relaxed);
    end_job(job, OCTI_RUNNING, OCTI_DONE);
    octi_job_unref(job);
}

/* Whoever loses the race to end a job must not have touched it: a failure is prepared aside. */
static void keep_failure(octi_job *job, const oct_failure *failure)
{
    octi_more *more = octi_job_more(job);
    if (!more)
        return;
    if (!more->failure)
        more->failure = malloc(sizeof(*failure));
    if (more->failure)
        *more->failure = *failure;
}

void octi_job_failed(octi_job *job, const oct_failure *failure)
{
    keep_failure(job, failure);
    octi_args_release(job);
    end_job(job, OCTI_RUNNING, OCTI_FAILED);
    octi_job_unref(job);
}

void octi_job_fail(octi_job *job, const oct_error *error)
{
    oct_failure failure;
    octi_failure_init(&failure, job, error);
    octi_job_failed(job, &failure);
}

bool octi_job_cancel(octi_job *job)
{
    return end_job(job, OCTI_QUEUED, OCTI_CANCELLED);
}

/* Only a job that has not ended can be locked, and one that is locked cannot end. */
bool octi_job_pin(octi_job *job)
{
    uint32_t word = atomic_load_explicit(&job->word, memory_order_acquire);
    for (;;) {
        octi_state state = (octi_state)(word & OCTI_STATE_MASK);
        if (state >= OCTI_DONE || state == OCTI_FREE)
            return false;
        if (word & OCTI_LOCKED) {
            octi_relax();
            word = atomic_load_explicit(&job->word, memory_order_acquire);
        } else if (atomic_compare_exchange_weak_explicit(&job->word, &word, word | OCTI_LOCKED,
                                                         memory_order_acq_rel, memory_order_acquire)) {
            return true;
        }
    }
}

void octi_job_unpin(octi_job *job)
{
    atomic_fetch_and_explicit(&job->word, ~(uint32_t)OCTI_LOCKED, memory_order_release);
}

bool octi_job_listen(octi_job *job, octi_waiter *waiter)
{
    if (!octi_job_pin(job))
        return false;
    waiter->next = job->waiters;
    job->waiters = waiter;
    /* Listed and unlocked at once: nobody else changes either bit of a locked one. */
    uint32_t listed = atomic_load_explicit(&job->word, memory_order_relaxed) & OCTI_LISTED;
    atomic_fetch_xor_explicit(&job->word, OCTI_LOCKED | (OCTI_LISTED ^ listed), memory_order_release);
    return true;
}

bool octi_job_unlisten(octi_job *job, octi_waiter *waiter)
{
    if (!octi_job_pin(job))
        return false;
    octi_waiter **link = &job->waiters;
    while (*link && *link != waiter)
        link = &(*link)->next;
    bool found = *link;
    if (found)
        *link = waiter->next;
    octi_job_unpin(job);
    return found;
}

bool octi_job_sleep(octi_job *job, int64_t deadline_ns)
{
    for (int i = 0; i < OCTI_SPINS; i++) {
        if (octi_job_ended(job))
            return true;
        octi_relax();
    }
    return octi_job_sleep_at_once(job, deadline_ns);
}

bool octi_job_sleep_at_once(octi_job *job, int64_t deadline_ns)
{
    for (;;) {
        uint32_t word =
            atomic_fetch_or_explicit(&job->word, OCTI_SLEEPERS, memory_order_acq_rel) | OCTI_SLEEPERS;
        if ((word & OCTI_STATE_MASK) >= OCTI_DONE)
            return true;
        if (!octi_futex_wait(&job->word, word, deadline_ns))
            return octi_job_ended(job);
    }
}

bool octi_job_retry(octi_job *job)
{
    if (!job->more)
        return false;
    return job->more->attempts++ < job->more->options.retries && octi_job_again(job);
}

oct_err octi_job_fetch(octi_job *job, oct_error *err)
{
    if (!octi_job_is_remote(job))
        return OCT_OK;
    octi_executor *executor = octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
    return executor->class->fetch(executor, job, err);
}

void octi_job_fetch_all(octi_job *const *jobs, size_t count)
{
    octi_executor *executor =
        count > 0 ? octi_pool_executor(atomic_load_explicit(&jobs[0]->pool, memory_order_relaxed)) : NULL;
    if (executor && executor->class->fetch_all)
        executor->class->fetch_all(executor, jobs, count);
}

oct_err octi_job_arrived(octi_job *job, void *value, oct_error *err)
{
    testify(job, true, value);
    oct_err code = store_value(job, value);
    if (code != OCT_OK)
        return oct_fail(err, code, "out of memory for a result of %u bytes", job->task->result.size);
    /* Other workers that take the value as well look at this without a lock. */
    atomic_store_explicit(&job->place, OCTI_BROUGHT, memory_order_release);
    return OCT_OK;
}
