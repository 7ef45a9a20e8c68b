#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "oct/trace.h"
#include "runtime/base/clock.h"
#include "runtime/trace/record.h"

_Atomic bool octi_tracing;

/* Times of jobs that have not ended, by the index of their block. */
typedef struct times {
    _Atomic uint64_t queued, started;
} times;

enum { CHUNK = 4096, CHUNKS = 65536 };
enum { AHEAD = 4 }; /* entries: two cache lines */

static struct {
    _Atomic(times *) chunks[CHUNKS];
    _Atomic(octi_trace_thread *) threads;
    _Atomic int thread_count;
    _Atomic uint64_t first_tick; /* and its time: a pair to turn ticks into seconds with */
    _Atomic int64_t first_ns;
} trace;

static __thread octi_trace_thread *mine;

/* When a job ended here last, and whether the next one starts at once. */
static __thread struct {
    uint64_t ended;
    bool follows;
} latest;

/* Where the job ran that ends here next, and how long; NULL: here. */
static __thread struct {
    octi_trace_thread *lane;
    uint64_t ticks;
} elsewhere;

double octi_trace_duration(uint64_t ticks)
{
    uint64_t first = atomic_load_explicit(&trace.first_tick, memory_order_relaxed);
    double elapsed = (double)(octi_clock_ns() - atomic_load_explicit(&trace.first_ns, memory_order_relaxed));
    double ticks_elapsed = (double)(octi_ticks() - first);
    return ticks_elapsed > 0 ? (double)ticks * elapsed / ticks_elapsed * 1e-9 : 0;
}

double octi_trace_seconds(uint64_t ticks)
{
    uint64_t first = atomic_load_explicit(&trace.first_tick, memory_order_relaxed);
    return ticks > first ? octi_trace_duration(ticks - first) : 0;
}

octi_trace_thread *octi_trace_threads(void)
{
    return atomic_load_explicit(&trace.threads, memory_order_acquire);
}

static octi_trace_thread *make_thread(const char *what, int number)
{
    octi_trace_thread *thread = aligned_alloc(_Alignof(octi_trace_thread), sizeof(*thread));
    if (!thread)
        return NULL;
    memset(thread, 0, offsetof(octi_trace_thread, ring));
    thread->what = what;
    thread->number = number;
    thread->next = atomic_load(&trace.threads);
    while (!atomic_compare_exchange_weak(&trace.threads, &thread->next, thread))
        continue;
    return thread;
}

static octi_trace_thread *this_thread(void)
{
    if (!mine)
        mine = make_thread(NULL, atomic_fetch_add(&trace.thread_count, 1));
    return mine;
}

static times *times_of(uint32_t job)
{
    uint32_t number = job / CHUNK;
    if (number >= CHUNKS)
        return NULL;
    times *chunk = atomic_load_explicit(&trace.chunks[number], memory_order_acquire);
    if (!chunk) {
        times *made = calloc(CHUNK, sizeof(*made));
        if (!made)
            return NULL;
        if (atomic_compare_exchange_strong(&trace.chunks[number], &chunk, made))
            chunk = made;
        else
            free(made);
    }
    return &chunk[job % CHUNK];
}

/* Only the owner adds, so that a load and a store will do. */
static void add(_Atomic uint64_t *sum, uint64_t more)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + more, memory_order_relaxed);
}

static void count(_Atomic int64_t *sum, int64_t more)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + more, memory_order_relaxed);
}

void octi_trace_queued_slowly(uint32_t job)
{
    times *at = times_of(job);
    octi_trace_thread *thread = this_thread();
    if (!at || !thread)
        return;
    atomic_store_explicit(&at->started, 0, memory_order_relaxed);
    atomic_store_explicit(&at->queued, octi_ticks(), memory_order_relaxed);
    count(&thread->expected, 1);
}

void octi_trace_started_slowly(uint32_t job)
{
    times *at = times_of(job);
    bool follows =
        latest.follows && latest.ended > atomic_load_explicit(&trace.first_tick, memory_order_relaxed);
    latest.follows = false;
    if (at)
        atomic_store_explicit(&at->started, follows ? latest.ended : octi_ticks(), memory_order_relaxed);
}

void octi_trace_follows_slowly(bool follows)
{
    latest.follows = follows;
}

