#include <stdlib.h>

#include "runtime/frame/gather.h"
#include "runtime/frame/radix.h"
#include "runtime/frame/sort.h"
#include "runtime/frame/sortkey.h"
#include "runtime/frame/turns.h"

enum {
    BUCKETS = 256,
    SAMPLES = 32, /* of a bucket */
    RANGES = 128, /* of rows, a turn each */
    FEW_ROWS = 1 << 16,
};

typedef struct sorting {
    octi_ordering order;
    octi_sortkey_bounds bounds[RANGES];
    octi_sortkey key;
    octi_keyed first[BUCKETS];  /* the row that each bucket begins with: bucket 0 with nothing */
    uint8_t *bucket;            /* of each row */
    size_t at[RANGES][BUCKETS]; /* how many rows of a range are in a bucket, then where the next one goes */
    size_t end[BUCKETS + 1];
    uint32_t *rows; /* in order of buckets, then in order */
} sorting;

static size_t range_begin(const sorting *s, size_t range)
{
    return s->order.batch->rows * range / RANGES;
}

/* Turn of a range. */
static oct_err scan(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    (void)err;
    octi_sortkey_scan(&s->order, range_begin(s, turn), range_begin(s, turn + 1), &s->bounds[turn]);
    return OCT_OK;
}

static void make_key(sorting *s)
{
    for (size_t range = 1; range < RANGES; range++)
        octi_sortkey_widen(&s->bounds[0], &s->bounds[range]);
    octi_sortkey_init(&s->key, &s->order, &s->bounds[0]);
}

/* Every so many rows, in order, and of those every so many. */
static oct_err take_samples(sorting *s, oct_error *err)
{
    enum { COUNT = BUCKETS * SAMPLES };
    uint32_t *rows = malloc(COUNT * sizeof(*rows));
    if (!rows)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", s->order.batch->rows);
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (uint32_t)(s->order.batch->rows * i / COUNT);
    oct_err code = octi_sortkey_sort(&s->key, rows, COUNT, err);
    for (size_t b = 1; code == OCT_OK && b < BUCKETS; b++)
        s->first[b].row = rows[b * SAMPLES];
    octi_sortkey_word(&s->key, 0, s->first + 1, BUCKETS - 1);
    free(rows);
    return code;
}

/* The last bucket that begins with a row that is not behind. Rows of the same key are in order of rows, so
 * that many of them are in several buckets. */
static size_t bucket_of(const sorting *s, const octi_keyed *row)
{
    size_t low = 0;
    for (size_t half = BUCKETS / 2; half > 0; half /= 2) {
        const octi_keyed *first = &s->first[low + half];
        bool behind = first->key < row->key;
        if (first->key == row->key)
            behind = octi_order_compare(&first->row, &row->row, (void *)(uintptr_t)&s->order) <= 0;
        low += behind ? half : 0;
    }
    return low;
}

/* Turn of a range: the bucket of each row, and how many each has. */
static oct_err find_buckets(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    octi_keyed rows[OCTI_KEYS];
    size_t end = range_begin(s, turn + 1);
    (void)err;
    for (size_t begin = range_begin(s, turn), count; begin < end; begin += count) {
        count = end - begin < OCTI_KEYS ? end - begin : OCTI_KEYS;
        for (size_t i = 0; i < count; i++)
            rows[i].row = (uint32_t)(begin + i);
        octi_sortkey_word(&s->key, 0, rows, count);
        for (size_t i = 0; i < count; i++) {
            size_t b = bucket_of(s, &rows[i]);
            s->bucket[begin + i] = (uint8_t)b;
            s->at[turn][b]++;
        }
    }
    return OCT_OK;
}

/* Where each range's rows of each bucket begin: bucket after bucket, and in one range after range. */
static void place(sorting *s)
{
    size_t sum = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        for (size_t range = 0; range < RANGES; range++) {
            size_t rows = s->at[range][b];
            s->at[range][b] = sum;
            sum += rows;
        }
        s->end[b + 1] = sum;
    }
}

/* Turn of a range. */
static oct_err scatter(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    (void)err;
    for (size_t row = range_begin(s, turn); row < range_begin(s, turn + 1); row++)
        s->rows[s->at[turn][s->bucket[row]]++] = (uint32_t)row;
    return OCT_OK;
}

/* Turn of a bucket: its rows in order. */
static oct_err sort_bucket(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    return octi_sortkey_sort(&s->key, s->rows + s->end[turn], s->end[turn + 1] - s->end[turn], err);
}

oct_err octi_batch_sort_on(oct_pool *pool, const octi_batch *from, const octi_order *by, size_t count,
                           octi_batch *out, oct_error *err)
{
    if (!pool || from->rows < FEW_ROWS || !octi_turns_are_tasks(pool))
        return octi_batch_sort(from, by, count, UINT64_MAX, out, err);
    sorting *s = calloc(1, sizeof(*s));
    oct_err code = OCT_OK;
    if (s) {
        s->order = (octi_ordering){from, by, count};
        s->bucket = malloc(from->rows);
        s->rows = malloc(from->rows * sizeof(*s->rows));
    }
    if (!s || !s->bucket || !s->rows)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", from->rows);
    if (code == OCT_OK)
        code = octi_turns(pool, RANGES, scan, s, err);
    if (code == OCT_OK) {
        make_key(s);
        code = take_samples(s, err);
    }
    if (code == OCT_OK)
        code = octi_turns(pool, RANGES, find_buckets, s, err);
    if (code == OCT_OK) {
        place(s);
        code = octi_turns(pool, RANGES, scatter, s, err);
    }
    if (code == OCT_OK)
        code = octi_turns(pool, BUCKETS, sort_bucket, s, err);
    if (code == OCT_OK)
        code = octi_batch_gather_on(pool, from, s->rows, from->rows, out, err);
    free(s ? s->bucket : NULL);
    free(s ? s->rows : NULL);
    free(s);
    return code;
}
