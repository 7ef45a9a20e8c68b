/* oct/shared.h - what tasks share with each other and the program: queues, locks, semaphores, events
 * and topics, on every executor.
 *
 *   oct_queue work = oct_queue_open(pool, 100);
 *   oct_future *f = oct_submit(pool, consume, work);     // a handle is an argument as any other
 *   for (int i = 0; i < N; i++)
 *       oct_queue_put(pool, work, int, &i, OCT_FOREVER); // in the task: oct_queue_get(oct_task_pool(), ...)
 *   oct_queue_close(pool, work);                         // what is in it can still be got
 *
 * Handles are plain values: they can be given to tasks, put in structs, kept, and compared by `id`;
 * 0 is none. What they name lives in the program's process, on node 0, until it is closed or the pool
 * is. Any thread, and any task of the pool on any node, may use any of it.
 *
 * Waiting: `seconds` is how long a call may wait, OCT_FOREVER as long as it takes, 0 not at all;
 * OCT_E_TIMEOUT leaves everything as it was. Who waits longest is served first. When a task waits
 * another thread or process takes its worker's place, so that others run, among them those that it
 * waits for; up to 448 can wait so at a time on a node. In programs that share things that is true of
 * oct_result in tasks too, so that a task may wait for others while it holds a lock.
 *
 * Ends: closing one breaks the waits for it with OCT_E_NOTFOUND, which is also what is said of one
 * that was closed or never there. Closing the pool first breaks all waits, those that begin later
 * too, with OCT_E_STATE: who wants consumers to finish waits for their futures before. The waits of
 * a worker process that dies end with it. oct_last_error says what a code means.
 *
 * Cost: every call is a message to the program's process and back: under a microsecond there, a
 * round trip from a worker process or another node. Values are packed and copied. */
#ifndef OCT_SHARED_H
#define OCT_SHARED_H

#include "oct/scatter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- queues: first in, first out, each item to one of those that get ---- */

typedef struct oct_queue {
    uint64_t id;
} oct_queue;

/* A queue of at most `capacity` items; 0: as many as there is memory. id 0 on failure. */
OCT_API oct_queue oct_queue_open(oct_pool *pool, size_t capacity);

/* Appends a copy of *in, a T; waits while the queue is full. */
#define oct_queue_put(pool, queue, T, in, seconds)                                                           \
    octi_queue_put(pool, queue, OCTI_PUT(T, in), in, (seconds) + (double)OCTI_CHECK_PUT(T, in))

/* Takes the oldest item and stores it in *out, the caller's to free as a result is; waits for one.
 * OCT_E_NOTFOUND: the queue is closed and empty. OCT_E_TYPE: the oldest item is no T, and stays. */
#define oct_queue_get(pool, queue, T, out, seconds)                                                          \
    octi_queue_get(pool, queue, OCTI_PUT(T, out), out, (seconds) + (double)OCTI_CHECK_PUT(T, out))

/* How many items are in it; 0 for one that is not there. */
OCT_API size_t oct_queue_count(oct_pool *pool, oct_queue queue);

/* Nothing can be put any more; what is there can be got, and after the last item the queue is gone. */
OCT_API oct_err oct_queue_close(oct_pool *pool, oct_queue queue);

/* ---- locks ---- */

typedef struct oct_lock {
    uint64_t id;
} oct_lock;

OCT_API oct_lock oct_lock_open(oct_pool *pool);

/* Waits until the lock is the caller's. A task holds it until it unlocks. When the one that had it
 * died, or returned without unlocking, the next gets it with OCT_E_LOST: the lock is its own, and what
 * it guards may be half changed. OCT_E_DEADLOCK: the calling task or thread, or a task below it on its
 * worker, holds it; or who holds it waits, without a time-out, for a lock that the caller holds, be it
 * by way of others. Then nobody waits: give back what you hold, and try again. */
OCT_API oct_err oct_lock_take(oct_pool *pool, oct_lock lock, double seconds);

/* OCT_E_STATE when nobody holds it. Whoever knows that the holder is done may call this. */
OCT_API oct_err oct_lock_give(oct_pool *pool, oct_lock lock);
OCT_API oct_err oct_lock_close(oct_pool *pool, oct_lock lock);

/* ---- semaphores: so many may go on at once ---- */

typedef struct oct_semaphore {
    uint64_t id;
} oct_semaphore;

OCT_API oct_semaphore oct_semaphore_open(oct_pool *pool, long count);

/* Takes one, and waits until there is one. What a task that dies has taken is not given back. */
OCT_API oct_err oct_semaphore_take(oct_pool *pool, oct_semaphore semaphore, double seconds);
OCT_API oct_err oct_semaphore_give(oct_pool *pool, oct_semaphore semaphore);
OCT_API oct_err oct_semaphore_close(oct_pool *pool, oct_semaphore semaphore);

/* ---- events: all that wait go on when it is set ---- */

typedef struct oct_event {
    uint64_t id;
} oct_event;

OCT_API oct_event oct_event_open(oct_pool *pool);
OCT_API oct_err oct_event_set(oct_pool *pool, oct_event event);
OCT_API oct_err oct_event_clear(oct_pool *pool, oct_event event);

/* Returns at once while it is set. */
OCT_API oct_err oct_event_wait(oct_pool *pool, oct_event event, double seconds);
OCT_API oct_err oct_event_close(oct_pool *pool, oct_event event);

/* ---- topics: each value to all who subscribed before it was published ---- */

typedef struct oct_topic {
    uint64_t id;
} oct_topic;

OCT_API oct_topic oct_topic_open(oct_pool *pool);

/* A queue that gets what is published from now on, until it is closed or the topic is. It keeps the
 * latest `capacity` values (0: all): a slow subscriber loses the oldest and holds up nobody. */
OCT_API oct_queue oct_topic_subscribe(oct_pool *pool, oct_topic topic, size_t capacity);

/* A copy of *in, a T, to each; never waits. */
#define oct_topic_publish(pool, topic, T, in)                                                                \
    octi_topic_publish(pool, topic, OCTI_PUT(T, in), in, OCTI_CHECK_PUT(T, in))

/* Closes the subscribers' queues too. */
OCT_API oct_err oct_topic_close(oct_pool *pool, oct_topic topic);

/* ---- what the macros need; not for programs ---- */

OCT_API oct_err octi_queue_put(oct_pool *pool, oct_queue queue, const octi_type *type, const void *in,
                               double seconds);
OCT_API oct_err octi_queue_get(oct_pool *pool, oct_queue queue, const octi_type *type, void *out,
                               double seconds);
OCT_API oct_err octi_topic_publish(oct_pool *pool, oct_topic topic, const octi_type *type, const void *in,
                                   size_t checked);

#ifdef __cplusplus
}
#endif
#endif
