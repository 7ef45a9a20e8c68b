/* exec/spin.h - how long, and how, a thread waits before it sleeps. */
#ifndef OCTI_SPIN_H
#define OCTI_SPIN_H

/* About 20 us: longer than a wake-up by futex costs, far shorter than a time slice. */
enum { OCTI_SPINS = 1000 };

static inline void octi_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
