#include <stdlib.h>
#include <string.h>

#include "runtime/frame/radix.h"
#include "runtime/frame/sort.h"
#include "runtime/frame/turns.h"

enum {
    BUCKETS = 256, /* the last one is of nulls where there are keys */
    SAMPLES = 32,  /* of a bucket */
    RANGES = 128,  /* of rows, a turn each */
    FEW_ROWS = 1 << 16,
};

typedef struct sorting {
    octi_ordering order;
    bool has_keys;
    uint64_t key_of[BUCKETS]; /* what each bucket begins with: bucket 0 with nothing */
    uint32_t row_of[BUCKETS];
    uint8_t *bucket;            /* of each row */
    size_t at[RANGES][BUCKETS]; /* how many rows of a range are in a bucket, then where the next one goes */
    size_t end[BUCKETS + 1];
    uint32_t *rows;       /* in order of buckets, then in order */
    octi_column *columns; /* of the result */
} sorting;

bool octi_order_has_keys(const octi_batch *batch, const octi_order *by, size_t count)
{
    return count == 1 && batch->columns[by[0].column].type != OCT_STRING;
}

static size_t range_begin(const sorting *s, size_t range)
{
    return s->order.batch->rows * range / RANGES;
}

static const octi_column *key_column(const sorting *s)
{
    return &s->order.batch->columns[s->order.by[0].column];
}

/* Every so many rows, in order, and of those every so many. */
static oct_err take_samples(sorting *s, oct_error *err)
{
    enum { COUNT = BUCKETS * SAMPLES };
    const octi_batch *batch = s->order.batch;
    octi_keyed *keys = malloc(2 * COUNT * sizeof(*keys));
    uint32_t *rows = malloc(COUNT * sizeof(*rows));
    uint64_t key[OCTI_KEYS];
    if (!keys || !rows) {
        free(keys);
        free(rows);
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", batch->rows);
    }
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        rows[i] = (uint32_t)(batch->rows * i / COUNT);
        if (s->has_keys && octi_is_valid(key_column(s), rows[i])) {
            octi_radix_keys(key_column(s), s->order.by[0].descending, rows[i], 1, key);
            keys[count++] = (octi_keyed){key[0], rows[i]};
        }
    }
    const octi_keyed *sorted = octi_radix_sort(keys, keys + COUNT, count);
    if (!s->has_keys)
        qsort_r(rows, COUNT, sizeof(*rows), octi_order_compare, &s->order);
    for (size_t b = 1; b < BUCKETS; b++) {
        s->row_of[b] = rows[b * SAMPLES];
        if (count > 0)
            s->key_of[b] = sorted[count * b / BUCKETS].key;
    }
    free(keys);
    free(rows);
    return OCT_OK;
}

/* The last bucket that begins with a key that is not more, of those before that of nulls. */
static size_t bucket_of_key(const sorting *s, uint64_t key)
{
    size_t low = 0;
    for (size_t half = BUCKETS / 2; half > 0; half /= 2)
        low += s->key_of[low + half] <= key ? half : 0;
    return low < BUCKETS - 1 ? low : BUCKETS - 2;
}

static size_t bucket_of_row(const sorting *s, uint32_t row)
{
    size_t low = 0;
    for (size_t half = BUCKETS / 2; half > 0; half /= 2)
        low += octi_order_compare(&s->row_of[low + half], &row, (void *)(uintptr_t)&s->order) <= 0 ? half : 0;
    return low;
}

