#include "runtime/base/clock.h"

#include <stdbool.h>
#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

__thread octi_clock octi_clock_here;

static int64_t system_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#if defined(__x86_64__)

/* So long the counter is counted on. How fast it counts is told by two readings of it and the clock: not by
 * such as are closer than this, which the time that a reading takes would make wrong, nor by such as are
 * farther apart, between which the machine may have slept (the clock stands still then, the counter does
 * not). */
enum { WINDOW_NS = 1000000, NEAREST_NS = 500000, FARTHEST_NS = 100000000 };

/* Nanoseconds a tick, times 2^32, of counters of 20 and of 0.1 GHz: what is beyond that has leapt, as one
 * does that went on while the machine slept. */
#define LEAST_SCALE ((UINT64_C(1) << 32) / 20)
#define MOST_SCALE (UINT64_C(10) << 32)

/* A reading of both that took more ticks is not one of the same moment. */
enum { AT_ONCE = 2000 };

/* AMD64 Architecture Programmer's Manual, volume 3, Fn8000_0007_EDX: TscInvariant; Intel's manual likewise.
 */
static bool counter_is_steady(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8);
}

/* What was said may be ahead of the clock by so much, as the counter's speed is not known better. */
enum { SLACK_NS = 10000 };

/* Goes on from here. Where the counter has leapt the system is asked until it is where this thread's time may
 * be already, and longer until the counter's speed is known anew. Returns the time to say. */
static int64_t anchor(octi_clock *self, int64_t ns, uint64_t before, uint64_t after)
{
    uint64_t ticks = before + (after - before) / 2;
    int64_t passed = ns - self->ns;
    if (self->window > 0)
        self->said = self->ns + WINDOW_NS;
    if (ns < self->said - SLACK_NS) {
        *self = (octi_clock){.ns = ns, .ticks = ticks, .said = self->said};
        return self->said;
    }
    if (ns < self->said)
        ns = self->said;
    if (after - before > AT_ONCE || (self->window == 0 && passed < NEAREST_NS))
        return ns;
    if (passed >= NEAREST_NS && passed <= FARTHEST_NS)
        self->scale = ticks != self->ticks ? ((uint64_t)passed << 32) / (ticks - self->ticks) : 0;
    bool known = self->scale >= LEAST_SCALE && self->scale <= MOST_SCALE;
    self->window = known ? ((uint64_t)WINDOW_NS << 32) / self->scale : 0;
    self->ns = ns;
    self->ticks = ticks;
    return ns;
}

int64_t octi_clock_ask(void)
{
    static __thread enum { NOT_KNOWN, STEADY, NOT_STEADY } counter;
    if (counter == NOT_KNOWN)
        counter = counter_is_steady() ? STEADY : NOT_STEADY;
    if (counter == NOT_STEADY)
        return system_ns();
    uint64_t before = octi_ticks();
    int64_t ns = system_ns();
    return anchor(&octi_clock_here, ns, before, octi_ticks());
}

#else

int64_t octi_clock_ask(void)
{
    return system_ns();
}

#endif
