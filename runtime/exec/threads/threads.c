/* The threads executor: work stealing, see thread.h. */
#include <limits.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cpus.h"
#include "runtime/exec/threads/thread.h"

/* ---- adding work ---- */

static void lock_inbox(octi_threads *pool)
{
    while (atomic_exchange_explicit(&pool->inbox_lock, 1, memory_order_acquire)) {
        while (atomic_load_explicit(&pool->inbox_lock, memory_order_relaxed))
            sched_yield();
    }
}

static bool push_inbox(octi_threads *pool, octi_job *job)
{
    lock_inbox(pool);
    bool pushed = octi_deque_push(&pool->inbox, job, memory_order_seq_cst);
    atomic_store_explicit(&pool->inbox_lock, 0, memory_order_release);
    return pushed;
}

static void submit_marked(octi_threads *pool, octi_job *job, uintptr_t mark)
{
    octi_thread *self = octi_thread_here();
    bool pushed;
    int priority = job->more ? job->more->options.priority : 0;
    if (priority != 0)
        pushed = octi_urgent_push(priority > 0 ? &pool->urgent : &pool->idle, job);
    else if (self && self->pool == pool)
        pushed = octi_deque_push(&self->deque, (void *)((uintptr_t)job | mark), memory_order_seq_cst);
    else
        pushed = push_inbox(pool, job);
    if (pushed) {
        octi_threads_wake_one(pool);
        return;
    }
    oct_error error;
    oct_fail(&error, OCT_E_NOMEM, "out of memory for the queue");
    if (octi_job_start(job))
        octi_job_fail(job, &error);
    else
        octi_job_unref(job);
}

static void submit(octi_executor *executor, octi_job *job)
{
    submit_marked((octi_threads *)executor, job, 0);
}

/* ---- opening and closing ---- */

static void stop_workers(octi_threads *pool)
{
    atomic_store_explicit(&pool->stop, true, memory_order_seq_cst);
    pthread_mutex_lock(&pool->crowd);
    pthread_cond_broadcast(&pool->called);
    pthread_mutex_unlock(&pool->crowd);
    octi_threads_wake_up(pool, INT_MAX);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
}

/* What is still queued was cancelled: only its reference is left to drop. */
static void drain(octi_deque *deque)
{
    for (void *item; (item = octi_deque_steal(deque));)
        octi_job_unref(octi_item_job(item));
}

static void drain_urgent(octi_urgent *urgent)
{
    for (octi_job *job; (job = octi_urgent_pop(urgent));)
        octi_job_unref(job);
    octi_urgent_deinit(urgent);
}

static void destroy(octi_threads *pool)
{
    stop_workers(pool);
    drain(&pool->inbox);
    drain_urgent(&pool->urgent);
    drain_urgent(&pool->idle);
    for (int i = 0; i < atomic_load_explicit(&pool->slots, memory_order_relaxed); i++) {
        if (atomic_load_explicit(&pool->workers[i].deque.ring, memory_order_relaxed))
            drain(&pool->workers[i].deque);
        octi_deque_deinit(&pool->workers[i].deque);
    }
    octi_deque_deinit(&pool->inbox);
    octi_waits_deinit(&pool->waits);
    pthread_mutex_destroy(&pool->crowd);
    pthread_cond_destroy(&pool->called);
    free(pool);
}

static void close_threads(octi_executor *executor)
{
    destroy((octi_threads *)executor);
}

oct_err octi_threads_open(int count, oct_pool *owner, const octi_feed *feed, octi_executor **out,
                          oct_error *err)
{
    size_t size =
        (sizeof(octi_threads) + ((size_t)count + OCTI_SPARES) * sizeof(octi_thread) + 63) & ~(size_t)63;
    octi_threads *pool = aligned_alloc(64, size);
    if (!pool)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %d threads", count);
    memset(pool, 0, size);
    pool->base = (octi_executor){.class = &octi_threads_class,
                                 .pool = owner,
                                 .workers = count,
                                 .nodes = 1,
                                 .is_program = true,
                                 .shares_memory = true};
    octi_waits_init(&pool->waits);
    pthread_mutex_init(&pool->crowd, NULL);
    pthread_cond_init(&pool->called, NULL);
    atomic_init(&pool->active, count);
    if (feed)
        pool->feed = *feed;
    octi_urgent_init(&pool->urgent);
    octi_urgent_init(&pool->idle);
    pool->has_membarrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;

    bool enough = octi_deque_init(&pool->inbox);
    oct_err code = enough ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory for %d threads", count);
    for (int i = 0; code == OCT_OK && i < count; i++)
        code = octi_thread_start(pool, i, err);
    if (code != OCT_OK) {
        destroy(pool);
        return code;
    }
    *out = &pool->base;
    return OCT_OK;
}

