/* The threads executor: work stealing.
 *
 * What a program submits goes to one queue, first in, first out, from which idle workers take
 * batches; what tasks submit or fork goes on their worker's own deque, last in, first out, and
 * is stolen from its other end. An idle worker spins for some microseconds, then parks.
 *
 * No wake-up is lost: who adds work looks for parked workers after it is visible, and who parks
 * looks for work after it is counted as parked. Forks cannot afford the ordering that this
 * needs on their side, so the parking worker buys it for both (membarrier(2)). */
#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/exec/context.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/shared.h"
#include "runtime/exec/spin.h"
#include "runtime/exec/threads/deque.h"
#include "runtime/exec/threads/threads.h"
#include "runtime/exec/threads/urgent.h"
#include "runtime/exec/threads/waits.h"
#include "runtime/exec/turn.h"
#include "runtime/trace/record.h"

/* Threads that take the places of those whose tasks wait for something shared. */
enum { SPARES = 448 };

enum { FIRST_LOOK_NS = 50000000, LAST_LOOK_NS = 2000000000 };

enum { GLANCES = 40, BATCH = 64, STACK_SIZE = 64 << 20, STACK_RESERVE = 1 << 20 };

typedef struct threads threads;

typedef struct worker {
    octi_deque deque;
    threads *pool;
    uint32_t random;
    char *stack_limit; /* below it no further task is begun on this stack */
    octi_wait wait;
    pthread_t thread;
} worker;

struct threads {
    octi_executor base;
    octi_deque inbox;                         /* nobody pops from it */
    _Alignas(64) _Atomic uint32_t inbox_lock; /* for those who push */
    octi_urgent urgent;                       /* jobs with a priority above 0: before all else */
    octi_urgent idle;                         /* and below: after all else */
    _Alignas(64) _Atomic int32_t parked;
    _Atomic uint32_t epoch; /* a futex: moves on when there is something for the parked */
    _Atomic int32_t searching;
    _Atomic bool stop;
    bool has_membarrier;
    octi_waits waits;
    pthread_mutex_t crowd; /* guards what follows, but for reading */
    pthread_cond_t called;
    _Atomic int active; /* threads that neither stand aside nor rest */
    int resting;        /* threads that are one too many, for now */
    int calls;          /* how many of them are to go on */
    int started;        /* threads */
    _Atomic int slots;  /* workers[] that others may steal from; only grows */
    octi_feed feed;     /* of the executor that these are a part of; its functions may be NULL */
    worker workers[];   /* base.workers, and SPARES */
};

/* A deque's item is a job or a fork; these bits of its address say which. A job that may leave is one
 * that octi_threads_recall takes back. */
enum { FORK = 1, MAY_LEAVE = 2, MARKS = FORK | MAY_LEAVE };

static void *fork_item(octi_fork *fork)
{
    return (void *)((uintptr_t)fork | FORK);
}

static octi_job *job_of_item(void *item)
{
    return (octi_job *)((uintptr_t)item & ~(uintptr_t)MARKS);
}

static worker *this_worker(void)
{
    return octi_here.worker;
}

/* ---- waking and parking ---- */

static void wake(threads *pool, int count)
{
    atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_seq_cst);
    octi_futex_wake(&pool->epoch, count);
}

/* A worker that searches will find the new work, or wake the next when it finds other. */
static void wake_one(threads *pool)
{
    if (atomic_load_explicit(&pool->parked, memory_order_seq_cst) > 0 &&
        atomic_load_explicit(&pool->searching, memory_order_seq_cst) == 0)
        wake(pool, 1);
}

static bool anything_to_do(threads *pool)
{
    if (!octi_deque_empty(&pool->inbox) || octi_urgent_count(&pool->urgent) > 0 ||
        octi_urgent_count(&pool->idle) > 0)
        return true;
    int slots = atomic_load_explicit(&pool->slots, memory_order_acquire);
    for (int i = 0; i < slots; i++) {
        if (!octi_deque_empty(&pool->workers[i].deque))
            return true;
    }
    return pool->feed.more && pool->feed.more(pool->feed.ctx);
}

