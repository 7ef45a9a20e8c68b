#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runs.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The lines are made up as they are read: between two hours and six. */
static void write_line(int64_t runner, char *line, size_t size)
{
    /* SplitMix64's finaliser: Steele, Lea and Flood, OOPSLA 2014. */
    uint64_t x = ((uint64_t)runner + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    unsigned millis = 7200000 + (unsigned)(x % 14400000);
    snprintf(line, size, "run-%lld;%u:%02u:%02u.%03u", (long long)runner, millis / 3600000,
             millis / 60000 % 60, millis / 1000 % 60, millis % 1000);
}

int64_t run_millis(int64_t runner)
{
    char line[64], *at;
    write_line(runner, line, sizeof(line));
    long hours = strtol(strchr(line, ';') + 1, &at, 10), minutes = strtol(at + 1, &at, 10),
         seconds = strtol(at + 1, &at, 10), millis = strtol(at + 1, NULL, 10);
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
}

int64_t run_rank(run r)
{
    return r.millis * RUNS + r.runner;
}

int run_compare(const void *a, const void *b)
{
    int64_t x = run_rank(*(const run *)a), y = run_rank(*(const run *)b);
    return (x > y) - (x < y);
}

void run_report(const run *winners, size_t count, double seconds)
{
    for (size_t i = 0; i < count; i++)
        printf("%2zu. runner %6lld  %d:%02d:%06.3f\n", i + 1, (long long)winners[i].runner,
               (int)(winners[i].millis / 3600000), (int)(winners[i].millis / 60000 % 60),
               (double)(winners[i].millis % 60000) / 1000);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
