/* 02-futures: the most correlated pair of stocks, all pairs at once.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "report.h"
#include "series.h"

OCT_TASK(oct_doubles, load, const char *, path)
{
    oct_doubles series = {0};
    (void)series_read(path, &series, oct_task_error());
    return series;
}

OCT_TASK(correlation, correlate, oct_doubles, a, oct_doubles, b)
{
    correlation result = {0};
    (void)series_correlate(a, b, &result, oct_task_error());
    return result;
}

/* Takes the results in the order in which they are done, which is another one each time; the
 * index says which pair it is. */
static void collect(oct_future **futures, size_t count, correlation *pairs)
{
    oct_completed *completed = oct_as_completed(futures, count);
    if (!completed)
        oct_die(NULL);
    correlation best = {0};
    size_t done = 0, k;
    for (oct_future *f; (f = oct_completed_next(completed, &k, OCT_FOREVER));) {
        if (oct_result(f, &pairs[k]) != OCT_OK)
            oct_die(f);
        done++;
        if (fabs(pairs[k].r) > fabs(best.r)) {
            best = pairs[k];
            fprintf(stderr, "after %zu of %zu pairs: %.5f\n", done, count, best.r);
        }
    }
    oct_completed_destroy(completed);
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

    /* The series stay where they were read: what main holds are only handles. */
    oct_future **series = calloc(count, sizeof(*series));
    for (size_t i = 0; i < count; i++)
        series[i] = oct_submit(pool, load, paths[i]);

    size_t total = series_pairs(count), k = 0;
    oct_future **futures = calloc(total, sizeof(*futures));
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++)
            futures[k++] = oct_submit(pool, correlate, series[a], series[b]);

    correlation *pairs = calloc(total, sizeof(*pairs));
    collect(futures, total, pairs);
    series_report(paths, count, pairs, now() - start);

    for (size_t i = 0; i < count; i++)
        oct_release(series[i]);
    free(series);
    free(futures);
    free(pairs);
    series_free_paths(paths, count);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