/* Until there is something to do, or at the latest `until_ns`; 0: never. */
static void park(threads *pool, octi_job *until_ended, int64_t until_ns)
{
    atomic_fetch_add_explicit(&pool->parked, 1, memory_order_seq_cst);
    uint32_t epoch = atomic_load_explicit(&pool->epoch, memory_order_seq_cst);
    if (pool->has_membarrier)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    if (!atomic_load_explicit(&pool->stop, memory_order_seq_cst) && !anything_to_do(pool) &&
        !(until_ended && octi_job_ended(until_ended)))
        octi_futex_wait(&pool->epoch, epoch, until_ns);
    atomic_fetch_sub_explicit(&pool->parked, 1, memory_order_seq_cst);
}

/* ---- adding work ---- */

static void lock_inbox(threads *pool)
{
    while (atomic_exchange_explicit(&pool->inbox_lock, 1, memory_order_acquire)) {
        while (atomic_load_explicit(&pool->inbox_lock, memory_order_relaxed))
            sched_yield();
    }
}

static bool push_inbox(threads *pool, octi_job *job)
{
    lock_inbox(pool);
    bool pushed = octi_deque_push(&pool->inbox, job, memory_order_seq_cst);
    atomic_store_explicit(&pool->inbox_lock, 0, memory_order_release);
    return pushed;
}

