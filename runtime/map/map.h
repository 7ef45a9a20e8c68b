/* map/map.h - how oct_map runs. */
#ifndef OCTI_MAP_H
#define OCTI_MAP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "oct/map.h"

/* What others may see of a map under way, and how they end it. */
typedef struct octi_map_watch {
    _Atomic size_t done; /* items that have run */
    _Atomic bool stop;   /* begin no more of them */
    uint32_t cancels;    /* the pool's, when the map began */
} octi_map_watch;

typedef struct octi_map_call {
    oct_pool *pool;
    oct_task *task;
    const void *args; /* the task's C struct; its first field is not read */
    const void *in;
    size_t count;
    void *out;
    size_t chunk;          /* 0: to be found out */
    const char *tags;      /* of the nodes that run it; NULL: any */
    octi_map_watch *watch; /* or NULL */
} octi_map_call;

typedef struct octi_map_failure {
    size_t item;
    oct_error error;
} octi_map_failure;

/* A map with more failures than this tells only of so many. */
enum { OCTI_MAP_KEPT = 65536 };

typedef struct octi_map_failures {
    pthread_mutex_t lock;
    bool keep; /* more than the first */
    size_t total;
    size_t first;
    oct_error error; /* of the first */
    octi_map_failure *list;
    size_t count, capacity;
} octi_map_failures;

/* oct_map, watched. */
oct_err octi_map_watched(oct_pool *pool, const oct_map_options *options, oct_task *task, const void *args,
                         oct_future *const *futures, size_t future_count, const void *in, size_t count,
                         void *out, octi_map_watch *watch);

/* True when it should begin no more items. */
bool octi_map_stopped(const octi_map_call *call);

static inline void octi_map_ran(const octi_map_call *call, size_t items)
{
    if (call->watch)
        atomic_fetch_add_explicit(&call->watch->done, items, memory_order_relaxed);
}

/* Any thread. */
void octi_map_item_failed(octi_map_failures *failures, size_t item, const oct_error *error);

/* By pointers, where memory is shared. OCT_OK when the map ran, whatever its items did. */
OCT_NODISCARD oct_err octi_map_shared(const octi_map_call *call, octi_map_failures *failures, oct_error *err);

/* By bytes, chunk by chunk, where it is not. */
OCT_NODISCARD oct_err octi_map_packed(const octi_map_call *call, octi_map_failures *failures, oct_error *err);

/* Item by item, where the pool's results are recorded (journal/resume.h). */
OCT_NODISCARD oct_err octi_map_recorded(const octi_map_call *call, octi_map_failures *failures,
                                        oct_error *err);

#endif
