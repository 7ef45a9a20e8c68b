/* base/clock.h - monotonic time. */
#ifndef OCTI_CLOCK_H
#define OCTI_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some fixed moment of this boot; never runs backwards. */
static inline int64_t octi_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
