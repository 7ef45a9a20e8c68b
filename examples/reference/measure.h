/* measure.h - what the programs of this folder share. */
#ifndef MEASURE_H
#define MEASURE_H

#include <oct/oct.h>

/* The first argument, else the CPUs this program may use; at least 2, at most WORKERS_MOST. */
enum { WORKERS_MOST = 64 };
int measure_workers(int argc, char **argv);

/* A pool such as ("threads", 2); the program ends with the reason when there is none. */
oct_pool *measure_pool(const char *kind, int workers);

/* Runs fn(mode) once on each worker, all at the same time, and returns the seconds of the fastest of
 * five rounds, the one that was disturbed least. The task takes an item, its number of 0 to
 * workers - 1, and a mode. Its results of the last round are in out. */
#define measure_map(pool, workers, fn, out, mode)                                                            \
    ({                                                                                                       \
        int measure_items[WORKERS_MOST];                                                                     \
        double measure_best = 1e9;                                                                           \
        for (int measure_i = 0; measure_i < (workers); measure_i++)                                          \
            measure_items[measure_i] = measure_i;                                                            \
        for (int measure_round = 0; measure_round < 5; measure_round++) {                                    \
            double measure_start = measure_now();                                                            \
            if (oct_map_with(pool, &(oct_map_options){.chunk = 1}, fn, measure_items, (size_t)(workers),     \
                             out, mode) != OCT_OK)                                                           \
                oct_die(NULL);                                                                               \
            double measure_seconds = measure_now() - measure_start;                                          \
            if (measure_seconds < measure_best)                                                              \
                measure_best = measure_seconds;                                                              \
        }                                                                                                    \
        measure_best;                                                                                        \
    })

/* Seconds since some fixed moment. */
double measure_now(void);

/* What a run cost: how long it took, what its process held at most, and a number that tells whether two runs
 * found the same. */
typedef struct measure_cost {
    double seconds, bytes, found;
} measure_cost;

/* Runs fn in a process of its own, with a pool of `workers` threads, so that the memory is its own too. The
 * program ends when that one fails. fn sets seconds and found. */
measure_cost measure_apart(int workers, void (*fn)(oct_pool *pool, int mode, measure_cost *out), int mode);

/* The same number for the same i, of 0 to 1, whoever asks. */
double measure_random(int64_t i);

#endif
