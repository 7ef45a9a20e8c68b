/* How many parts the same work is cut into, and how many parts of a reduction are combined at a time.
 *
 *   partition_size [WORKERS] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

enum { ROWS = 1 << 18, ROUNDS = 3, PARTIALS = 256, ITEMS = 8192, MOST = 8 }; /* ROWS is a power of 8 */

OCT_TASK(double, work, int64_t, i)
{
    double x = (double)i;
    for (int k = 0; k < 20; k++)
        x = sqrt(x + k);
    return x;
}

/* Seconds of the fastest round, each part a task. */
static double in_parts(oct_pool *pool, const int64_t *items, double *out, size_t parts)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = measure_now();
        if (oct_map_with(pool, &(oct_map_options){.chunk = ROWS / parts}, work, items, ROWS, out) != OCT_OK)
            oct_die(NULL);
        double seconds = measure_now() - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void by_parts(oct_pool *pool)
{
    int64_t *items = malloc(ROWS * sizeof(*items));
    double *out = malloc(ROWS * sizeof(*out));
    if (!items || !out)
        exit(1);
    for (int64_t i = 0; i < ROWS; i++)
        items[i] = i;
    printf("%-10s %14s %12s %12s\n", "parts", "records each", "ms", "us a part");
    for (size_t parts = 1; parts <= ROWS; parts *= 8) {
        double seconds = in_parts(pool, items, out, parts);
        printf("%-10zu %14zu %12.2f %12.2f\n", parts, ROWS / parts, seconds * 1e3,
               seconds / (double)parts * 1e6);
    }
    free(items);
    free(out);
}

/* ---- a tree by hand ---- */

OCT_TASK(oct_doubles, partial, int, i)
{
    oct_doubles made = {malloc(ITEMS * sizeof(double)), ITEMS};
    for (size_t k = 0; made.data && k < ITEMS; k++)
        made.data[k] = i + (double)(k % 3);
    return made;
}

static void add(oct_doubles *to, oct_doubles from)
{
    for (size_t k = 0; k < from.count && k < to->count; k++)
        to->data[k] += from.data[k];
}

/* Those that are not there are empty. */
OCT_TASK(oct_doubles, combine, oct_doubles, a, oct_doubles, b, oct_doubles, c, oct_doubles, d, oct_doubles, e,
         oct_doubles, f, oct_doubles, g, oct_doubles, h)
{
    oct_doubles sum = {calloc(a.count + 1, sizeof(double)), a.count};
    const oct_doubles all[MOST] = {a, b, c, d, e, f, g, h};
    for (int i = 0; sum.data && i < MOST; i++)
        add(&sum, all[i]);
    return sum;
}

typedef struct tree {
    int tasks, levels;
    double seconds, found;
} tree;

static oct_future *combine_some(oct_pool *pool, oct_future **parts, int count)
{
    oct_future *at[MOST] = {0};
    for (int i = 0; i < count; i++)
        at[i] = parts[i];
    return oct_submit(pool, combine, at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]);
}

/* Of PARTIALS arrays one, so many at a time; all at once, by main, where fan_in is PARTIALS. */
static tree combined(oct_pool *pool, int fan_in)
{
    oct_future *parts[PARTIALS];
    oct_doubles sum = {0}, next;
    tree result = {0};
    int count = PARTIALS;
    for (int i = 0; i < count; i++)
        parts[i] = oct_submit(pool, partial, i);
    if (oct_wait_many(parts, PARTIALS, OCT_ALL_DONE, OCT_FOREVER) != OCT_OK)
        oct_die(NULL);
    double start = measure_now();
    for (; fan_in < PARTIALS && count > 1; result.levels++) {
        int made = 0;
        for (int i = 0; i < count; i += fan_in, result.tasks++) {
            int some = count - i < fan_in ? count - i : fan_in;
            oct_future *one = combine_some(pool, parts + i, some);
            for (int k = 0; k < some; k++)
                oct_release(parts[i + k]);
            parts[made++] = one;
        }
        count = made;
    }
    for (int i = 0; i < count; i++) {
        if (oct_result(parts[i], &next) != OCT_OK)
            oct_die(parts[i]);
        if (i == 0) {
            sum = next;
        } else {
            add(&sum, next);
            free(next.data);
        }
    }
    result.seconds = measure_now() - start;
    for (size_t k = 0; k < sum.count; k++)
        result.found += sum.data[k];
    free(sum.data);
    return result;
}

static void by_fan_in(oct_pool *pool)
{
    static const int fans[] = {2, 4, 8, PARTIALS};
    double first = 0;
    printf("\n%-10s %8s %8s %12s %18s\n", oct_pool_kind(pool), "tasks", "levels", "ms",
           "read by one at most");
    for (int i = 0; i < 4; i++) {
        tree best = combined(pool, fans[i]);
        for (int round = 1; round < ROUNDS; round++) {
            tree again = combined(pool, fans[i]);
            best = again.seconds < best.seconds ? again : best;
        }
        printf("%-10d %8d %8d %12.2f %15.1f MB\n", fans[i], best.tasks, best.levels, best.seconds * 1e3,
               8e-6 * ITEMS * fans[i]);
        if (i == 0)
            first = best.found;
        else if (best.found != first)
            fprintf(stderr, "error: by %d the sum is %.17g, not %.17g\n", fans[i], best.found, first);
    }
}

int main(int argc, char **argv)
{
    int workers = measure_workers(argc, argv);
    oct_pool *processes = measure_pool("processes", workers), *threads = measure_pool("threads", workers);
    printf("%d records in parts, then %d arrays of %d doubles added up, so many at a time, by %d workers\n\n",
           ROWS, PARTIALS, ITEMS, workers);
    by_parts(threads);
    by_fan_in(threads);
    by_fan_in(processes);
    oct_pool_close(threads);
    oct_pool_close(processes);
    return 0;
}
