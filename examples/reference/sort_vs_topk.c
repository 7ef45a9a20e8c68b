/* The largest of many numbers: a sort of all of them, of which the last are taken, beside oct_bag_top.
 *
 *   sort_vs_topk [WORKERS [ROWS]] */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

enum { PARTS = 32, COUNTS = 4 }; /* oct_bag_explain says how many parts */

static int64_t rows = 4000000;

OCT_TASK(double, drawn, int64_t, i)
{
    return measure_random(i);
}

/* How many are wanted: a few, more, a fortieth, half. */
static size_t count_of(int which)
{
    const int64_t counts[COUNTS] = {10, 1000, rows / 40, rows / 2};
    return (size_t)(counts[which] < rows ? counts[which] : rows);
}

/* The bag's `count`-th largest, by a sort where mode is even. */
static void largest(oct_pool *pool, int mode, measure_cost *out)
{
    size_t count = count_of(mode / 2);
    oct_bag *range = oct_bag_range(pool, 0, rows), *all = oct_bag_map(range, drawn);
    double start = measure_now();
    oct_bag *asked = mode % 2 == 0 ? oct_bag_sort(all) : oct_bag_top(all, count);
    oct_bag *answer = oct_bag_compute(asked);
    if (!answer ||
        oct_bag_get(answer, mode % 2 == 0 ? (size_t)rows - count : count - 1, &out->found) != OCT_OK)
        oct_die(NULL);
    out->seconds = measure_now() - start;
    oct_bag *const bags[] = {range, all, asked, answer};
    for (int i = 0; i < 4; i++)
        oct_bag_destroy(bags[i]);
}

static void row(const char *how, size_t count, measure_cost cost, double moved)
{
    printf("%-10zu %-10s %10.3f %10.1f MB %10.1f MB\n", count, how, cost.seconds, cost.bytes / 1e6,
           moved / 1e6);
}

int main(int argc, char **argv)
{
    int workers = measure_workers(argc, argv);
    rows = argc > 2 && atoll(argv[2]) > 0 ? atoll(argv[2]) : rows;
    printf("the largest of %lld doubles on threads:%d\n\n", (long long)rows, workers);
    printf("%-10s %-10s %10s %13s %13s\n", "wanted", "by", "seconds", "memory", "between parts");
    for (int i = 0; i < COUNTS; i++) {
        measure_cost sort = measure_apart(workers, largest, 2 * i);
        measure_cost top = measure_apart(workers, largest, 2 * i + 1);
        if (sort.found != top.found)
            fprintf(stderr, "error: a sort finds %.17g, top %.17g\n", sort.found, top.found);
        double all = 8.0 * (double)rows, most = 8.0 * PARTS * (double)count_of(i);
        row("sort", count_of(i), sort, all);
        row("top", count_of(i), top, most < all ? most : all);
    }
    return 0;
}
