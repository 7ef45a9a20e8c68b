/* 06-search-cluster: which C, gamma and tol tell handwritten digits best, on eight nodes.
 *
 *   exercise FOLDER
 *
 * The loop of 04-search, which also tells where the time went. Put your own program of 04 here, run it on
 * the cluster, and then make it tell what each node did. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "digits.h"
#include "nodes.h"
#include "search.h"

/* TODO 1: your task of 04-search, unchanged: first see that it runs on nodes as it is. */

/* TODO 2: let it return an `outcome` (nodes.h) instead: oct_node() is the node it runs on. */

int main(int argc, char **argv)
{
    /* TODO 3: your pool and your map of 04-search. */

    const char *folder = argc > 1 ? argv[1] : "data/digits";
    double start = now();
    oct_error err;
    oct_bytes digits;
    if (digits_read(folder, &digits, &err) != OCT_OK)
        die(&err);

    trial trials[SEARCH_TRIALS];
    double accuracy[SEARCH_TRIALS];
    outcome outcomes[SEARCH_TRIALS] = {{0}};
    search_plan(trials);

    /* TODO 4: a map hands the digits over with each trial. Put them on every node once, by
     * oct_broadcast, and submit each trial with that future as its argument. How much travels now? */
    for (size_t i = 0; i < SEARCH_TRIALS; i++) {
        double begin = now();
        if (search_score(digits, trials[i], &outcomes[i].accuracy, &err) != OCT_OK)
            die(&err);
        outcomes[i].seconds = now() - begin;
    }

    for (size_t i = 0; i < SEARCH_TRIALS; i++)
        accuracy[i] = outcomes[i].accuracy;
    search_report(trials, accuracy, folder, now() - start);
    nodes_report(outcomes, SEARCH_TRIALS, 1, now() - start);
    free(digits.data);
    return 0;
}
