/* 16-sort-or-top: who are the ten fastest of 800,000 runners? The ten best of each part, and of those the ten
 * best.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "runs.h"

OCT_TASK(run, take, int64_t, runner)
{
    run r = {.runner = runner, .millis = run_millis(runner)};
    return r;
}

OCT_TASK(int64_t, rank_of, run, r)
{
    return run_rank(r);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    oct_bag *runners = oct_bag_range(pool, 0, RUNS);
    oct_bag *runs = oct_bag_map(runners, take);
    oct_bag *best = oct_bag_bottom_by(runs, WINNERS, rank_of);
    oct_bag *found = oct_bag_compute(best); /* all of it runs here */
    if (!found)
        oct_die(NULL);

    run winners[WINNERS];
    for (size_t i = 0; i < WINNERS; i++) {
        if (oct_bag_get(found, i, &winners[i]) != OCT_OK)
            oct_die(NULL);
    }
    run_report(winners, WINNERS, now() - start);

    oct_bag *bags[] = {runners, runs, best, found};
    for (size_t i = 0; i < sizeof(bags) / sizeof(bags[0]); i++)
        oct_bag_destroy(bags[i]);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
