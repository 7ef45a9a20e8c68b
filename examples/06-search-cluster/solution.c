/* 06-search-cluster: which C, gamma and tol tell handwritten digits best, on eight nodes.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "digits.h"
#include "nodes.h"
#include "search.h"

OCT_TASK(outcome, try_one, trial, t, oct_bytes, digits)
{
    outcome out = {.node = oct_node()};
    double began = now();
    (void)search_score(digits, t, &out.accuracy, oct_task_error());
    out.seconds = now() - began;
    return out;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/digits";
    double start = now();
    oct_error err;
    oct_bytes digits;
    if (digits_read(folder, &digits, &err) != OCT_OK)
        die(&err);

    trial trials[SEARCH_TRIALS];
    double accuracy[SEARCH_TRIALS];
    outcome outcomes[SEARCH_TRIALS];
    oct_future *futures[SEARCH_TRIALS];
    search_plan(trials);

    /* One copy for each node; the trials go where they like and find one there. */
    oct_future *everywhere = oct_broadcast(pool, oct_bytes, &digits);
    for (size_t i = 0; i < SEARCH_TRIALS; i++)
        futures[i] = oct_submit(pool, try_one, trials[i], everywhere);
    if (oct_gather(futures, SEARCH_TRIALS, outcomes) != OCT_OK)
        oct_die(NULL);

    for (size_t i = 0; i < SEARCH_TRIALS; i++)
        accuracy[i] = outcomes[i].accuracy;
    search_report(trials, accuracy, folder, now() - start);
    nodes_report(outcomes, SEARCH_TRIALS, oct_pool_nodes(pool), now() - start);

    oct_release(everywhere);
    free(digits.data);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