/* Turn of a range: the bucket of each row, and how many each has. */
static oct_err find_buckets(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    uint64_t keys[OCTI_KEYS];
    size_t begin = range_begin(s, turn), end = range_begin(s, turn + 1);
    (void)err;
    for (size_t row = begin; row < end; row++) {
        size_t ahead = (row - begin) % OCTI_KEYS, left = end - row;
        if (s->has_keys && ahead == 0)
            octi_radix_keys(key_column(s), s->order.by[0].descending, row,
                            left < OCTI_KEYS ? left : OCTI_KEYS, keys);
        size_t b = !s->has_keys                        ? bucket_of_row(s, (uint32_t)row)
                   : octi_is_valid(key_column(s), row) ? bucket_of_key(s, keys[ahead])
                                                       : BUCKETS - 1;
        s->bucket[row] = (uint8_t)b;
        s->at[turn][b]++;
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

/* Turn of a bucket: its rows in order. Nulls are as they should be. */
static oct_err sort_bucket(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    uint32_t *rows = s->rows + s->end[turn];
    size_t count = s->end[turn + 1] - s->end[turn];
    if (!s->has_keys) {
        qsort_r(rows, count, sizeof(*rows), octi_order_compare, &s->order);
        return OCT_OK;
    }
    if (turn == BUCKETS - 1 || count < 2)
        return OCT_OK;
    octi_keyed *keys = malloc(2 * count * sizeof(*keys));
    uint64_t key[OCTI_KEYS];
    if (!keys)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", count);
    for (size_t i = 0; i < count; i++) {
        octi_radix_keys(key_column(s), s->order.by[0].descending, rows[i], 1, key);
        keys[i] = (octi_keyed){key[0], rows[i]};
    }
    const octi_keyed *sorted = octi_radix_sort(keys, keys + count, count);
    for (size_t i = 0; i < count; i++)
        rows[i] = sorted[i].row;
    free(keys);
    return OCT_OK;
}

/* True where a column's rows can be set from several threads. */
static bool is_plain(const octi_column *column)
{
    return column->type != OCT_STRING && !column->valid;
}

/* Turn of a range of the result's plain columns, and after those of each other column. */
static oct_err fill(size_t turn, void *ctx, oct_error *err)
{
    sorting *s = ctx;
    const octi_batch *from = s->order.batch;
    if (turn >= RANGES) {
        size_t c = turn - RANGES;
        return is_plain(&from->columns[c])
                   ? OCT_OK
                   : octi_column_gather(&from->columns[c], s->rows, from->rows, &s->columns[c], err);
    }
    for (size_t c = 0; c < from->count; c++) {
        const octi_column *column = &from->columns[c];
        octi_column *to = &s->columns[c];
        size_t end = range_begin(s, turn + 1);
        for (size_t i = range_begin(s, turn); is_plain(column) && i < end; i++)
            if (column->type == OCT_BOOL)
                to->bools[i] = column->bools[s->rows[i]];
            else
                to->ints[i] = column->ints[s->rows[i]];
    }
    return OCT_OK;
}

static oct_err gather(sorting *s, oct_pool *pool, octi_batch *out, oct_error *err)
{
    const octi_batch *from = s->order.batch;
    octi_batch made = {.rows = from->rows};
    oct_err code = OCT_OK;
    s->columns = calloc(from->count + 1, sizeof(*s->columns));
    if (!s->columns)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu columns", from->count);
    for (size_t c = 0; code == OCT_OK && c < from->count; c++)
        if (is_plain(&from->columns[c]))
            code = octi_column_init(&s->columns[c], from->columns[c].type, from->rows, 0, err);
    if (code == OCT_OK)
        code = octi_turns(pool, RANGES + from->count, fill, s, err);
    for (size_t c = 0; code == OCT_OK && c < from->count; c++)
        code = octi_batch_take(&made, from->names[c], &s->columns[c], err);
    for (size_t c = 0; c < from->count; c++)
        octi_column_deinit(&s->columns[c]);
    free(s->columns);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
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
        s->has_keys = octi_order_has_keys(from, by, count);
        s->bucket = malloc(from->rows);
        s->rows = malloc(from->rows * sizeof(*s->rows));
    }
    if (!s || !s->bucket || !s->rows)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", from->rows);
    if (code == OCT_OK)
        code = take_samples(s, err);
    if (code == OCT_OK)
        code = octi_turns(pool, RANGES, find_buckets, s, err);
    if (code == OCT_OK) {
        place(s);
        code = octi_turns(pool, RANGES, scatter, s, err);
    }
    if (code == OCT_OK)
        code = octi_turns(pool, BUCKETS, sort_bucket, s, err);
    if (code == OCT_OK)
        code = gather(s, pool, out, err);
    free(s ? s->bucket : NULL);
    free(s ? s->rows : NULL);
    free(s);
    return code;
}
