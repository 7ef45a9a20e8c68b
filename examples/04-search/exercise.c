/* 04-search: which C, gamma and tol tell handwritten digits best, one trial after the other.
 *
 *   exercise FOLDER
 *
 * Make it try many at once, by whatever means you like best. README.md tells of three; solution.c is one. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "digits.h"
#include "search.h"

/* TODO 1: a task that tries one candidate by one split, and returns its accuracy. What does it need? What
 * of that is the same for all trials? */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */

    const char *folder = argc > 1 ? argv[1] : "data/digits";
    double start = now();
    oct_error err;
    oct_bytes digits;
    if (digits_read(folder, &digits, &err) != OCT_OK)
        die(&err);

    trial trials[SEARCH_TRIALS];
    double accuracy[SEARCH_TRIALS];
    search_plan(trials);

    /* TODO 3: all trials at once. */
    for (size_t i = 0; i < SEARCH_TRIALS; i++)
        if (search_score(digits, trials[i], &accuracy[i], &err) != OCT_OK)
            die(&err);

    search_report(trials, accuracy, folder, now() - start);
    free(digits.data);
    return 0;
}
