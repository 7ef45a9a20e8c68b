#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "work.h"

static double started;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int longest_chain(int block)
{
    int longest = 0;
    for (uint64_t start = (uint64_t)block * BLOCK + 1; start <= (uint64_t)(block + 1) * BLOCK; start++) {
        int length = 1;
        for (uint64_t n = start; n != 1; length++)
            n = n % 2 ? 3 * n + 1 : n / 2;
        longest = length > longest ? length : longest;
    }
    return longest;
}

void work_start(void)
{
    started = now();
}

void work_report(const int *lengths)
{
    double seconds = now() - started;
    int longest = 0;
    uint32_t digest = 2166136261u;
    for (int i = 0; i < BLOCKS; i++) {
        longest = lengths[i] > longest ? lengths[i] : longest;
        digest = (digest ^ (uint32_t)lengths[i]) * 16777619u;
    }
    printf("longest chain %d, digest %08x\n", longest, (unsigned)digest);
    fflush(stdout);
    fprintf(stderr, "%.3f s\n", seconds);
}
