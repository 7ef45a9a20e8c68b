/* exec/shared/thing.h - one thing that tasks share, what lies in it, and who waits for it.
 *
 * All of it, and all functions of this folder whose names do not begin with octi_shared, are guarded by
 * octi_things_lock: jobs that end are noted meanwhile, and end when it is given back. */
#ifndef OCTI_THING_H
#define OCTI_THING_H

#include "runtime/exec/shared.h"

typedef struct octi_item {
    struct octi_item *next;
    uint32_t type;
    size_t size;
    char bytes[];
} octi_item;

/* A job that was not ended at once. */
typedef struct octi_claim {
    struct octi_claim *next;
    octi_job *job;
    uint64_t who, task;  /* as in its request */
    int64_t deadline_ns; /* 0: none */
    uint32_t type;
    octi_item *item; /* of a put; its own */
} octi_claim;

typedef struct octi_thing {
    struct octi_thing *next;
    uint64_t id;
    const oct_pool *pool;
    octi_shared_kind kind;
    uint64_t limit;     /* of a queue; 0: none */
    bool drops;         /* a subscriber's queue: when full the oldest item goes */
    bool closed;        /* a queue that is not empty */
    bool left;          /* a lock: its holder died */
    uint64_t who, task; /* a lock's holder, as in its request; 0: none */
    long count;         /* items of a queue; what can be taken; 1: the event is set */
    octi_item *first_item, *last_item;
    octi_claim *first, *last; /* gets on a queue that is empty, or puts on one that is full */
    uint64_t *subscribers;
    size_t subscriber_count;
} octi_thing;

/* ---- the lock ---- */

void octi_things_lock(void);

/* Gives it back, and ends the jobs that were noted meanwhile: their waiters may do anything. */
void octi_things_unlock(void);

/* A job is to end: with a copy of the bytes, or for a reason that is a constant text. */
void octi_claim_succeed(octi_job *job, const void *bytes, size_t size);
void octi_claim_fail(octi_job *job, oct_err code, const char *why);

/* ---- the things ---- */

/* NULL when memory is short. */
octi_thing *octi_thing_create(octi_shared_kind kind, uint64_t id, const oct_pool *pool);

/* NULL when there is none. */
octi_thing *octi_thing_find(uint64_t id);

/* Frees it and what lies in it. Nobody waits for it any more. */
void octi_thing_drop(octi_thing *self);

/* Calls fn for each, which may drop it. */
void octi_thing_each(void (*fn)(octi_thing *self, void *ctx), void *ctx);

/* ---- what lies in one ---- */

/* With a copy of the payload; NULL when memory is short. */
octi_item *octi_item_create(uint32_t type, oct_bytes payload);

/* At the end, and off the beginning, where there must be one. It is malloc'ed, and the caller's. */
void octi_item_push(octi_thing *self, octi_item *item);
octi_item *octi_item_pop(octi_thing *self);

/* ---- who waits for it ---- */

void octi_claim_push(octi_thing *self, octi_claim *claim);

/* The first; NULL when nobody waits. The caller's to free. */
octi_claim *octi_claim_pop(octi_thing *self);

/* Takes out those for which fn is true, which may end their jobs, and frees them. */
void octi_claim_remove(octi_thing *self, bool (*fn)(octi_claim *claim, void *ctx), void *ctx);

/* Ends all of them. */
void octi_claim_break(octi_thing *self, oct_err code, const char *why);
void octi_claim_free(octi_claim *claim);

#endif
