#include <omp.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/runtime/bench.h"

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

oct_pool *bench_open(int *argc, char **argv)
{
    oct_pool *pool = oct_pool_open(argc, argv);
    if (!pool)
        oct_die(NULL);
    bench_use_threads(oct_pool_workers(pool));
    return pool;
}

void bench_line(oct_pool *pool, const char *bench, double value, const char *unit, const char *peer,
                double peer_value)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    printf(
        "{\"bench\":\"%s\",\"pool\":\"%s\",\"workers\":%d,\"value\":%.6g,\"unit\":\"%s\",\"processors\":%ld",
        bench, oct_pool_kind(pool), oct_pool_workers(pool), value, unit, processors);
    if (oct_pool_workers(pool) > processors)
        printf(",\"oversubscribed\":true");
    if (peer)
        printf(",\"peer\":\"%s\",\"peer_value\":%.6g", peer, peer_value);
    printf("}\n");
    fflush(stdout);
}

double bench_least(int times, double (*fn)(void *ctx), void *ctx)
{
    double least = fn(ctx);
    for (int i = 1; i < times; i++) {
        double next = fn(ctx);
        least = next < least ? next : least;
    }
    return least;
}

void bench_use_threads(int count)
{
    omp_set_num_threads(count);
}
