/* exec/pool.h - the body of oct_pool. Pools are few, and their few bytes are kept for good, so
 * that one used after it was closed is an error and not a crash. */
#ifndef OCTI_POOL_H
#define OCTI_POOL_H

#include <stdatomic.h>

#include "runtime/exec/executor.h"
#include "runtime/journal/journal.h"

struct oct_pool {
    octi_executor *executor;     /* NULL when closed */
    uint32_t limit;              /* of unfinished futures; 0: none */
    _Atomic uint32_t unfinished; /* counted only under a limit; a futex */
    octi_journal *journal;       /* of its results, or NULL */
    bool profile;                /* to be printed when it closes */
    _Atomic uint32_t guests;     /* maps under way in threads of their own; a futex */
    _Atomic uint32_t cancels;    /* how often oct_pool_cancel was called */
    char *trace;                 /* to be written then, or NULL; malloc'ed */
    _Atomic bool closing;
    _Atomic bool closed;
    oct_pool *next; /* of all pools ever made */
};

/* OCT_OK when the calling thread may submit to it. */
oct_err octi_pool_admit(oct_pool *pool, oct_error *err);

/* Closing waits for whoever has entered to leave: a thread that submits on the pool's behalf. */
void octi_pool_enter(oct_pool *pool);
void octi_pool_leave(oct_pool *pool);

static inline uint32_t octi_pool_cancels(oct_pool *pool)
{
    return atomic_load_explicit(&pool->cancels, memory_order_relaxed);
}

/* Takes a spec apart. */
oct_err octi_spec_parse(const char *text, octi_spec *spec, oct_error *err);

#endif