static void submit_marked(threads *pool, octi_job *job, uintptr_t mark)
{
    worker *self = this_worker();
    bool pushed;
    int priority = job->more ? job->more->options.priority : 0;
    if (priority != 0)
        pushed = octi_urgent_push(priority > 0 ? &pool->urgent : &pool->idle, job);
    else if (self && self->pool == pool)
        pushed = octi_deque_push(&self->deque, (void *)((uintptr_t)job | mark), memory_order_seq_cst);
    else
        pushed = push_inbox(pool, job);
    if (pushed) {
        wake_one(pool);
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
    submit_marked((threads *)executor, job, 0);
}

/* ---- running work ---- */

static void run_fork(octi_fork *fork)
{
    octi_context *here = &octi_here;
    bool touched = here->touched;
    oct_error kept;
    if (touched)
        kept = here->error;
    octi_loop *loop = here->loop;

    here->touched = false;
    here->loop = NULL;
    fork->run(fork);
    if (here->touched && here->error.code != OCT_OK) {
        fork->error = malloc(sizeof(here->error));
        if (fork->error)
            *fork->error = here->error;
    }
    here->loop = loop;
    here->touched = touched;
    if (touched)
        here->error = kept;
}

static void run_item(worker *self, void *item)
{
    if (!((uintptr_t)item & FORK)) {
        octi_job *job = job_of_item(item);
        const octi_feed *feed = &self->pool->feed;
        if (feed->run ? feed->run(feed->ctx, job) : octi_run_job(job))
            submit(&self->pool->base, job);
        return;
    }
    octi_fork *fork = (octi_fork *)((uintptr_t)item & ~(uintptr_t)FORK);
    run_fork(fork);
    /* The fork's memory may be gone once it is marked done. */
    threads *pool = self->pool;
    if (__atomic_exchange_n(&fork->done, 1, __ATOMIC_ACQ_REL) == 2)
        wake(pool, INT_MAX);
}

/* A batch: the first to run now, the others on the own deque so that they are run in order. */
static void *take_from_inbox(worker *self)
{
    threads *pool = self->pool;
    void *items[BATCH];
    int count = octi_deque_take(&pool->inbox, items, BATCH, 2 * pool->base.workers);
    if (count == 0)
        return NULL;
    for (int i = count - 1; i > 0; i--) {
        __builtin_prefetch(items[i], 1); /* the submitter's core has it */
        if (!octi_deque_push(&self->deque, items[i], memory_order_release))
            run_item(self, items[i]);
    }
    return items[0];
}

static uint32_t next_random(worker *self)
{
    /* xorshift: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
    self->random ^= self->random << 13;
    self->random ^= self->random >> 17;
    self->random ^= self->random << 5;
    return self->random;
}

static void *steal(worker *self)
{
    threads *pool = self->pool;
    int count = atomic_load_explicit(&pool->slots, memory_order_acquire);
    int start = (int)(next_random(self) % (uint32_t)count);
    for (int i = 0; i < count; i++) {
        worker *victim = &pool->workers[(start + i) % count];
        void *item = victim == self ? NULL : octi_deque_steal(&victim->deque);
        if (item)
            return item;
    }
    return NULL;
}

static void *find_work(worker *self)
{
    threads *pool = self->pool;
    void *item = octi_urgent_count(&pool->urgent) > 0 ? octi_urgent_pop(&pool->urgent) : NULL;
    if (!item)
        item = octi_deque_pop(&self->deque);
    if (!item)
        item = take_from_inbox(self);
    if (!item)
        item = steal(self);
    if (!item && octi_urgent_count(&pool->idle) > 0)
        item = octi_urgent_pop(&pool->idle);
    return item;
}

static void *find_or_be_fed(worker *self)
{
    const octi_feed *feed = &self->pool->feed;
    void *item = find_work(self);
    return item || !feed->next ? item : feed->next(feed->ctx);
}

/* A few looks of which nobody is told: telling costs a cache line that all workers want. Not while
 * others are parked: who adds work would wake one of them. */
static void *glance(worker *self, octi_job *job)
{
    void *item = find_or_be_fed(self);
    for (int i = 0; !item && i < GLANCES; i++) {
        if ((job && octi_job_ended(job)) ||
            atomic_load_explicit(&self->pool->parked, memory_order_relaxed) > 0)
            break;
        octi_relax();
        item = find_or_be_fed(self);
    }
    return item;
}

static bool lingers(threads *pool)
{
    return pool->feed.linger && atomic_load_explicit(&pool->searching, memory_order_relaxed) == 1 &&
           pool->feed.linger(pool->feed.ctx);
}

/* Looks for work for a while; NULL when there was none, or when `job` has ended. */
static void *search(worker *self, octi_job *job)
{
    threads *pool = self->pool;
    void *item = glance(self, job);
    if (item)
        return item;
    atomic_fetch_add_explicit(&pool->searching, 1, memory_order_seq_cst);
    for (int i = 0; !item && (i < OCTI_SPINS / 4 || lingers(pool)); i++) {
        if (job && octi_job_ended(job))
            break;
        if (i >= OCTI_SPINS / 4)
            sched_yield();
        for (int k = 0; k < 4; k++)
            octi_relax();
        item = find_or_be_fed(self);
    }
    /* The last one that stops searching passes the duty on: more may have come with this. */
    if (atomic_fetch_sub_explicit(&pool->searching, 1, memory_order_seq_cst) == 1 && item &&
        anything_to_do(pool))
        wake_one(pool);
    return item;
}

/* ---- standing aside ---- */

/* A worker that waits in a task runs others on top of it, unless these could wait in turn for what
 * lies below them, as they can where things are shared (oct/shared.h) and in actors. Then its thread
 * sleeps, and another takes its place; when it goes on there is one too many, and the first that
 * has nothing to run rests. */
static bool is_crowded(threads *pool)
{
    return atomic_load_explicit(&pool->active, memory_order_relaxed) > pool->base.workers;
}

/* For a thread that runs nothing. What lies on its deque is stolen. */
static void rest(threads *pool)
{
    pthread_mutex_lock(&pool->crowd);
    if (is_crowded(pool) && !atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
        atomic_fetch_sub_explicit(&pool->active, 1, memory_order_relaxed);
        pool->resting++;
        if (anything_to_do(pool)) /* this thread may have been woken for it */
            wake_one(pool);
        while (pool->calls == 0 && !atomic_load_explicit(&pool->stop, memory_order_relaxed))
            pthread_cond_wait(&pool->called, &pool->crowd);
        if (pool->calls > 0)
            pool->calls--;
    }
    pthread_mutex_unlock(&pool->crowd);
}

static oct_err start_worker(threads *pool, int number, oct_error *err);

/* False when nobody can take the place. */
static bool find_replacement(threads *pool)
{
    if (atomic_load_explicit(&pool->active, memory_order_relaxed) > pool->base.workers)
        return true;
    if (pool->resting > 0) {
        pool->resting--;
        pool->calls++;
        pthread_cond_signal(&pool->called);
    } else if (pool->started == pool->base.workers + SPARES ||
               start_worker(pool, pool->started, NULL) != OCT_OK) {
        return false;
    }
    atomic_fetch_add_explicit(&pool->active, 1, memory_order_relaxed);
    return true;
}

bool octi_threads_step_aside(octi_executor *executor)
{
    threads *pool = (threads *)executor;
    pthread_mutex_lock(&pool->crowd);
    bool may = find_replacement(pool);
    if (may)
        atomic_fetch_sub_explicit(&pool->active, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool->crowd);
    if (may && anything_to_do(pool)) /* the others that are active may be parked */
        wake_one(pool);
    return may;
}

void octi_threads_step_back(octi_executor *executor)
{
    threads *pool = (threads *)executor;
    pthread_mutex_lock(&pool->crowd);
    atomic_fetch_add_explicit(&pool->active, 1, memory_order_relaxed);
    pthread_mutex_unlock(&pool->crowd);
}

static void *work(void *arg)
{
    worker *self = arg;
    threads *pool = self->pool;
    self->stack_limit = (char *)__builtin_frame_address(0) - (STACK_SIZE - STACK_RESERVE);
    octi_frame bottom = {.job = NULL, .pool = pool->base.pool};
    octi_here.worker = self;
    octi_here.frame = &bottom;
    octi_waits_add(&pool->waits, &self->wait);
    while (!atomic_load_explicit(&pool->stop, memory_order_acquire)) {
        if (__builtin_expect(is_crowded(pool), 0))
            rest(pool);
        void *item = find_work(self);
        octi_trace_follows(item != NULL);
        if (!item)
            item = search(self, NULL);
        if (item)
            run_item(self, item);
        else
            park(pool, NULL, 0);
    }
    octi_here.worker = NULL;
    octi_here.frame = NULL;
    return NULL;
}

/* ---- waiting inside tasks ---- */

typedef struct bell {
    octi_waiter waiter; /* first */
    threads *pool;
    _Atomic bool rung;
} bell;

static void ring(octi_waiter *waiter, octi_job *job)
{
    bell *self = (bell *)waiter;
    threads *pool = self->pool;
    (void)job;
    atomic_store_explicit(&self->rung, true, memory_order_release);
    wake(pool, INT_MAX);
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

static bool begin_wait(worker *self, vigil *wait)
{
    if (wait->look_ns == 0 && may_fail(wait)) {
        wait->patience_ns = FIRST_LOOK_NS;
        wait->look_ns = octi_clock_ns() + FIRST_LOOK_NS;
    }
    return octi_waits_begin(&self->pool->waits, &self->wait, wait->job, &wait->number, may_fail(wait));
}

static void look(worker *self, vigil *wait)
{
    threads *pool = self->pool;
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

static oct_err sleep_until_ended(worker *self, vigil *wait)
{
    octi_job *job = wait->job;
    if (begin_wait(self, wait)) {
        if (may_fail(wait))
            return never_ends(wait);
        wake(self->pool, INT_MAX); /* let the others of the circle find it, and fail */
    }
    bell alarm = {{NULL, ring}, self->pool, false};
    if (octi_job_listen(job, &alarm.waiter)) {
        park(self->pool, job, wait->look_ns);
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

static oct_err sleep_aside(worker *self, vigil *wait)
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
static bool wait_aside(worker *self, vigil *wait, oct_err *code)
{
    threads *pool = self->pool;
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

static oct_err wait_for(octi_executor *executor, octi_job *job, oct_error *err)
{
    worker *self = this_worker();
    vigil wait = {.job = job, .err = err};
    oct_err aside;
    (void)executor;
    if (err && !octi_job_ended(job) && stands_aside(job) && wait_aside(self, &wait, &aside))
        return aside;
    while (!octi_job_ended(job)) {
        bool has_room = (char *)__builtin_frame_address(0) > self->stack_limit;
        void *item = has_room ? search(self, job) : NULL;
        if (item) {
            run_item(self, item);
        } else if (!octi_job_ended(job)) {
            oct_err code = sleep_until_ended(self, &wait);
            if (code != OCT_OK)
                return code;
        }
    }
    return OCT_OK;
}

/* ---- fork and join ---- */

void octi_fork_push(octi_fork *fork)
{
    worker *self = this_worker();
    if (!self || !octi_deque_push(&self->deque, fork_item(fork),
                                  self->pool->has_membarrier ? memory_order_release : memory_order_seq_cst))
        return; /* the join finds it neither done nor on the deque, and runs it */
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(atomic_load_explicit(&self->pool->parked, memory_order_relaxed) > 0, 0))
        wake_one(self->pool);
}

static bool fork_is_done(octi_fork *fork)
{
    return __atomic_load_n(&fork->done, __ATOMIC_ACQUIRE) == 1;
}

/* Stolen: run other things until the thief is done. */
static void wait_for_thief(worker *self, octi_fork *fork)
{
    for (int idle = 0; !fork_is_done(fork);) {
        bool has_room = (char *)__builtin_frame_address(0) > self->stack_limit;
        void *item = has_room ? find_work(self) : NULL;
        if (item) {
            run_item(self, item);
            idle = 0;
        } else if (++idle < OCTI_SPINS) {
            octi_relax();
        } else {
            uint32_t forked = 0;
            if (__atomic_compare_exchange_n(&fork->done, &forked, 2, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE) ||
                forked == 2) {
                uint32_t epoch = atomic_load_explicit(&self->pool->epoch, memory_order_seq_cst);
                if (!fork_is_done(fork))
                    octi_futex_wait(&self->pool->epoch, epoch, 0);
            }
        }
    }
}

static void take_error(octi_fork *fork)
{
    oct_error *mine = oct_task_error();
    if (mine->code == OCT_OK)
        *mine = *fork->error;
    free(fork->error);
}

bool octi_join_begin(octi_fork *fork)
{
    worker *self = this_worker();
    if (!self)
        return true;
    void *item = NULL;
    while (!fork_is_done(fork)) {
        item = octi_deque_pop(&self->deque);
        if (__builtin_expect(item == fork_item(fork), 1))
            return true;
        if (!item)
            break;
        run_item(self, item); /* joined out of order, or submitted since */
    }
    wait_for_thief(self, fork);
    if (fork->error)
        take_error(fork);
    return false;
}

/* ---- opening and closing ---- */

static void stop_workers(threads *pool)
{
    atomic_store_explicit(&pool->stop, true, memory_order_seq_cst);
    pthread_mutex_lock(&pool->crowd);
    pthread_cond_broadcast(&pool->called);
    pthread_mutex_unlock(&pool->crowd);
    wake(pool, INT_MAX);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
}

/* What is still queued was cancelled: only its reference is left to drop. */
static void drain(octi_deque *deque)
{
    for (void *item; (item = octi_deque_steal(deque));)
        octi_job_unref(job_of_item(item));
}

static void drain_urgent(octi_urgent *urgent)
{
    for (octi_job *job; (job = octi_urgent_pop(urgent));)
        octi_job_unref(job);
    octi_urgent_deinit(urgent);
}

static void destroy(threads *pool)
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
    destroy((threads *)executor);
}

static int usable_cpus(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? count : 1;
}

/* One that starts later, by a worker, is a worker's like: signals are the program's. */
static oct_err start_worker(threads *pool, int number, oct_error *err)
{
    worker *self = &pool->workers[number];
    self->pool = pool;
    self->random = 2463534242u + (uint32_t)number * 0x9e3779b9u;
    /* When the thread cannot be started the deque stays for the next attempt: others may look at it. */
    if (!atomic_load_explicit(&self->deque.ring, memory_order_relaxed) && !octi_deque_init(&self->deque))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %d threads", pool->base.workers);
    atomic_store_explicit(&pool->slots, number + 1, memory_order_release);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int error = pthread_create(&self->thread, &attr, work, self);
    pthread_attr_destroy(&attr);
    if (error != 0) {
        oct_fail(err, OCT_E_EXHAUSTED, "cannot start thread %d of %d: %s", number + 1, pool->base.workers,
                 strerror(error));
        return oct_hint(err, "ask for fewer with --pool=threads:N");
    }
    pool->started++;
    return OCT_OK;
}

oct_err octi_threads_open(int count, oct_pool *owner, const octi_feed *feed, octi_executor **out,
                          oct_error *err)
{
    size_t size = (sizeof(threads) + ((size_t)count + SPARES) * sizeof(worker) + 63) & ~(size_t)63;
    threads *pool = aligned_alloc(64, size);
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
        code = start_worker(pool, i, err);
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
        code = octi_threads_open(spec->count > 0 ? spec->count : usable_cpus(), owner, NULL, out, err);
    if (code == OCT_OK)
        memcpy((*out)->own_tags, tags, sizeof(tags));
    return code;
}

void octi_threads_submit_loose(octi_executor *executor, octi_job *job)
{
    submit_marked((threads *)executor, job, MAY_LEAVE);
}

/* Of each worker's at most one in two: the others it goes on with. */
int octi_threads_recall(octi_executor *executor, octi_job **jobs, int most)
{
    threads *pool = (threads *)executor;
    int count = 0, slots = atomic_load_explicit(&pool->slots, memory_order_acquire);
    for (int i = 0; i < slots && count < most; i++) {
        octi_deque *deque = &pool->workers[i].deque;
        void *item;
        for (int64_t half = (octi_deque_count(deque) + 1) / 2;
             half > 0 && count < most && (item = octi_deque_steal_marked(deque, MAY_LEAVE)); half--)
            jobs[count++] = job_of_item(item);
    }
    return count;
}

octi_waits *octi_threads_waits(octi_executor *executor)
{
    return &((threads *)executor)->waits;
}

void octi_threads_wait_for(octi_executor *executor, octi_job *job)
{
    octi_waits *waits = octi_threads_waits(executor);
    uint64_t number = 0;
    if (job)
        octi_waits_begin(waits, &this_worker()->wait, job, &number, false);
    else
        octi_waits_end(waits, &this_worker()->wait);
}

void octi_threads_wake(octi_executor *executor)
{
    wake_one((threads *)executor);
}

bool octi_threads_are_awake(const octi_executor *executor)
{
    return atomic_load_explicit(&((const threads *)executor)->parked, memory_order_relaxed) == 0;
}

int octi_threads_idle(const octi_executor *executor)
{
    const threads *pool = (const threads *)executor;
    const worker *self = this_worker();
    bool is_between_tasks = self && self->pool == pool && !octi_here.frame->job;
    int idle = atomic_load_explicit(&pool->parked, memory_order_relaxed) +
               atomic_load_explicit(&pool->searching, memory_order_relaxed);
    return idle == 0 && is_between_tasks ? 1 : idle;
}

const octi_executor_class octi_threads_class = {
    .kind = "threads",
    .open = open_threads,
    .submit = submit,
    .wait = wait_for,
    .close = close_threads,
};
