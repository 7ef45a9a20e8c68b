/* question_1 to question_10: the ten group-by questions of db-benchmark (h2oai/db-benchmark, "groupby"), of a
 * table in memory whose columns are as there. The eighth, the two largest of each group, is asked of a bag,
 * since frames do not know it. questions [--pool=SPEC] [ROWS [NAME]], of which NAME asks one alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/collections/columns.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

enum { KEYS = 100, TIMES = 5, TEXTS = 3 };

/* The columns, which live as long as the bag. */
typedef struct table {
    int64_t rows, *id4, *id5, *id6, *v1, *v2;
    double *v3;
    char *text[TEXTS];
    int32_t *ends[TEXTS];
} table;

typedef struct drawn {
    int64_t id6;
    double v3;
} drawn;

typedef struct two {
    double first, second;
} two;

OCT_TASK(int64_t, id6_of, drawn, d)
{
    return d.id6;
}

OCT_TASK(two, larger_two, two, a, two, b)
{
    double first = a.first > b.first ? a.first : b.first, least = a.first > b.first ? b.first : a.first;
    double second = a.second > b.second ? a.second : b.second;
    return (two){first, least > second ? least : second};
}

OCT_TASK(two, with_draw, two, best, drawn, d)
{
    return d.v3 > best.first ? (two){d.v3, best.first} : d.v3 > best.second ? (two){best.first, d.v3} : best;
}

static void put_text(table *t, int which, int64_t row, int width, int64_t number)
{
    int size = width + 2;
    snprintf(t->text[which] + row * size, (size_t)size + 1, "id%0*lld", width, (long long)number);
    t->ends[which][row + 1] = (int32_t)((row + 1) * size);
}

/* The rows that peer.py makes. */
static void make_columns(table *t)
{
    static const int widths[TEXTS] = {3, 3, 10};
    size_t size = (size_t)t->rows * 8;
    int64_t many = t->rows / KEYS > 0 ? t->rows / KEYS : 1,
            **const numbers[] = {&t->id4, &t->id5, &t->id6, &t->v1, &t->v2};
    uint64_t state = 1;
    for (int i = 0; i < 5; i++)
        *numbers[i] = columns_room(size);
    t->v3 = columns_room(size);
    for (int i = 0; i < TEXTS; i++) {
        t->text[i] = columns_room((size_t)t->rows * (size_t)(widths[i] + 2) + 1);
        t->ends[i] = columns_room(((size_t)t->rows + 1) * sizeof(int32_t));
        t->ends[i][0] = 0;
    }
    for (int64_t i = 0; i < t->rows; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
        int64_t key = (int64_t)(state >> 33), draw = (int64_t)(state >> 11 & 0x3fffff);
        put_text(t, 0, i, widths[0], key % KEYS);
        put_text(t, 1, i, widths[1], key / KEYS % KEYS);
        put_text(t, 2, i, widths[2], key % many);
        t->id4[i] = key / 7 % KEYS;
        t->id5[i] = key / 11 % KEYS;
        t->id6[i] = key / 13 % many;
        t->v1[i] = 1 + draw % 5;
        t->v2[i] = 1 + draw / 5 % 15;
        t->v3[i] = (double)(state >> 11) / 0x1p53 * 100;
    }
}

static oct_frame *make_frame(oct_pool *pool, const table *t)
{
    const column columns[] = {{"id1", "u", t->text[0], t->ends[0]},
                              {"id2", "u", t->text[1], t->ends[1]},
                              {"id3", "u", t->text[2], t->ends[2]},
                              {"id4", "l", t->id4, NULL},
                              {"id5", "l", t->id5, NULL},
                              {"id6", "l", t->id6, NULL},
                              {"v1", "l", t->v1, NULL},
                              {"v2", "l", t->v2, NULL},
                              {"v3", "g", t->v3, NULL}};
    return columns_frame(pool, columns, sizeof(columns) / sizeof(columns[0]), t->rows);
}

