#include "runtime/exec/threads/thread.h"

#include <limits.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>

#include "runtime/exec/futex.h"
#include "runtime/exec/spin.h"
#include "runtime/trace/record.h"

enum { GLANCES = 40, BATCH = 64 };

/* ---- waking and parking ---- */

void octi_threads_wake_up(octi_threads *pool, int count)
{
    atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_seq_cst);
    octi_futex_wake(&pool->epoch, count);
}

void octi_threads_wake_one(octi_threads *pool)
{
    if (atomic_load_explicit(&pool->parked, memory_order_seq_cst) > 0 &&
        atomic_load_explicit(&pool->searching, memory_order_seq_cst) == 0)
        octi_threads_wake_up(pool, 1);
}

bool octi_threads_have_work(octi_threads *pool)
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

void octi_thread_park(octi_thread *self, octi_job *until_ended, int64_t until_ns)
{
    octi_threads *pool = self->pool;
    atomic_fetch_add_explicit(&pool->parked, 1, memory_order_seq_cst);
    uint32_t epoch = atomic_load_explicit(&pool->epoch, memory_order_seq_cst);
    if (pool->has_membarrier)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    if (!atomic_load_explicit(&pool->stop, memory_order_seq_cst) && !octi_threads_have_work(pool) &&
        !(until_ended && octi_job_ended(until_ended)))
        octi_futex_wait(&pool->epoch, epoch, until_ns);
    atomic_fetch_sub_explicit(&pool->parked, 1, memory_order_seq_cst);
    self->woken = true;
}

void octi_thread_wake_next(octi_thread *self)
{
    self->woken = false;
    if (octi_threads_have_work(self->pool))
        octi_threads_wake_one(self->pool);
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

void octi_thread_run(octi_thread *self, void *item)
{
    octi_thread_pass_on(self);
    if (!((uintptr_t)item & OCTI_FORK)) {
        octi_job *job = octi_item_job(item);
        const octi_feed *feed = &self->pool->feed;
        if (feed->run ? feed->run(feed->ctx, job) : octi_run_job(job))
            octi_threads_class.submit(&self->pool->base, job);
        return;
    }
    octi_fork *fork = (octi_fork *)((uintptr_t)item & ~(uintptr_t)OCTI_FORK);
    run_fork(fork);
    /* The fork's memory may be gone once it is marked done. */
    octi_threads *pool = self->pool;
    if (__atomic_exchange_n(&fork->done, 1, __ATOMIC_ACQ_REL) == 2)
        octi_threads_wake_up(pool, INT_MAX);
}

/* ---- finding work ---- */

/* A batch: the first to run now, the others on the own deque so that they are run in order. */
static void *take_from_inbox(octi_thread *self)
{
    octi_threads *pool = self->pool;
    void *items[BATCH];
    int count = octi_deque_take(&pool->inbox, items, BATCH, 2 * pool->base.workers);
    if (count == 0)
        return NULL;
    for (int i = count - 1; i > 0; i--) {
        __builtin_prefetch(items[i], 1); /* the submitter's core has it */
        if (!octi_deque_push(&self->deque, items[i], memory_order_release))
            octi_thread_run(self, items[i]);
    }
    return items[0];
}

static uint32_t next_random(octi_thread *self)
{
    /* xorshift: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
    self->random ^= self->random << 13;
    self->random ^= self->random >> 17;
    self->random ^= self->random << 5;
    return self->random;
}

static void *steal(octi_thread *self)
{
    octi_threads *pool = self->pool;
    int count = atomic_load_explicit(&pool->slots, memory_order_acquire);
    int start = (int)(next_random(self) % (uint32_t)count);
    for (int i = 0; i < count; i++) {
        octi_thread *victim = &pool->workers[(start + i) % count];
        void *item = victim == self ? NULL : octi_deque_steal(&victim->deque);
        if (item)
            return item;
    }
    return NULL;
}

void *octi_thread_find(octi_thread *self)
{
    octi_threads *pool = self->pool;
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

static void *find_or_be_fed(octi_thread *self)
{
    const octi_feed *feed = &self->pool->feed;
    void *item = octi_thread_find(self);
    return item || !feed->next ? item : feed->next(feed->ctx);
}

/* A few looks of which nobody is told: telling costs a cache line that all workers want. Not while
 * others are parked: who adds work would wake one of them. */
static void *glance(octi_thread *self, octi_job *job)
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

static bool lingers(octi_threads *pool)
{
    return pool->feed.linger && atomic_load_explicit(&pool->searching, memory_order_relaxed) == 1 &&
           pool->feed.linger(pool->feed.ctx);
}

void *octi_thread_search(octi_thread *self, octi_job *job)
{
    octi_threads *pool = self->pool;
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
        octi_threads_have_work(pool))
        octi_threads_wake_one(pool);
    return item;
}

/* ---- a thread's life ---- */

static void *main_of_thread(void *arg)
{
    octi_thread *self = arg;
    octi_threads *pool = self->pool;
    self->stack_limit = (char *)__builtin_frame_address(0) - (OCTI_STACK_SIZE - OCTI_STACK_RESERVE);
    octi_frame bottom = {.job = NULL, .pool = pool->base.pool};
    octi_here.worker = self;
    octi_here.frame = &bottom;
    octi_waits_add(&pool->waits, &self->wait);
    while (!atomic_load_explicit(&pool->stop, memory_order_acquire)) {
        if (__builtin_expect(octi_threads_are_crowded(pool), 0))
            octi_thread_rest(pool);
        void *item = octi_thread_find(self);
        octi_trace_follows(item != NULL);
        if (!item)
            item = octi_thread_search(self, NULL);
        if (item)
            octi_thread_run(self, item);
        else
            octi_thread_park(self, NULL, 0);
    }
    octi_here.worker = NULL;
    octi_here.frame = NULL;
    return NULL;
}

/* One that starts later, by a worker, is a worker's like: signals are the program's. */
oct_err octi_thread_start(octi_threads *pool, int number, oct_error *err)
{
    octi_thread *self = &pool->workers[number];
    self->pool = pool;
    self->random = 2463534242u + (uint32_t)number * 0x9e3779b9u;
    /* When the thread cannot be started the deque stays for the next attempt: others may look at it. */
    if (!atomic_load_explicit(&self->deque.ring, memory_order_relaxed) && !octi_deque_init(&self->deque))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %d threads", pool->base.workers);
    atomic_store_explicit(&pool->slots, number + 1, memory_order_release);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, OCTI_STACK_SIZE);
    int error = pthread_create(&self->thread, &attr, main_of_thread, self);
    pthread_attr_destroy(&attr);
    if (error != 0) {
        oct_fail(err, OCT_E_EXHAUSTED, "cannot start thread %d of %d: %s", number + 1, pool->base.workers,
                 strerror(error));
        return oct_hint(err, "ask for fewer with --pool=threads:N");
    }
    pool->started++;
    return OCT_OK;
}
