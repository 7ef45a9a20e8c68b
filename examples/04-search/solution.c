/* 04-search: which C, gamma and tol tell handwritten digits best, all trials at once.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "digits.h"
#include "search.h"

OCT_TASK(oct_bytes, load, const char *, folder)
{
    oct_bytes digits = {0};
    (void)digits_read(folder, &digits, oct_task_error());
    return digits;
}

OCT_TASK(double, try_one, trial, t, oct_bytes, digits)
{
    double accuracy = 0;
    (void)search_score(digits, t, &accuracy, oct_task_error());
    return accuracy;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/digits";
    double start = now();
    trial trials[SEARCH_TRIALS];
    double accuracy[SEARCH_TRIALS];
    search_plan(trials);

    /* Some trials take ten times as long as others: one at a time, each worker takes its next when it is
     * free. */
    oct_future *digits = oct_submit(pool, load, folder);
    oct_map_options options = {.chunk = 1};
    if (oct_map_with(pool, &options, try_one, trials, SEARCH_TRIALS, accuracy, digits) != OCT_OK)
        oct_die(NULL);

    search_report(trials, accuracy, folder, now() - start);
    oct_release(digits);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