static uint64_t ticks_of(int64_t ns)
{
    double tick = octi_trace_duration(1);
    return tick > 0 ? (uint64_t)((double)ns * 1e-9 / tick) : 0;
}

void octi_trace_elsewhere_slowly(octi_trace_thread **lane, const char *what, int number, int64_t ns)
{
    if (!*lane)
        *lane = make_thread(what, number);
    elsewhere.lane = *lane;
    elsewhere.ticks = ticks_of(ns);
}

void octi_trace_here_slowly(void)
{
    elsewhere.lane = NULL;
}

static octi_trace_sum *sum_of(octi_trace_thread *thread, const oct_task *task)
{
    size_t start = ((uintptr_t)task / sizeof(void *)) % OCTI_TRACE_TASKS;
    for (size_t i = 0; i < OCTI_TRACE_TASKS; i++) {
        octi_trace_sum *sum = &thread->sums[(start + i) % OCTI_TRACE_TASKS];
        const oct_task *owner = atomic_load_explicit(&sum->task, memory_order_relaxed);
        if (!owner)
            atomic_store_explicit(&sum->task, task, memory_order_release);
        if (!owner || owner == task)
            return sum;
    }
    return NULL;
}

void octi_trace_ended_slowly(uint32_t job, const oct_task *task, bool failed)
{
    times *at = times_of(job);
    octi_trace_thread *thread = elsewhere.lane ? elsewhere.lane : this_thread();
    if (!at || !thread)
        return;
    octi_trace_entry entry = {atomic_load_explicit(&at->queued, memory_order_relaxed),
                              atomic_load_explicit(&at->started, memory_order_relaxed), octi_ticks(),
                              (uintptr_t)task | (failed ? OCTI_TRACE_FAILED : 0)};
    if (elsewhere.lane)
        entry.started = entry.ended - elsewhere.ticks;
    elsewhere.lane = NULL;
    latest.ended = entry.ended;
    uint64_t written = atomic_load_explicit(&thread->written, memory_order_relaxed);
    thread->ring[written % OCTI_TRACE_RING] = entry;
    /* The ring is larger than the cache: without this the next atomic instruction waits for its stores. */
    __builtin_prefetch(&thread->ring[(written + AHEAD) % OCTI_TRACE_RING], 1);
    atomic_store_explicit(&thread->written, written + 1, memory_order_release);
    count(&thread->ended, 1);

    octi_trace_sum *sum = sum_of(thread, task);
    if (!sum)
        return;
    uint64_t took = entry.started ? entry.ended - entry.started : 0;
    add(&sum->count, 1);
    if (failed)
        add(&sum->failed, 1);
    add(&sum->ticks, took);
    if (entry.queued && entry.started > entry.queued)
        add(&sum->waited, entry.started - entry.queued);
    if (took > atomic_load_explicit(&sum->longest, memory_order_relaxed))
        atomic_store_explicit(&sum->longest, took, memory_order_relaxed);
}

void octi_trace_items_slowly(int64_t expected, int64_t ended)
{
    octi_trace_thread *thread = this_thread();
    if (!thread)
        return;
    count(&thread->expected, expected);
    count(&thread->ended, ended);
}

void octi_trace_moved_slowly(uint64_t bytes)
{
    octi_trace_thread *thread = this_thread();
    if (thread)
        add(&thread->moved, bytes);
}

/* Threads may go on recording meanwhile; what they record just then may be lost. */
static void forget(octi_trace_thread *thread)
{
    atomic_store(&thread->written, 0);
    atomic_store(&thread->moved, 0);
    atomic_store(&thread->expected, 0);
    atomic_store(&thread->ended, 0);
    for (size_t i = 0; i < OCTI_TRACE_TASKS; i++) {
        octi_trace_sum *sum = &thread->sums[i];
        atomic_store(&sum->count, 0);
        atomic_store(&sum->failed, 0);
        atomic_store(&sum->ticks, 0);
        atomic_store(&sum->longest, 0);
        atomic_store(&sum->waited, 0);
    }
}

oct_err oct_trace_start(oct_error *err)
{
    if (!this_thread())
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a trace");
    for (octi_trace_thread *thread = octi_trace_threads(); thread; thread = thread->next)
        forget(thread);
    atomic_store(&trace.first_tick, octi_ticks());
    atomic_store(&trace.first_ns, octi_clock_ns());
    atomic_store(&octi_tracing, true);
    return OCT_OK;
}
