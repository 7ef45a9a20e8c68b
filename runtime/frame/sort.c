#include <stdlib.h>

#include "runtime/base/heap.h"
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
    uint32_t *rows;                      /* in order of buckets, then in order */
    uint64_t *words[OCTI_SORTKEY_KNOWN]; /* of the rows in order of buckets */
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
    oct_err code = octi_sortkey_sort(&s->key, rows, COUNT, NULL, err);
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

/* The next rows of a range that begins with `begin`, numbered and without words; how many they are. */
static size_t next_rows(size_t begin, size_t end, octi_keyed rows[OCTI_KEYS])
{
    size_t count = end - begin < OCTI_KEYS ? end - begin : OCTI_KEYS;
    for (size_t i = 0; i < count; i++)
        rows[i].row = (uint32_t)(begin + i);
    return count;
}

/* Turn of a range: the bucket of each row, and how many each has. */
static oct_err find_buckets(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    octi_keyed rows[OCTI_KEYS];
    size_t end = range_begin(s, turn + 1);
    (void)err;
    for (size_t begin = range_begin(s, turn), count; begin < end; begin += count) {
        count = next_rows(begin, end, rows);
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

/* Turn of a range: its rows, and their words, to where they go. */
static oct_err scatter(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    octi_keyed rows[OCTI_KEYS];
    size_t end = range_begin(s, turn + 1);
    (void)err;
    for (size_t begin = range_begin(s, turn), count; begin < end; begin += count) {
        count = next_rows(begin, end, rows);
        for (size_t i = 0; i < count; i++) {
            rows[i].at = (uint32_t)s->at[turn][s->bucket[begin + i]]++;
            s->rows[rows[i].at] = rows[i].row;
        }
        for (size_t word = 0; word < OCTI_SORTKEY_KNOWN && s->words[word]; word++) {
            octi_sortkey_word(&s->key, word, rows, count);
            for (size_t i = 0; i < count; i++)
                s->words[word][rows[i].at] = rows[i].key;
        }
    }
    return OCT_OK;
}

/* Turn of a bucket: its rows in order. */
static oct_err sort_bucket(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    const uint64_t *known[OCTI_SORTKEY_KNOWN];
    size_t begin = s->end[turn];
    for (size_t word = 0; word < OCTI_SORTKEY_KNOWN; word++)
        known[word] = s->words[word] ? s->words[word] + begin : NULL;
    return octi_sortkey_sort(&s->key, s->rows + begin, s->end[turn + 1] - begin, known, err);
}

/* Room for the words of all rows, as many as they have. */
static oct_err make_words(sorting *s, oct_error *err)
{
    for (size_t word = 0; word < OCTI_SORTKEY_KNOWN && word < s->key.words; word++) {
        s->words[word] = octi_heap_block(s->order.batch->rows * sizeof(uint64_t));
        if (!s->words[word])
            return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", s->order.batch->rows);
    }
    return OCT_OK;
}

static void drop_words(sorting *s)
{
    for (size_t word = 0; word < OCTI_SORTKEY_KNOWN; word++) {
        free(s->words[word]);
        s->words[word] = NULL;
    }
}

static void sorting_destroy(sorting *s)
{
    if (!s)
        return;
    drop_words(s);
    free(s->bucket);
    free(s->rows);
    free(s);
}

static sorting *sorting_create(const octi_batch *from, const octi_order *by, size_t count, oct_error *err)
{
    sorting *s = calloc(1, sizeof(*s));
    if (s) {
        s->order = (octi_ordering){from, by, count};
        s->bucket = octi_heap_block(from->rows);
        s->rows = octi_heap_block(from->rows * sizeof(*s->rows));
    }
    if (s && s->bucket && s->rows)
        return s;
    sorting_destroy(s);
    oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", from->rows);
    return NULL;
}

/* All rows, in order. */
static oct_err order_rows(sorting *s, oct_pool *pool, oct_error *err)
{
    oct_err code = octi_turns(pool, RANGES, scan, s, err);
    if (code == OCT_OK) {
        make_key(s);
        code = take_samples(s, err);
    }
    if (code == OCT_OK)
        code = octi_turns(pool, RANGES, find_buckets, s, err);
    if (code == OCT_OK)
        code = make_words(s, err);
    if (code == OCT_OK) {
        place(s);
        code = octi_turns(pool, RANGES, scatter, s, err);
    }
    return code == OCT_OK ? octi_turns(pool, BUCKETS, sort_bucket, s, err) : code;
}

oct_err octi_batch_sort_on(oct_pool *pool, const octi_batch *from, const octi_order *by, size_t count,
                           octi_batch *out, oct_error *err)
{
    bool alone = !pool || (!octi_turns_are_tasks(pool) && octi_turns_at_once(pool) == 1);
    if (alone || from->rows < FEW_ROWS)
        return octi_batch_sort(from, by, count, UINT64_MAX, (octi_bound){0}, out, err);
    sorting *s = sorting_create(from, by, count, err);
    if (!s)
        return OCT_E_NOMEM;
    oct_err code = order_rows(s, pool, err);
    drop_words(s); /* before there is a second table */
    if (code == OCT_OK)
        code = octi_batch_gather_on(pool, from, s->rows, from->rows, out, err);
    sorting_destroy(s);
    return code;
}
