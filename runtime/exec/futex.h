/* exec/futex.h - sleeping on a word of memory, see futex(2). Within this process. */
#ifndef OCTI_FUTEX_H
#define OCTI_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/clock.h"

/* Sleeps while *word is value, until woken, or until octi_clock_ns says deadline (0: never).
 * False at the deadline. May return early. */
static inline bool octi_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns)
{
    struct timespec left, *timeout = NULL;
    if (deadline_ns > 0) {
        int64_t ns = deadline_ns - octi_clock_ns();
        if (ns <= 0)
            return false;
        left = (struct timespec){ns / 1000000000, ns % 1000000000};
        timeout = &left;
    }
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0);
    return true;
}

static inline void octi_futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

#endif