static oct_err open_threads(const octi_spec *spec, oct_pool *owner, octi_executor **out, oct_error *err)
{
    char tags[OCTI_TAGS];
    oct_err code = octi_tags_own(spec->tags, tags, err);
    if (code == OCT_OK)
        code = octi_threads_open(spec->count > 0 ? spec->count : octi_usable_cpus(), owner, NULL, out, err);
    if (code == OCT_OK)
        memcpy((*out)->own_tags, tags, sizeof(tags));
    return code;
}

/* Told after the push, both in one order: whoever looks meanwhile sees the one or the other. */
void octi_threads_submit_loose(octi_executor *executor, octi_job *job)
{
    octi_threads *pool = (octi_threads *)executor;
    submit_marked(pool, job, OCTI_MAY_LEAVE);
    if (atomic_load_explicit(&pool->loose, memory_order_seq_cst) == 0)
        atomic_store_explicit(&pool->loose, 1, memory_order_seq_cst);
}

/* At most one in two: the others the worker goes on with. */
static int recall_some(octi_deque *deque, octi_job **jobs, int most)
{
    int count = 0;
    void *item;
    for (int64_t half = (octi_deque_count(deque) + 1) / 2;
         half > 0 && count < most && (item = octi_deque_steal_marked(deque, OCTI_MAY_LEAVE)); half--)
        jobs[count++] = octi_item_job(item);
    return count;
}

/* The deques are their owners' cache lines: nobody is to look at them in vain, again and again. */
int octi_threads_recall(octi_executor *executor, octi_job **jobs, int most)
{
    octi_threads *pool = (octi_threads *)executor;
    if (atomic_load_explicit(&pool->loose, memory_order_relaxed) == 0)
        return 0;
    atomic_store_explicit(&pool->loose, 0, memory_order_seq_cst);
    int64_t left = 0;
    int count = 0, slots = atomic_load_explicit(&pool->slots, memory_order_acquire);
    for (int i = 0; i < slots; i++) {
        octi_deque *deque = &pool->workers[i].deque;
        count += recall_some(deque, jobs + count, most - count);
        left += octi_deque_count(deque);
    }
    if (left > 0)
        atomic_store_explicit(&pool->loose, (int)left, memory_order_relaxed);
    return count;
}

int octi_threads_loose(const octi_executor *executor)
{
    return atomic_load_explicit(&((const octi_threads *)executor)->loose, memory_order_relaxed);
}

octi_waits *octi_threads_waits(octi_executor *executor)
{
    return &((octi_threads *)executor)->waits;
}

void octi_threads_wait_for(octi_executor *executor, octi_job *job)
{
    octi_waits *waits = octi_threads_waits(executor);
    uint64_t number = 0;
    if (job)
        octi_waits_begin(waits, &octi_thread_here()->wait, job, &number, false);
    else
        octi_waits_end(waits, &octi_thread_here()->wait);
}

void octi_threads_wake(octi_executor *executor)
{
    octi_threads_wake_one((octi_threads *)executor);
}

bool octi_threads_are_awake(const octi_executor *executor)
{
    return atomic_load_explicit(&((const octi_threads *)executor)->parked, memory_order_relaxed) == 0;
}

int octi_threads_idle(const octi_executor *executor)
{
    const octi_threads *pool = (const octi_threads *)executor;
    const octi_thread *self = octi_thread_here();
    bool is_between_tasks = self && self->pool == pool && !octi_here.frame->job;
    int idle = atomic_load_explicit(&pool->parked, memory_order_relaxed) +
               atomic_load_explicit(&pool->searching, memory_order_relaxed);
    return idle == 0 && is_between_tasks ? 1 : idle;
}

const octi_executor_class octi_threads_class = {
    .kind = "threads",
    .open = open_threads,
    .submit = submit,
    .wait = octi_thread_wait,
    .close = close_threads,
};
