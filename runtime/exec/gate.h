/* exec/gate.h - one thread waits for one job, or for a few of many.
 *
 * A gate stays in place until every waiter hung on a job has fired or was taken off. */
#ifndef OCTI_GATE_H
#define OCTI_GATE_H

#include <limits.h>

#include "runtime/exec/futex.h"
#include "runtime/exec/job.h"

typedef struct octi_gate {
    octi_waiter waiter; /* first */
    _Atomic uint32_t open;
} octi_gate;

static inline void octi_gate_fire(octi_waiter *waiter, octi_job *job)
{
    octi_gate *gate = (octi_gate *)waiter;
    (void)job;
    /* The gate may be gone once it is open; waking its former address harms nobody. */
    atomic_store_explicit(&gate->open, 1, memory_order_release);
    octi_futex_wake(&gate->open, INT_MAX);
}

static inline void octi_gate_init(octi_gate *gate)
{
    gate->waiter = (octi_waiter){NULL, octi_gate_fire};
    atomic_init(&gate->open, 0);
}

static inline void octi_gate_wait(octi_gate *gate)
{
    while (!atomic_load_explicit(&gate->open, memory_order_acquire))
        octi_futex_wait(&gate->open, 0, 0);
}

#endif
