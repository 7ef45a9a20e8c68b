/* Sums by key: oct_bag_group_by, which brings all of a group to one place, beside oct_bag_fold_by, which
 * folds each part's records first.
 *
 *   group_vs_fold [WORKERS [ROWS]] */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

static int64_t rows = 4000000;

enum { FEW = 100, MANY = 1000000 };

typedef struct sale {
    int64_t few, many; /* keys */
    double price;
} sale;

OCT_TASK(sale, sold, int64_t, i)
{
    double x = measure_random(i);
    return (sale){(int64_t)(x * FEW), (int64_t)(x * MANY), (double)(i % 1000)};
}

OCT_TASK(int64_t, few_of, sale, s)
{
    return s.few;
}

OCT_TASK(int64_t, many_of, sale, s)
{
    return s.many;
}

OCT_TASK(int64_t, half_of, sale, s)
{
    return s.few < FEW / 2 ? -1 : s.many;
}

OCT_TASK(double, add_price, double, sum, sale, s)
{
    return sum + s.price;
}

OCT_TASK(double, plus, double, a, double, b)
{
    return a + b;
}

OCT_TASK(double, sum_of, int64_t, key, oct_bytes, sales)
{
    double sum = (double)(key - key);
    for (const sale *s = sales.data, *end = s + sales.size / sizeof(*s); s < end; s++)
        sum += s->price;
    return sum;
}

OCT_TASK(double, value_of, int64_t, key, double, sum)
{
    return sum + (double)(key - key);
}

enum { KEYS = 3 };
static const char *const names[KEYS] = {"100 keys", "a million keys", "half in one key"};

static oct_bag *by_key(oct_bag *sales, int which, bool fold)
{
    const double zero = 0;
    if (fold)
        return which == 0   ? oct_bag_fold_by(sales, few_of, add_price, plus, &zero)
               : which == 1 ? oct_bag_fold_by(sales, many_of, add_price, plus, &zero)
                            : oct_bag_fold_by(sales, half_of, add_price, plus, &zero);
    return which == 0   ? oct_bag_group_by(sales, few_of)
           : which == 1 ? oct_bag_group_by(sales, many_of)
                        : oct_bag_group_by(sales, half_of);
}

/* The sum of all sums; by a group-by where mode is even. */
static void sums(oct_pool *pool, int mode, measure_cost *out)
{
    bool fold = mode % 2 == 1;
    oct_bag *range = oct_bag_range(pool, 0, rows), *sales = oct_bag_map(range, sold);
    double start = measure_now(), zero = 0;
    oct_bag *groups = by_key(sales, mode / 2, fold);
    oct_bag *values = fold ? oct_bag_map(groups, value_of) : oct_bag_map(groups, sum_of);
    if (oct_bag_fold(values, plus, plus, &zero, &out->found) != OCT_OK)
        oct_die(NULL);
    out->seconds = measure_now() - start;
    oct_bag *const bags[] = {range, sales, groups, values};
    for (int i = 0; i < 4; i++)
        oct_bag_destroy(bags[i]);
}

int main(int argc, char **argv)
{
    int workers = measure_workers(argc, argv);
    rows = argc > 2 && atoll(argv[2]) > 0 ? atoll(argv[2]) : rows;
    printf("sums of %lld records of %zu bytes by key on threads:%d\n\n", (long long)rows, sizeof(sale),
           workers);
    printf("%-18s %-10s %10s %13s\n", "keys", "by", "seconds", "memory");
    for (int i = 0; i < KEYS; i++) {
        measure_cost group = measure_apart(workers, sums, 2 * i);
        measure_cost fold = measure_apart(workers, sums, 2 * i + 1);
        if (group.found != fold.found) /* whole numbers: exact in any order */
            fprintf(stderr, "error: groups sum up to %.17g, folds to %.17g\n", group.found, fold.found);
        printf("%-18s %-10s %10.3f %10.1f MB\n", names[i], "group_by", group.seconds, group.bytes / 1e6);
        printf("%-18s %-10s %10.3f %10.1f MB\n", names[i], "fold_by", fold.seconds, fold.bytes / 1e6);
    }
    return 0;
}
