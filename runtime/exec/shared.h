/* exec/shared.h - the home of what tasks share (oct/shared.h): in the program's process. What is done
 * with each kind of it is in exec/shared/.
 *
 * What is done with it is a job of one task, octi_shared_op. It never runs: where it arrives
 * (octi_shared_serve) it ends at once, or waits in a list, occupying no thread, until somebody
 * else's ends it, its time is up, or the thing it waits for is closed. Jobs are ended without the
 * lock: their waiters may do anything. */
#ifndef OCTI_SHARED_H
#define OCTI_SHARED_H

#include "runtime/exec/job.h"

typedef enum octi_shared_kind {
    OCTI_QUEUE_OF = 1,
    OCTI_LOCK_OF,
    OCTI_SEMAPHORE_OF,
    OCTI_EVENT_OF,
    OCTI_TOPIC_OF,
} octi_shared_kind;

typedef enum octi_shared_do {
    OCTI_DO_OPEN,
    OCTI_DO_CLOSE,
    OCTI_DO_PUT,   /* of queues: the payload; of topics: to all; semaphores, locks and events: give, set */
    OCTI_DO_GET,   /* of queues: an item; of semaphores, locks and events: take, wait */
    OCTI_DO_COUNT, /* items in a queue */
    OCTI_DO_CLEAR, /* events */
    OCTI_DO_JOIN,  /* of topics: number is the queue's id */
    OCTI_DO_BURY,  /* of nothing: the process `who` is gone */
} octi_shared_do;

typedef struct octi_shared_request {
    uint64_t id;
    uint64_t number; /* OPEN: capacity or count; JOIN; PUT of a lock: 1, its holder left it so */
    uint64_t who;    /* the process that asked, for octi_shared_died; 0: one that dies with the program */
    uint64_t task;   /* GET of a lock: octi_here_name of who asks */
    double seconds;
    uint32_t type; /* PUT, GET: the index of the item's put-task */
    uint8_t kind;
    uint8_t what;
    uint8_t holds; /* GET of a lock: 0 when who asks surely has no other */
    uint8_t unused;
} octi_shared_request;

/* Of a result, when it is OCT_OK: the payload of GET and COUNT, or one byte that is 1 when a lock's
 * holder had died. */

/* The task, and its arguments. */
extern oct_task *const octi_shared_task;

typedef struct octi_shared_args {
    octi_shared_request request;
    oct_bytes payload;
} octi_shared_args;

/* Set for good by the first of these that this process submits: see exec/threads/aside.c. */
extern _Atomic bool octi_shared_used;

/* Serves a QUEUED job of that task, in the program's process. */
OCT_API void octi_shared_serve(octi_job *job);

/* The octi_here_name of who holds the lock that the request, served here, waits for; 0: it waits for
 * none, or nobody holds it. */
uint64_t octi_shared_holder(const octi_job *job);

/* A request of process `who`, its task `task`, that waits without a time-out for a lock which process
 * `holder` has. */
typedef struct octi_lock_wait {
    uint64_t lock, task;
    uint64_t who, holder;
} octi_lock_wait;

/* Some of those that are served here, of worker processes; how many. */
size_t octi_shared_lock_waits(octi_lock_wait *out, size_t room);

/* Ends such a wait with OCT_E_DEADLOCK; false when it has ended. */
bool octi_shared_refuse(uint64_t lock, uint64_t task);

/* The process is gone: its waits end, and its locks are given to the next. Any process of the pool. */
void octi_shared_died(oct_pool *pool, uint64_t who);

/* The pool closes: ends all waits, now and later. */
void octi_shared_break(const oct_pool *pool);

/* It is closed: frees what is left. */
void octi_shared_end(const oct_pool *pool);

#endif
