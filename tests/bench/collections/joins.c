/* join_*: joins of a table in memory with a small one, one of a thousandth of its rows, by number and by
 * text, and one as large as itself (after h2oai/db-benchmark, "join"): nine rows of ten have a match.
 * joins [--pool=SPEC] [ROWS [NAME]], of which NAME asks one alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/collections/columns.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

enum { TIMES = 3, TEXT = 12 };

typedef struct question {
    const char *bench, *key;
    int64_t keys; /* that the left table has; the right one has as many, from a tenth of them on */
    oct_join_kind kind;
    oct_frame *left, *right;
} question;

/* The text of each key, and where it ends. */
static char *make_texts(const int64_t *keys, int64_t rows, int32_t **ends)
{
    char *text = columns_room((size_t)rows * TEXT + 1);
    *ends = columns_room(((size_t)rows + 1) * sizeof(**ends));
    (*ends)[0] = 0;
    for (int64_t i = 0; i < rows; i++) {
        snprintf(text + i * TEXT, TEXT + 1, "id%0*lld", TEXT - 2, (long long)keys[i]);
        (*ends)[i + 1] = (int32_t)((i + 1) * TEXT);
    }
    return text;
}

/* Numbers from 0 on, each once, in no order: steps that have no common divisor with the count. */
static int64_t shuffled(int64_t i, int64_t count)
{
    int64_t step = 7919;
    while (count % step == 0)
        step += 2;
    return (int64_t)((unsigned __int128)i * (uint64_t)step % (uint64_t)count);
}

static oct_frame *make_left(oct_pool *pool, int64_t rows, int64_t small, int64_t medium)
{
    int64_t *ids[3];
    double *v = columns_room((size_t)rows * sizeof(*v));
    uint64_t state = 1;
    for (int k = 0; k < 3; k++)
        ids[k] = columns_room((size_t)rows * sizeof(**ids));
    for (int64_t i = 0; i < rows; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
        int64_t key = (int64_t)(state >> 33);
        ids[0][i] = key % small;
        ids[1][i] = key / 7 % medium;
        ids[2][i] = shuffled(i, rows);
        v[i] = (double)(state >> 11) / 0x1p53;
    }
    int32_t *ends;
    char *text = make_texts(ids[1], rows, &ends);
    const column columns[] = {{"small", "l", ids[0], NULL},
                              {"medium", "l", ids[1], NULL},
                              {"large", "l", ids[2], NULL},
                              {"text", "u", text, ends},
                              {"v", "g", v, NULL}};
    oct_frame *frame = columns_frame(pool, columns, sizeof(columns) / sizeof(columns[0]), rows);
    for (int k = 0; k < 3; k++)
        free(ids[k]);
    free(v);
    free(text);
    free(ends);
    return frame;
}

static oct_frame *make_right(oct_pool *pool, const question *q)
{
    int64_t *ids = columns_room((size_t)q->keys * sizeof(*ids));
    double *w = columns_room((size_t)q->keys * sizeof(*w));
    for (int64_t i = 0; i < q->keys; i++) {
        ids[i] = q->keys / 10 + shuffled(i, q->keys);
        w[i] = (double)i;
    }
    int32_t *ends = NULL;
    char *text = strcmp(q->key, "text") == 0 ? make_texts(ids, q->keys, &ends) : NULL;
    const column columns[] = {{q->key, text ? "u" : "l", text ? (void *)text : ids, ends},
                              {"w", "g", w, NULL}};
    oct_frame *frame = columns_frame(pool, columns, 2, q->keys);
    free(ids);
    free(w);
    free(text);
    free(ends);
    return frame;
}

static double ask(void *ctx)
{
    const question *q = ctx;
    double start = bench_now();
    oct_frame *joined = oct_frame_join(q->left, q->right, q->key, q->kind),
              *answer = oct_frame_compute(joined);
    double took = bench_now() - start;
    if (!answer || (q->kind == OCT_JOIN_LEFT) != (oct_frame_rows(answer) == oct_frame_rows(q->left)))
        oct_die(NULL);
    oct_frame_destroy(joined);
    oct_frame_destroy(answer);
    return took;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 10000000;
    int64_t medium = rows / 1000 > 10 ? rows / 1000 : 10, small = rows / 1000000 > 10 ? rows / 1000000 : 10;
    question all[] = {{"join_small", "small", small, OCT_JOIN_INNER, NULL, NULL},
                      {"join_medium", "medium", medium, OCT_JOIN_INNER, NULL, NULL},
                      {"join_left", "medium", medium, OCT_JOIN_LEFT, NULL, NULL},
                      {"join_text", "text", medium, OCT_JOIN_INNER, NULL, NULL},
                      {"join_large", "large", rows, OCT_JOIN_INNER, NULL, NULL}};
    char count[32];
    snprintf(count, sizeof(count), "%lld", (long long)rows);
    oct_frame *left = make_left(pool, rows, small, medium);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (argc > 2 && strcmp(argv[2], all[i].bench) != 0)
            continue;
        all[i].left = left;
        all[i].right = make_right(pool, &all[i]);
        double took = bench_least(TIMES, ask, &all[i]);
        peers others = peers_ask(pool, all[i].bench, count);
        peers_lines(pool, all[i].bench, took, PEER_SECONDS, &others, 0);
        oct_frame_destroy(all[i].right);
    }
    oct_frame_destroy(left);
    return oct_pool_close(pool);
}
