/* A worker that waits in a task runs others on top of it, unless these could wait in turn for what
 * lies below them, as they can where things are shared (oct/shared.h) and in actors. Then its thread
 * sleeps, and another takes its place; when it goes on there is one too many, and the first that
 * has nothing to run rests. */
#include "runtime/exec/threads/thread.h"

void octi_thread_rest(octi_threads *pool)
{
    pthread_mutex_lock(&pool->crowd);
    if (octi_threads_are_crowded(pool) && !atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
        atomic_fetch_sub_explicit(&pool->active, 1, memory_order_relaxed);
        pool->resting++;
        if (octi_threads_have_work(pool)) /* this thread may have been woken for it */
            octi_threads_wake_one(pool);
        while (pool->calls == 0 && !atomic_load_explicit(&pool->stop, memory_order_relaxed))
            pthread_cond_wait(&pool->called, &pool->crowd);
        if (pool->calls > 0)
            pool->calls--;
    }
    pthread_mutex_unlock(&pool->crowd);
}

/* False when nobody can take the place. */
static bool find_replacement(octi_threads *pool)
{
    if (octi_threads_are_crowded(pool))
        return true;
    if (pool->resting > 0) {
        pool->resting--;
        pool->calls++;
        pthread_cond_signal(&pool->called);
    } else if (pool->started == pool->base.workers + OCTI_SPARES ||
               octi_thread_start(pool, pool->started, NULL) != OCT_OK) {
        return false;
    }
    atomic_fetch_add_explicit(&pool->active, 1, memory_order_relaxed);
    return true;
}

bool octi_threads_step_aside(octi_executor *executor)
{
    octi_threads *pool = (octi_threads *)executor;
    pthread_mutex_lock(&pool->crowd);
    bool may = find_replacement(pool);
    if (may)
        atomic_fetch_sub_explicit(&pool->active, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool->crowd);
    if (may && octi_threads_have_work(pool)) /* the others that are active may be parked */
        octi_threads_wake_one(pool);
    return may;
}

void octi_threads_step_back(octi_executor *executor)
{
    octi_threads *pool = (octi_threads *)executor;
    pthread_mutex_lock(&pool->crowd);
    atomic_fetch_add_explicit(&pool->active, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool->crowd);
}
