/* trace/record.h - what executors record.
 *
 * A job's times are kept beside its block's index; when it ends, its thread writes one record into
 * its own ring, which overwrites its oldest, and adds to its own sums, which are exact. */
#ifndef OCTI_TRACE_RECORD_H
#define OCTI_TRACE_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "oct/task.h"

extern _Atomic bool octi_tracing;

void octi_trace_queued_slowly(uint32_t job);
void octi_trace_started_slowly(uint32_t job);
void octi_trace_ended_slowly(uint32_t job, const oct_task *task, bool failed);
void octi_trace_follows_slowly(bool follows);
void octi_trace_items_slowly(int64_t expected, int64_t ended);
void octi_trace_moved_slowly(uint64_t bytes);

typedef struct octi_trace_thread octi_trace_thread;
void octi_trace_elsewhere_slowly(octi_trace_thread **lane, const char *what, int number, int64_t ns);
void octi_trace_here_slowly(void);

static inline bool octi_trace_on(void)
{
    return __builtin_expect(atomic_load_explicit(&octi_tracing, memory_order_relaxed), 0);
}

/* Any thread. `job` is the block's index. */
static inline void octi_trace_queued(uint32_t job)
{
    if (octi_trace_on())
        octi_trace_queued_slowly(job);
}

static inline void octi_trace_started(uint32_t job)
{
    if (octi_trace_on())
        octi_trace_started_slowly(job);
}

static inline void octi_trace_ended(uint32_t job, const oct_task *task, bool failed)
{
    if (octi_trace_on())
        octi_trace_ended_slowly(job, task, failed);
}

/* Whether the job that this thread starts next follows directly what ended on it last: then it
 * started when that ended, which saves a look at the clock, the most of what recording costs. */
static inline void octi_trace_follows(bool follows)
{
    if (octi_trace_on())
        octi_trace_follows_slowly(follows);
}

/* More items of maps are expected, or have ended. */
static inline void octi_trace_items(int64_t expected, int64_t ended)
{
    if (octi_trace_on())
        octi_trace_items_slowly(expected, ended);
}

/* The job that ends next on this thread ran for so long at a worker process ("worker", its number) or on
 * another rank: it counts for `*lane`, which is made when there is none and is the caller's to write to, and
 * began so long ago. Without a time (0) nothing is said. octi_trace_here() after it, as the job may not have
 * ended. */
static inline void octi_trace_elsewhere(octi_trace_thread **lane, const char *what, int number, int64_t ns)
{
    if (octi_trace_on() && ns > 0)
        octi_trace_elsewhere_slowly(lane, what, number, ns);
}

static inline void octi_trace_here(void)
{
    if (octi_trace_on())
        octi_trace_here_slowly();
}

/* Bytes that went to another process, or came. */
static inline void octi_trace_moved(uint64_t bytes)
{
    if (octi_trace_on())
        octi_trace_moved_slowly(bytes);
}

/* ---- for reports ---- */

enum { OCTI_TRACE_RING = 65536, OCTI_TRACE_TASKS = 256 };

typedef struct octi_trace_entry {
    uint64_t queued, started, ended; /* octi_ticks; queued or started 0: before recording began */
    uintptr_t what;                  /* its task, plus OCTI_TRACE_FAILED */
} octi_trace_entry;

/* Half a cache line: to write it is what recording costs most. */
_Static_assert(sizeof(octi_trace_entry) <= 32, "two entries of a ring share a cache line");

enum { OCTI_TRACE_FAILED = 1 };
_Static_assert(_Alignof(oct_task) > OCTI_TRACE_FAILED, "a task's address has a free bit");

static inline const oct_task *octi_trace_task(const octi_trace_entry *entry)
{
    return (const oct_task *)(entry->what & ~(uintptr_t)OCTI_TRACE_FAILED);
}

/* Sums of one task on one thread. Its owner writes, reports read: relaxed. */
typedef struct octi_trace_sum {
    _Atomic(const oct_task *) task;
    _Atomic uint64_t count, failed, ticks, longest, waited;
} octi_trace_sum;

/* What one thread recorded, or what others did of the jobs that ran at one place elsewhere. */
struct octi_trace_thread {
    octi_trace_thread *next;
    const char *what; /* "worker" or "rank"; NULL: a thread of this process */
    int number;
    _Atomic uint64_t written; /* entries ever */
    _Atomic uint64_t moved;
    _Atomic int64_t expected, ended;
    octi_trace_sum sums[OCTI_TRACE_TASKS]; /* hashed by task; when it is full, others are left out */
    _Alignas(64) octi_trace_entry ring[OCTI_TRACE_RING];
};

/* All threads that recorded something, the latest first. They are never freed. */
octi_trace_thread *octi_trace_threads(void);

/* Ticks as seconds since recording began. */
double octi_trace_seconds(uint64_t ticks);
double octi_trace_duration(uint64_t ticks);

#endif
