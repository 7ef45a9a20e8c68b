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

#endif
