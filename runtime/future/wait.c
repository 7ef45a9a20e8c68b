#include <stdlib.h>

#include "oct/future.h"
#include "runtime/base/clock.h"
#include "runtime/exec/actor.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/gate.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/spin.h"
#include "runtime/future/wait.h"

int64_t octi_deadline(double seconds)
{
    if (seconds < 0 || !(seconds < 1e9))
        return 0;
    return octi_clock_ns() + (int64_t)(seconds * 1e9);
}

/* A worker that waits without a time-out runs other tasks meanwhile; with one it only sleeps,
 * since a task that it began could outlast it. */
oct_err octi_wait_for(octi_job *job, int64_t deadline_ns, oct_error *err)
{
    if (octi_job_ended(job))
        return OCT_OK;
    if (deadline_ns == 0 && octi_actor_waits_for_itself(job))
        return oct_fail(err, OCT_E_DEADLOCK,
                        "waiting for '%s' would never end: it is a call of the actor that waits",
                        job->task->name);
    if (octi_here.worker && deadline_ns == 0) {
        octi_executor *executor = octi_pool_executor(octi_here.frame->pool);
        return executor->class->wait(executor, job, err);
    }
    octi_executor *executor = octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
    if (executor && executor->class->help ? executor->class->help(executor, job, deadline_ns)
                                          : octi_job_sleep(job, deadline_ns))
        return OCT_OK;
    return oct_fail(err, OCT_E_TIMEOUT, "'%s' has not ended in time", job->task->name);
}

oct_err oct_wait(oct_future *future, double seconds)
{
    octi_job *job = octi_job_of(future);
    if (!job)
        return oct_fail(octi_last_error(), OCT_E_STATE, "there is no such future");
    return octi_wait_for(job, octi_deadline(seconds), octi_last_error());
}

/* Many jobs, one sleeper. Lives until every hook has fired or was taken off. */
typedef struct crowd {
    _Atomic uint32_t left; /* a futex: how many must still end */
    _Atomic uint32_t any_failed;
    oct_until until;
} crowd;

typedef struct hook {
    octi_waiter waiter; /* first */
    crowd *crowd;
    octi_job *job; /* NULL when it had ended before */
    _Atomic bool fired;
} hook;

static bool satisfied(const crowd *self, uint32_t total)
{
    uint32_t left = atomic_load_explicit(&self->left, memory_order_acquire);
    return left == 0 || (self->until == OCT_ANY_DONE && left < total) ||
           (self->until == OCT_ANY_FAILED && atomic_load_explicit(&self->any_failed, memory_order_acquire));
}

static void count_off(crowd *self, octi_job *job)
{
    if (octi_job_state(job) != OCTI_DONE)
        atomic_store_explicit(&self->any_failed, 1, memory_order_release);
    atomic_fetch_sub_explicit(&self->left, 1, memory_order_acq_rel);
    octi_futex_wake(&self->left, 1);
}

static void unhook(octi_waiter *waiter, octi_job *job)
{
    hook *self = (hook *)waiter;
    count_off(self->crowd, job);
    atomic_store_explicit(&self->fired, true, memory_order_release); /* the last touch */
}

static void take_off(hook *hooks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!hooks[i].job || octi_job_unlisten(hooks[i].job, &hooks[i].waiter))
            continue;
        while (!atomic_load_explicit(&hooks[i].fired, memory_order_acquire))
            octi_relax();
    }
}

static oct_err wait_crowd(crowd *self, hook *hooks, oct_future *const *futures, size_t count,
                          int64_t deadline_ns)
{
    for (size_t i = 0; i < count; i++) {
        octi_job *job = octi_job_of(futures[i]);
        hooks[i] = (hook){{NULL, unhook}, self, job, false};
        if (job && octi_job_listen(job, &hooks[i].waiter))
            continue;
        hooks[i].job = NULL;
        if (job)
            count_off(self, job);
        else
            atomic_fetch_sub_explicit(&self->left, 1, memory_order_relaxed);
    }
    oct_err code = OCT_OK;
    while (code == OCT_OK && !satisfied(self, (uint32_t)count)) {
        uint32_t left = atomic_load_explicit(&self->left, memory_order_acquire);
        if (!satisfied(self, (uint32_t)count) && !octi_futex_wait(&self->left, left, deadline_ns))
            code = satisfied(self, (uint32_t)count) ? OCT_OK : OCT_E_TIMEOUT;
    }
    take_off(hooks, count);
    return code;
}

/* A worker must not sleep while there is work: it waits for them one by one, running others. */
static oct_err wait_in_turn(oct_future *const *futures, size_t count, oct_until until)
{
    for (size_t i = 0; i < count; i++) {
        octi_job *job = octi_job_of(futures[i]);
        oct_err code = job ? octi_wait_for(job, 0, octi_last_error()) : OCT_OK;
        if (code != OCT_OK)
            return code;
        if (until == OCT_ANY_FAILED && job && octi_job_state(job) != OCTI_DONE)
            return OCT_OK;
    }
    return OCT_OK;
}

oct_err oct_wait_many(oct_future *const *futures, size_t count, oct_until until, double seconds)
{
    if (count > UINT32_MAX)
        return oct_fail(octi_last_error(), OCT_E_INVALID, "%zu futures at once", count);
    if (octi_here.worker && seconds < 0 && until != OCT_ANY_DONE)
        return wait_in_turn(futures, count, until);
    hook *hooks = malloc((count + 1) * sizeof(*hooks));
    if (!hooks)
        return oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory to wait for %zu futures", count);
    crowd self = {(uint32_t)count, 0, until};
    oct_err code = wait_crowd(&self, hooks, futures, count, octi_deadline(seconds));
    free(hooks);
    if (code != OCT_OK)
        oct_fail(octi_last_error(), code, "%u of %zu futures have not ended in time", (unsigned)self.left,
                 count);
    return code;
}
