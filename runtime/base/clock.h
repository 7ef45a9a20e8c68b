/* base/clock.h - monotonic time. */
#ifndef OCTI_CLOCK_H
#define OCTI_CLOCK_H

#include <stdint.h>

/* The system's clock, and the counter to go on from there with, as this thread last read both. */
typedef struct octi_clock {
    int64_t ns;
    uint64_t ticks;
    uint64_t window; /* ticks that may be counted on for; 0: none */
    uint64_t scale;  /* nanoseconds a tick, times 2^32; 0: not known */
    int64_t said;    /* no earlier time may be said */
} octi_clock;

extern __thread octi_clock octi_clock_here __attribute__((tls_model("initial-exec")));

/* Asks the system. */
int64_t octi_clock_ask(void);

/* The processor's counter, in ticks of its own. Where none is known: nanoseconds. */
static inline uint64_t octi_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return (uint64_t)octi_clock_ask();
#endif
}

/* Nanoseconds since some fixed moment of this boot, as CLOCK_MONOTONIC; for one thread it never runs
 * backwards, and two threads may be some hundred nanoseconds apart. Where the processor has a counter that
 * never changes its speed, the system is asked once in a millisecond, and otherwise that is read: a third of
 * the time. */
static inline int64_t octi_clock_ns(void)
{
#if defined(__x86_64__)
    uint64_t since = octi_ticks() - octi_clock_here.ticks;
    if (__builtin_expect(since < octi_clock_here.window, 1))
        return octi_clock_here.ns + (int64_t)(since * octi_clock_here.scale >> 32);
#endif
    return octi_clock_ask();
}

#endif
