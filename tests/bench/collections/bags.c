/* bag_topk, bag_groupby, bag_sort: the largest hundred of an array of doubles beside a plain scan of it for
 * its largest and beside the rate at which memory is read, sums by 100 and by a million keys beside a loop
 * over an array of sums, and all in order beside pandas. bags [--pool=SPEC] [ROWS] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/collections/bandwidth.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

enum { FEW = 100, MANY = 1000000, TOP = 100, TIMES = 3 };

OCT_TASK(int64_t, few_of, double, x)
{
    return (int64_t)(x * FEW);
}

OCT_TASK(int64_t, many_of, double, x)
{
    return (int64_t)(x * MANY);
}

OCT_TASK(double, plus, double, sum, double, x)
{
    return sum + x;
}

typedef struct question {
    oct_bag *all;
    const double *x;
    size_t rows, keys;
    double result; /* that a loop is not left out */
} question;

static double timed(oct_bag *asked, size_t rows)
{
    double start = bench_now();
    oct_bag *answer = oct_bag_compute(asked);
    double took = bench_now() - start;
    if (!answer || (rows > 0 && oct_bag_rows(answer) != rows))
        oct_die(NULL);
    oct_bag_destroy(asked);
    oct_bag_destroy(answer);
    return took;
}

static double ask_top(void *ctx)
{
    const question *q = ctx;
    return timed(oct_bag_top(q->all, TOP), q->rows < TOP ? q->rows : TOP);
}

static double ask_sort(void *ctx)
{
    const question *q = ctx;
    return timed(oct_bag_sort(q->all), q->rows);
}

static double ask_few(void *ctx)
{
    const question *q = ctx;
    const double zero = 0;
    return timed(oct_bag_fold_by(q->all, few_of, plus, plus, &zero), 0);
}

static double ask_many(void *ctx)
{
    const question *q = ctx;
    const double zero = 0;
    return timed(oct_bag_fold_by(q->all, many_of, plus, plus, &zero), 0);
}

/* One thread's, divided by the pool's workers by whoever prints it. */
static double scan(void *ctx)
{
    question *q = ctx;
    double start = bench_now(), most = q->x[0];
    for (size_t i = 0; i < q->rows; i++)
        most = q->x[i] > most ? q->x[i] : most;
    q->result += most;
    return bench_now() - start;
}

static double loop(void *ctx)
{
    question *q = ctx;
    double *sums = calloc(q->keys, sizeof(*sums)), start = bench_now();
    if (!sums)
        oct_die(NULL);
    for (size_t i = 0; i < q->rows; i++)
        sums[(size_t)(q->x[i] * (double)q->keys)] += q->x[i];
    double took = bench_now() - start;
    q->result += sums[0];
    free(sums);
    return took;
}

static double *random_doubles(size_t rows)
{
    double *x = malloc((rows + 1) * sizeof(*x));
    uint64_t state = 1;
    if (!x)
        oct_die(NULL);
    for (size_t i = 0; i < rows; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
        x[i] = (double)(state >> 11) * 0x1p-53;
    }
    return x;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    size_t rows = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 100000000;
    double *x = random_doubles(rows), workers = oct_pool_workers(pool);
    question q = {.all = oct_bag_from(pool, x, rows), .x = x, .rows = rows};
    double top = bench_least(TIMES, ask_top, &q);
    bench_line(pool, "bag_topk", top, "s", "one scan, divided by the workers",
               bench_least(TIMES, scan, &q) / workers);
    bench_line(pool, "bag_topk_rate", (double)rows * 8 / top / 1e9, "gb_per_s", "all words added up",
               bandwidth_of(oct_pool_workers(pool), x, rows * sizeof(*x)));
    q.keys = FEW;
    bench_line(pool, "bag_groupby_100", bench_least(TIMES, ask_few, &q), "s",
               "one loop, divided by the workers", bench_least(TIMES, loop, &q) / workers);
    q.keys = MANY;
    bench_line(pool, "bag_groupby_1m", bench_least(TIMES, ask_many, &q), "s",
               "one loop, divided by the workers", bench_least(TIMES, loop, &q) / workers);
    char count[32];
    snprintf(count, sizeof(count), "%zu", rows);
    double took = bench_least(TIMES, ask_sort, &q);
    peers others = peers_ask(pool, "sort", count);
    peers_lines(pool, "bag_sort", took, PEER_SECONDS, &others, 0);
    oct_bag_destroy(q.all);
    free(x);
    return oct_pool_close(pool) == OCT_OK && q.result > 0 ? 0 : 1;
}
