/* 16-sort-or-top: who are the ten fastest of 800,000 runners? All of them in order, and the first ten.
 *
 * Let all workers read, and keep no more than is asked for. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "runs.h"

/* TODO 1: two tasks. take gives the run of a runner; rank_of the number that it is compared by:
 *
 *   OCT_TASK(run, take, int64_t, runner) { ... }
 *   OCT_TASK(int64_t, rank_of, run, r) { ... } */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();

    /* TODO 3: a bag of the numbers 0 to RUNS, oct_bag_map, and of the runs those with the smallest rank:
     * oct_bag_bottom_by. Then oct_bag_compute, and oct_bag_get of each of the ten, instead of all this. */
    run *runs = malloc(RUNS * sizeof(*runs));
    if (!runs)
        return 1;
    for (int64_t i = 0; i < RUNS; i++)
        runs[i] = (run){.runner = i, .millis = run_millis(i)};
    qsort(runs, RUNS, sizeof(*runs), run_compare);
    run_report(runs, WINNERS, now() - start);
    free(runs);
    return 0;
}
