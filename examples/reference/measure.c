#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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