typedef struct question {
    const char *name, *keys, *aggregates, *then; /* a list to select of the answer, or NULL */
    oct_frame *frame;
    oct_bag *draws;
} question;

static double ask_frame(void *ctx)
{
    const question *q = ctx;
    double start = bench_now();
    oct_frame *groups = oct_frame_groupby(q->frame, q->keys, q->aggregates);
    oct_frame *asked = q->then ? oct_frame_select(groups, q->then) : NULL;
    oct_frame *answer = oct_frame_compute(asked ? asked : groups);
    double took = bench_now() - start;
    if (!answer)
        oct_die(NULL);
    oct_frame_destroy(groups);
    oct_frame_destroy(asked);
    oct_frame_destroy(answer);
    return took;
}

static double ask_bag(void *ctx)
{
    const question *q = ctx;
    const two none = {-1, -1};
    double start = bench_now();
    oct_bag *best = oct_bag_fold_by(q->draws, id6_of, with_draw, larger_two, &none),
            *answer = oct_bag_compute(best);
    double took = bench_now() - start;
    if (!answer)
        oct_die(NULL);
    oct_bag_destroy(best);
    oct_bag_destroy(answer);
    return took;
}

/* Of sums: the square of the correlation. */
#define CORRELATION                                                                                          \
    "id2, id4, (n * xy - x * y) * (n * xy - x * y) / ((n * xx - x * x) * (n * yy - y * y)) as r2"

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    table t = {.rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 10000000};
    question all[] = {
        {.name = "question_1", .keys = "id1", .aggregates = "sum(v1) as v1"},
        {.name = "question_2", .keys = "id1, id2", .aggregates = "sum(v1) as v1"},
        {.name = "question_3", .keys = "id3", .aggregates = "sum(v1) as v1, mean(v3) as v3"},
        {.name = "question_4", .keys = "id4", .aggregates = "mean(v1) as v1, mean(v2) as v2, mean(v3) as v3"},
        {.name = "question_5", .keys = "id6", .aggregates = "sum(v1) as v1, sum(v2) as v2, sum(v3) as v3"},
        {.name = "question_6", .keys = "id4, id5", .aggregates = "median(v3) as m, std(v3) as s"},
        {.name = "question_7",
         .keys = "id3",
         .aggregates = "max(v1) as a, min(v2) as b",
         .then = "id3, a - b as range_v1_v2"},
        {.name = "question_8"},
        {.name = "question_9",
         .keys = "id2, id4",
         .aggregates = "count() as n, sum(v1) as x, sum(v2) as y, sum(v1 * v1) as xx, sum(v2 * v2) as yy, "
                       "sum(v1 * v2) as xy",
         .then = CORRELATION},
        {.name = "question_10",
         .keys = "id1, id2, id3, id4, id5, id6",
         .aggregates = "sum(v3) as v3, count() as n"},
    };
    char count[32];
    snprintf(count, sizeof(count), "%lld", (long long)t.rows);
    make_columns(&t);
    oct_frame *frame = make_frame(pool, &t);
    drawn *draws = columns_room((size_t)t.rows * sizeof(*draws));
    for (int64_t i = 0; i < t.rows; i++)
        draws[i] = (drawn){t.id6[i], t.v3[i]};
    oct_bag *bag = oct_bag_from(pool, draws, (size_t)t.rows);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (argc > 2 && strcmp(argv[2], all[i].name) != 0)
            continue;
        all[i].frame = frame;
        all[i].draws = bag;
        double took = bench_least(TIMES, all[i].keys ? ask_frame : ask_bag, &all[i]);
        peers others = peers_ask(pool, all[i].name, count);
        peers_lines(pool, all[i].name, took, PEER_SECONDS, &others, 0);
    }
    oct_frame_destroy(frame);
    oct_bag_destroy(bag);
    return oct_pool_close(pool); /* the columns go with the program */
}
