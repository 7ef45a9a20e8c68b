/* What a task does that waits for a job: it runs others meanwhile, or sleeps, in a place of its own or
 * aside; and it finds out when that would never end. */
#include <limits.h>

#include "runtime/base/clock.h"
#include "runtime/exec/shared.h"
#include "runtime/exec/spin.h"
#include "runtime/exec/threads/thread.h"

enum { FIRST_LOOK_NS = 50000000, LAST_LOOK_NS = 2000000000 };

typedef struct bell {
    octi_waiter waiter; /* first */
    octi_threads *pool;
    _Atomic bool rung;
} bell;

static void ring(octi_waiter *waiter, octi_job *job)
{
    bell *self = (bell *)waiter;
    octi_threads *pool = self->pool;
    (void)job;
    atomic_store_explicit(&self->rung, true, memory_order_release);
    octi_threads_wake_up(pool, INT_MAX);
}

/* One wait of a task. Where it cannot be known when it begins whether it would ever end, it looks when
 * it has lasted for a while, then after twice as long, and so on. */
typedef struct vigil {
    octi_job *job;
    oct_error *err;  /* NULL: it may not fail */
    uint64_t number; /* octi_waits_begin's */
    int64_t patience_ns;
    int64_t look_ns; /* when; 0: never, as it may not fail whatever it saw */
} vigil;

/* A request is ended by who serves it, in any case: if only its wait failed a lock could be given to
 * nobody. Others of the circle fail. */
static bool may_fail(const vigil *wait)
{
    return wait->err && wait->job->task->role != OCTI_SERVED;
}

static bool begin_wait(octi_thread *self, vigil *wait)
{
    if (wait->look_ns == 0 && may_fail(wait)) {
        wait->patience_ns = FIRST_LOOK_NS;
        wait->look_ns = octi_clock_ns() + FIRST_LOOK_NS;
    }
    return octi_waits_begin(&self->pool->waits, &self->wait, wait->job, &wait->number, may_fail(wait));
}

static void look(octi_thread *self, vigil *wait)
{
    octi_threads *pool = self->pool;
    int64_t now = wait->look_ns > 0 ? octi_clock_ns() : 0;
    if (wait->look_ns == 0 || now < wait->look_ns)
        return;
    wait->patience_ns = wait->patience_ns < LAST_LOOK_NS ? 2 * wait->patience_ns : LAST_LOOK_NS;
    wait->look_ns = now + wait->patience_ns;
    octi_search search = {.goal = wait->number, .yields = wait->number};
    if (pool->feed.look)
        pool->feed.look(pool->feed.ctx, wait->job, wait->number);
    else if (octi_waits_search(&pool->waits, &search, wait->job, 0))
        octi_waits_tell(&pool->waits, wait->number);
}

static oct_err never_ends(const vigil *wait)
{
    return oct_fail(wait->err, OCT_E_DEADLOCK,
                    "waiting for '%s' would never end: it waits for the task that waits",
                    wait->job->task->name);
}

static oct_err sleep_until_ended(octi_thread *self, vigil *wait)
{
    octi_job *job = wait->job;
    if (begin_wait(self, wait)) {
        if (may_fail(wait))
            return never_ends(wait);
        octi_threads_wake_up(self->pool, INT_MAX); /* let the others of the circle find it, and fail */
    }
    bell alarm = {{NULL, ring}, self->pool, false};
    if (octi_job_listen(job, &alarm.waiter)) {
        octi_thread_park(self, job, wait->look_ns);
        if (!octi_job_unlisten(job, &alarm.waiter)) {
            while (!atomic_load_explicit(&alarm.rung, memory_order_acquire))
                octi_relax();
        }
    }
    if (!octi_job_ended(job))
        look(self, wait);
    bool hopeless = octi_waits_end(&self->pool->waits, &self->wait);
    return hopeless && !octi_job_ended(job) ? never_ends(wait) : OCT_OK;
}

static oct_err sleep_aside(octi_thread *self, vigil *wait)
{
    octi_waits *waits = &self->pool->waits;
    if (begin_wait(self, wait) && may_fail(wait))
        return never_ends(wait);
    while (!octi_job_sleep(wait->job, wait->look_ns) && !octi_waits_is_hopeless(waits, &self->wait))
        look(self, wait);
    bool hopeless = octi_waits_end(waits, &self->wait);
    return hopeless && !octi_job_ended(wait->job) ? never_ends(wait) : OCT_OK;
}

/* False when the worker has to run others meanwhile, since nobody can take its place. */
static bool wait_aside(octi_thread *self, vigil *wait, oct_err *code)
{
    octi_threads *pool = self->pool;
    octi_job *job = wait->job;
    *code = OCT_OK;
    for (int i = 0; job->task->role == OCTI_SERVED && i < OCTI_SPINS && !octi_job_ended(job); i++)
        octi_relax();
    if (octi_job_ended(job) || !octi_threads_step_aside(&pool->base))
        return octi_job_ended(job);
    *code = sleep_aside(self, wait);
    octi_threads_step_back(&pool->base);
    return true;
}

/* Whatever an actor's call, or a task of a program that shares things, would run on top of itself
 * could wait for what only it can do. */
static bool stands_aside(const octi_job *job)
{
    return job->task->role == OCTI_SERVED || octi_here.frame->actor != 0 ||
           atomic_load_explicit(&octi_shared_used, memory_order_relaxed);
}

oct_err octi_thread_wait(octi_executor *executor, octi_job *job, oct_error *err)
{
    octi_thread *self = octi_thread_here();
    vigil wait = {.job = job, .err = err};
    oct_err aside;
    (void)executor;
    if (err && !octi_job_ended(job) && stands_aside(job) && wait_aside(self, &wait, &aside))
        return aside;
    oct_err code = OCT_OK;
    while (!octi_job_ended(job) && code == OCT_OK) {
        bool has_room = octi_thread_has_room(self);
        void *item = has_room ? octi_thread_search(self, job) : NULL;
        if (item) {
            octi_thread_run(self, item);
        } else if (!octi_job_ended(job)) {
            octi_thread_pass_on(self); /* without room it takes nothing */
            code = sleep_until_ended(self, &wait);
        }
    }
    octi_thread_pass_on(self);
    return code;
}
