/* 02-futures: the most correlated pair of stocks, one pair after the other.
 *
 *   exercise FOLDER
 *
 * Make it compute many pairs at once. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "report.h"
#include "series.h"

/* TODO 1: two tasks. What a task reports goes to oct_task_error(); the array that load returns
 * is given away, so nobody frees it here.
 *
 *   OCT_TASK(oct_doubles, load, const char *, path) { ... series_read ... }
 *   OCT_TASK(correlation, correlate, oct_doubles, a, oct_doubles, b) { ... series_correlate ... } */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool: oct_pool_open(&argc, argv); close it at the end. */

    const char *folder = argc > 1 ? argv[1] : "data/stocks";
    char **paths;
    size_t count;
    oct_error err;
    if (series_paths(folder, &paths, &count, &err) != OCT_OK)
        die(&err);
    double start = now();

    /* TODO 3: submit(load) instead of the call: an array of oct_future *, not of oct_doubles. */
    oct_doubles *series = calloc(count, sizeof(*series));
    for (size_t i = 0; i < count; i++)
        if (series_read(paths[i], &series[i], &err) != OCT_OK)
            die(&err);

    /* TODO 4: submit(correlate) with two futures as arguments, and only then, in a second loop,
     * oct_result for each. What happens when you ask for each result right after its submit?
     *
     * TODO 5: take the results as they are done: oct_as_completed, oct_completed_next. */
    correlation *pairs = calloc(series_pairs(count), sizeof(*pairs));
    size_t k = 0;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++)
            if (series_correlate(series[a], series[b], &pairs[k++], &err) != OCT_OK)
                die(&err);

    series_report(paths, count, pairs, now() - start);

    for (size_t i = 0; i < count; i++)
        free(series[i].data);
    free(series);
    free(pairs);
    series_free_paths(paths, count);
    return 0;
}
