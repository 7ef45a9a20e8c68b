#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

double measure_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int measure_workers(int argc, char **argv)
{
    cpu_set_t usable;
    int workers = argc > 1 ? atoi(argv[1]) : 0;
    if (argc > 1 && (workers < 1 || workers > WORKERS_MOST)) {
        fprintf(stderr, "error: '%s' is not a number of workers from 1 to %d\n", argv[1], WORKERS_MOST);
        exit(2);
    }
    if (argc <= 1 && sched_getaffinity(0, sizeof(usable), &usable) == 0)
        workers = CPU_COUNT(&usable);
    return workers < 2 ? 2 : workers > WORKERS_MOST ? WORKERS_MOST : workers;
}

oct_pool *measure_pool(const char *kind, int workers)
{
    char spec[64];
    oct_pool *pool;
    oct_error err;
    snprintf(spec, sizeof(spec), "%s:%d", kind, workers);
    if (oct_pool_open_spec(spec, &pool, &err) != OCT_OK) {
        fprintf(stderr, "error: %s\n", err.what);
        exit(1);
    }
    return pool;
}

measure_cost measure_apart(int workers, void (*fn)(oct_pool *pool, int mode, measure_cost *out), int mode)
{
    measure_cost cost = {0};
    struct rusage usage;
    int ends[2], status;
    if (pipe(ends) != 0 || fflush(NULL) != 0) {
        perror("error: no pipe");
        exit(1);
    }
    pid_t child = fork();
    if (child == 0) {
        oct_pool *pool = measure_pool("threads", workers);
        fn(pool, mode, &cost);
        oct_pool_close(pool);
        _exit(write(ends[1], &cost, sizeof(cost)) == sizeof(cost) ? 0 : 1);
    }
    close(ends[1]);
    bool told = read(ends[0], &cost, sizeof(cost)) == sizeof(cost);
    close(ends[0]);
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0 || !told)
        exit(1); /* it has said why */
    cost.bytes = (double)usage.ru_maxrss * 1024;
    return cost;
}

double measure_random(int64_t i)
{
    uint64_t x = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64's finaliser, shortened */
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}
