/* 03-collections: the most correlated pairs of stocks, by loops over arrays.
 *
 *   exercise FOLDER
 *
 * Make it say what is wanted instead of how. README.md tells how; solution.c is one answer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oct/oct.h>

#include "report.h"
#include "series.h"

enum { BEST = 5 };

/* TODO 1: what is done to one record, as tasks:
 *
 *   OCT_TASK(oct_doubles, load, const char *, path) { ... series_read ... }
 *   OCT_TASK(bool, in_order, const char *, a, oct_doubles, x, const char *, b, oct_doubles, y) { ... }
 *   OCT_TASK(pair, correlate, const char *, a, oct_doubles, x, const char *, b, oct_doubles, y) { ... }
 *   OCT_TASK(double, strength, pair, p) { ... }
 *   OCT_TASK(bool, strong, pair, p) { ... }
 *
 * What goes wrong is reported to oct_task_error(); the array that load returns is given away. */

/* Puts a pair where it belongs among the best; those that are equal stay in their order. */
static void insert(pair *best, size_t *count, const pair *p)
{
    size_t at = *count;
    for (; at > 0 && fabs(best[at - 1].c.r) < fabs(p->c.r); at--)
        if (at < BEST)
            best[at] = best[at - 1];
    if (at < BEST)
        best[at] = *p;
    *count += *count < BEST;
}

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

    /* TODO 3: a bag of the paths, and by oct_bag_map one of the series. */
    oct_doubles *series = calloc(count, sizeof(*series));
    for (size_t i = 0; i < count; i++)
        if (series_read(paths[i], &series[i], &err) != OCT_OK)
            die(&err);

    /* TODO 4: oct_bag_zip, so that each series has its path beside it; oct_bag_product of that with
     * itself; oct_bag_filter, for each pair is there twice, and each series with itself; oct_bag_map.
     *
     * TODO 5: oct_bag_compute once, since two questions follow: oct_bag_top_by with strength, and
     * oct_bag_filter with strong, then oct_bag_count. */
    pair best[BEST];
    size_t found = 0, pairs = 0;
    long long above = 0;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++, pairs++) {
            pair p = {0};
            series_name(paths[a], p.a);
            series_name(paths[b], p.b);
            if (series_correlate(series[a], series[b], &p.c, &err) != OCT_OK)
                die(&err);
            above += fabs(p.c.r) > SERIES_STRONG;
            insert(best, &found, &p);
        }

    series_report(best, found, above, pairs, now() - start);

    for (size_t i = 0; i < count; i++)
        free(series[i].data);
    free(series);
    series_free_paths(paths, count);
    return 0;
}
