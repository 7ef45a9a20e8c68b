/* resample, rolling, rolling_median: seconds of a table in memory to the mean of each hour, to means of
 * windows of 20 rows, and to medians of windows of 1000. series [--pool=SPEC] [ROWS [NAME]], of which NAME
 * asks one alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oct/arrow.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

enum { TIMES = 3 };

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

/* A row a second from 1970 on, and x from Knuth's MMIX, as peer.py makes them. */
static oct_frame *make_table(oct_pool *pool, int64_t rows)
{
    int64_t *at = malloc((size_t)rows * sizeof(*at));
    double *x = malloc((size_t)rows * sizeof(*x));
    if (!at || !x)
        oct_die(NULL);
    uint64_t state = 1;
    for (int64_t i = 0; i < rows; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        at[i] = i * 1000000;
        x[i] = (double)(state >> 11) / 0x1p53;
    }
    const void *buffers[2][2] = {{NULL, at}, {NULL, x}}, *none[1] = {NULL};
    struct ArrowSchema columns[2] = {{.format = "tsu:", .name = "at", .release = release_schema},
                                     {.format = "g", .name = "x", .release = release_schema}};
    struct ArrowSchema *about[] = {&columns[0], &columns[1]};
    struct ArrowSchema schema = {
        .format = "+s", .n_children = 2, .children = about, .release = release_schema};
    struct ArrowArray values[2], *children[] = {&values[0], &values[1]};
    for (int i = 0; i < 2; i++)
        values[i] = (struct ArrowArray){
            .length = rows, .n_buffers = 2, .buffers = buffers[i], .release = release_array};
    struct ArrowArray array = {.length = rows,
                               .n_buffers = 1,
                               .buffers = none,
                               .n_children = 2,
                               .children = children,
                               .release = release_array};
    oct_frame *frame = oct_frame_from_arrow(pool, &schema, &array);
    free(at);
    free(x);
    if (!frame)
        oct_die(NULL);
    return frame;
}

typedef struct question {
    oct_frame *table;
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

static double ask_hours(void *ctx)
{
    const question *q = ctx;
    return timed(oct_frame_resample(q->table, "at", "hour", "mean(x) as m, max(x) as most"), q->rows);
}

static double ask_windows(void *ctx)
{
    const question *q = ctx;
    return timed(oct_frame_rolling(q->table, "20 rows", "mean(x) as m"), q->rows);
}

static double ask_medians(void *ctx)
{
    const question *q = ctx;
    return timed(oct_frame_rolling(q->table, "1000 rows", "median(x) as m"), q->rows);
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 5000000;
    if (rows < 1 || rows > 1000000000) {
        fprintf(stderr, "series: 1 to 1000000000 rows\n");
        return 2;
    }
    oct_frame *table = make_table(pool, rows);
    const struct {
        const char *bench;
        size_t rows;
        double (*ask)(void *);
    } all[] = {{"resample", (size_t)(rows + 3599) / 3600, ask_hours},
               {"rolling", (size_t)rows, ask_windows},
               {"rolling_median", (size_t)rows, ask_medians}};
    char count[32];
    snprintf(count, sizeof(count), "%lld", (long long)rows);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        question q = {table, all[i].rows};
        if (argc > 2 && strcmp(argv[2], all[i].bench) != 0)
            continue;
        double took = bench_least(TIMES, all[i].ask, &q);
        peers others = peers_ask(pool, all[i].bench, count);
        peers_lines(pool, all[i].bench, took, PEER_SECONDS, &others, 0);
    }
    oct_frame_destroy(table);
    return oct_pool_close(pool);
}
