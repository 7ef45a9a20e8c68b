/* exec/processes/bell.h - waking a process that sleeps until shared memory changes.
 *
 *   sleeper                               ringer
 *     seen = octi_bell_seen
 *     octi_bell_arm                         change the memory
 *     look: something to do? disarm         octi_bell_ring
 *     octi_bell_sleep(seen)
 *
 * Both have a full fence between their two steps, so that one of them sees the other
 * (S. V. Adve and K. Gharachorloo, "Shared memory consistency models", IEEE Computer 29, 1996:
 * the store-buffering pattern). Ringing costs a fence and a load while nobody sleeps.
 *
 * Arming and sleeping may be two threads' business: one that attended arms the bell on behalf
 * of one that is asleep already. */
#ifndef OCTI_BELL_H
#define OCTI_BELL_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/sanitizer.h"

/* gcc's thread sanitizer does not know fences: there, something as strong that it knows. */
static inline void octi_full_fence(void)
{
#if OCTI_TSAN
    static _Atomic uint32_t nothing;
    atomic_fetch_add(&nothing, 0);
#else
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* In shared memory; all zero: nobody sleeps. */
typedef struct octi_bell {
    _Alignas(64) _Atomic uint32_t armed;
    _Atomic uint32_t rung; /* a futex: how often an armed bell was rung */
} octi_bell;

static inline uint32_t octi_bell_seen(octi_bell *bell)
{
    return atomic_load_explicit(&bell->rung, memory_order_acquire);
}

static inline void octi_bell_arm(octi_bell *bell)
{
    atomic_store_explicit(&bell->armed, 1, memory_order_seq_cst);
    octi_full_fence();
}

static inline void octi_bell_disarm(octi_bell *bell)
{
    atomic_store_explicit(&bell->armed, 0, memory_order_relaxed);
}

/* Sleeps until it is rung once more, or octi_clock_ns says deadline (0: never). May return
 * early. */
static inline void octi_bell_sleep(octi_bell *bell, uint32_t seen, int64_t deadline_ns)
{
    struct timespec left, *timeout = NULL;
    if (deadline_ns > 0) {
        int64_t ns = deadline_ns - octi_clock_ns();
        ns = ns > 0 ? ns : 0;
        left = (struct timespec){ns / 1000000000, ns % 1000000000};
        timeout = &left;
    }
    syscall(SYS_futex, &bell->rung, FUTEX_WAIT, seen, timeout, NULL, 0);
}

/* Wakes the sleeper whether the bell is armed or not. */
static inline void octi_bell_wake(octi_bell *bell)
{
    atomic_fetch_add_explicit(&bell->rung, 1, memory_order_acq_rel);
    syscall(SYS_futex, &bell->rung, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void octi_bell_ring(octi_bell *bell)
{
    octi_full_fence();
    if (atomic_load_explicit(&bell->armed, memory_order_relaxed) && atomic_exchange(&bell->armed, 0))
        octi_bell_wake(bell);
}

#endif
