/* groupby, sort, topk: sums by 100 and by a million groups, all rows in order, and the first hundred, of a
 * table in memory; topk_rate beside the rate at which as many threads read that memory. memory [--pool=SPEC]
 * [ROWS] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/collections/bandwidth.h"
#include "tests/bench/collections/columns.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

enum { FEW = 100, MANY = 1000000, TOP = 100, TIMES = 3 };

/* few and many int64, x double: the rows that peer.py makes. */
static oct_frame *make_table(oct_pool *pool, int64_t rows)
{
    int64_t *few = columns_room((size_t)rows * 8), *many = columns_room((size_t)rows * 8);
    double *x = columns_room((size_t)rows * 8);
    uint64_t state = 1;
    for (int64_t i = 0; i < rows; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
        few[i] = (int64_t)(state >> 33) % FEW;
        many[i] = (int64_t)(state >> 33) % MANY;
        x[i] = (double)(state >> 11) / 0x1p53;
    }
    const column columns[] = {{"few", "l", few, NULL}, {"many", "l", many, NULL}, {"x", "g", x, NULL}};
    oct_frame *frame = columns_frame(pool, columns, 3, rows);
    free(few);
    free(many);
    free(x);
    return frame;
}

typedef struct question {
    oct_frame *table;
    const char *keys;
    size_t rows; /* of the answer */
} question;

static double timed(oct_frame *asked, size_t rows)
{
    double start = bench_now();
    oct_frame *answer = oct_frame_compute(asked);
    double took = bench_now() - start;
    if (!answer || oct_frame_rows(answer) != rows)
        oct_die(NULL);
    oct_frame_destroy(asked);
    oct_frame_destroy(answer);
    return took;
}

static double ask_groups(void *ctx)
{
    const question *q = ctx;
    return timed(oct_frame_groupby(q->table, q->keys, "sum(x) as s"), q->rows);
}

static double ask_order(void *ctx)
{
    const question *q = ctx;
    return timed(oct_frame_sort(q->table, "x"), q->rows);
}

static double ask_top(void *ctx)
{
    const question *q = ctx;
    return timed(oct_frame_largest(q->table, "x desc", TOP), q->rows);
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 100000000;
    oct_frame *table = make_table(pool, rows), *x = oct_frame_select(table, "x"),
              *only = oct_frame_compute(x);
    oct_frame *groups = oct_frame_groupby(table, "many", "count() as n"), *keys = oct_frame_compute(groups);
    if (!only || !keys)
        oct_die(NULL);
    struct {
        const char *bench;
        question q;
        double (*ask)(void *);
    } all[] = {
        {"groupby_100", {table, "few", FEW}, ask_groups},
        {"groupby_1m", {table, "many", oct_frame_rows(keys)}, ask_groups},
        {"sort", {only, NULL, (size_t)rows}, ask_order},
        {"topk", {only, NULL, TOP}, ask_top},
    };
    char count[32];
    snprintf(count, sizeof(count), "%lld", (long long)rows);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        double took = bench_least(TIMES, all[i].ask, &all[i].q);
        peers others = peers_ask(pool, all[i].bench, count);
        peers_lines(pool, all[i].bench, took, PEER_SECONDS, &others, 0);
        if (all[i].ask == ask_top)
            bench_line(pool, "topk_rate", (double)rows * 8 / took / 1e9, "gb_per_s", "all words added up",
                       bandwidth_of(oct_pool_workers(pool), oct_frame_doubles(only, "x"), (size_t)rows * 8));
    }
    oct_frame *frames[] = {keys, groups, only, x, table};
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        oct_frame_destroy(frames[i]);
    return oct_pool_close(pool);
}
