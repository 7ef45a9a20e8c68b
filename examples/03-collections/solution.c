/* 03-collections: the most correlated pairs of stocks, as what is wanted.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oct/oct.h>

#include "report.h"
#include "series.h"

enum { BEST = 5 };

OCT_TASK(oct_doubles, load, const char *, path)
{
    oct_doubles series = {0};
    (void)series_read(path, &series, oct_task_error());
    return series;
}

/* Each pair once, and no series with itself: the paths are sorted. */
OCT_TASK(bool, in_order, const char *, a, oct_doubles, x, const char *, b, oct_doubles, y)
{
    (void)x;
    (void)y;
    return strcmp(a, b) < 0;
}

OCT_TASK(pair, correlate, const char *, a, oct_doubles, x, const char *, b, oct_doubles, y)
{
    pair result = {0};
    series_name(a, result.a);
    series_name(b, result.b);
    (void)series_correlate(x, y, &result.c, oct_task_error());
    return result;
}

OCT_TASK(double, strength, pair, p)
{
    return fabs(p.c.r);
}

OCT_TASK(bool, strong, pair, p)
{
    return fabs(p.c.r) > SERIES_STRONG;
}

/* Two questions of the pairs, which are there: neither correlates anything again. */
static void report(oct_bag *pairs, double start)
{
    oct_bag *top = oct_bag_top_by(pairs, BEST, strength), *best = oct_bag_compute(top);
    oct_bag *above = oct_bag_filter(pairs, strong);
    int64_t count;
    pair found[BEST];
    if (!best || oct_bag_count(above, &count) != OCT_OK)
        oct_die(NULL);
    for (size_t i = 0; i < oct_bag_rows(best); i++)
        if (oct_bag_get(best, i, &found[i]) != OCT_OK)
            oct_die(NULL);
    series_report(found, oct_bag_rows(best), count, oct_bag_rows(pairs), now() - start);
    oct_bag_destroy(top);
    oct_bag_destroy(best);
    oct_bag_destroy(above);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/stocks";
    char **paths;
    size_t count;
    oct_error err;
    if (series_paths(folder, &paths, &count, &err) != OCT_OK)
        die(&err);
    double start = now();

    /* Nothing runs here. */
    oct_bag *names = oct_bag_from(pool, paths, count);
    oct_bag *series = oct_bag_map(names, load);
    oct_bag *named = oct_bag_zip(names, series);
    oct_bag *all = oct_bag_product(named, named);
    oct_bag *once = oct_bag_filter(all, in_order);
    oct_bag *lazy = oct_bag_map(once, correlate);
    if (oct_bag_explain(lazy, stderr) != OCT_OK)
        oct_die(NULL);

    /* All of it runs here. */
    oct_bag *pairs = oct_bag_compute(lazy);
    if (!pairs)
        oct_die(NULL);
    report(pairs, start);

    oct_bag *bags[] = {names, series, named, all, once, lazy, pairs};
    for (size_t i = 0; i < sizeof(bags) / sizeof(bags[0]); i++)
        oct_bag_destroy(bags[i]);
    series_free_paths(paths, count);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
