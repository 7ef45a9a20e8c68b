/* Orders of several columns, compared with a sort of plain rows that knows nothing of words and buckets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oct/pool.h"
#include "runtime/frame/reduce.h"
#include "runtime/frame/sort.h"

static oct_pool *pool;

enum { FEW = 3000, MANY = 100000, TEXT = 48 };

/* The columns, in the order of their names. */
enum { WHOLE, REAL, FLAG, WORD, DAY, LONG, COLUMNS, ID = COLUMNS };

typedef struct plain {
    bool null[COLUMNS];
    int64_t whole, day;
    double real;
    bool flag;
    char word[TEXT], text[TEXT];
    size_t word_size, text_size;
    size_t id;
} plain;

static const struct {
    const char *text;
    size_t size;
} words[] = {
    {"", 0},
    {"a", 1},
    {"a\0", 2},
    {"a\0\0", 3},
    {"ab", 2},
    {"b", 1},
    {"\xc3\xa9", 2},
    {"\xc3\xa9t", 3},
    {"\xe6\x97\xa5", 3},
    {"\xff\xff", 2},
    {"12345678", 8},
    {"12345678\0", 9},
    {"12345679", 8},
    {"1234567", 7},
    {"id0000000042", 12},
    {"id0000000043", 12},
};

static plain draw(size_t id)
{
    static const int64_t wholes[] = {INT64_MIN, INT64_MAX, 0, -1, 1, 640, 1280};
    static const double reals[] = {NAN, -NAN, 0.0, -0.0, INFINITY, -INFINITY, 5e-324, -5e-324, 1.5, -2};
    plain row = {.id = id};
    for (int c = 0; c < COLUMNS; c++)
        row.null[c] = c != DAY && rand() % 8 == 0;
    row.whole = wholes[rand() % 7];
    row.real = reals[rand() % 10];
    row.flag = rand() % 2;
    row.day = (rand() % 40000 - 20000) * INT64_C(86400000);
    size_t word = (size_t)rand() % (sizeof(words) / sizeof(words[0]));
    row.word_size = words[word].size;
    memcpy(row.word, words[word].text, row.word_size);
    row.text_size = (size_t)(rand() % 3 + 38); /* of more words than a key has of a text */
    memset(row.text, 'x', row.text_size);
    row.text[rand() % 2 ? 0 : row.text_size - 1] = (char)('a' + rand() % 3);
    return row;
}

static plain *draw_rows(size_t count)
{
    plain *rows = malloc(count * sizeof(*rows));
    assert_non_null(rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = draw(i);
    return rows;
}

static void put_text(octi_column *column, size_t row, const char *text, size_t size)
{
    memcpy(column->text + column->offsets[row], text, size);
    column->offsets[row + 1] = column->offsets[row] + (int32_t)size;
}

static octi_batch batch_of(const plain *rows, size_t count)
{
    static const oct_column_type types[] = {OCT_INT64,  OCT_DOUBLE, OCT_BOOL,
                                            OCT_STRING, OCT_DATE,   OCT_STRING};
    static const char *const names[] = {"whole", "real", "flag", "word", "day", "text"};
    octi_batch batch = {.rows = count};
    octi_column id;
    for (int c = 0; c < COLUMNS; c++) {
        octi_column column;
        assert_int_equal(octi_column_init(&column, types[c], count, count * TEXT, NULL), OCT_OK);
        if (c != DAY)
            assert_int_equal(octi_column_add_bitmap(&column, count, NULL), OCT_OK);
        for (size_t i = 0; i < count; i++) {
            const plain *row = &rows[i];
            if (c == WHOLE || c == DAY)
                column.ints[i] = c == DAY ? row->day : row->whole;
            else if (c == REAL)
                column.doubles[i] = row->real;
            else if (c == FLAG)
                column.bools[i] = row->flag;
            else
                put_text(&column, i, c == WORD ? row->word : row->text,
                         c == WORD ? row->word_size : row->text_size);
            if (row->null[c])
                octi_set_null(&column, i);
        }
        assert_int_equal(octi_batch_take(&batch, names[c], &column, NULL), OCT_OK);
    }
    assert_int_equal(octi_column_init(&id, OCT_INT64, count, 0, NULL), OCT_OK);
    for (size_t i = 0; i < count; i++)
        id.ints[i] = (int64_t)rows[i].id;
    assert_int_equal(octi_batch_take(&batch, "id", &id, NULL), OCT_OK);
    return batch;
}

/* ---- the other sort ---- */

static const octi_order *order_by;
static size_t order_count;

static int by_text(const char *a, size_t size, const char *b, size_t other)
{
    for (size_t i = 0; i < size && i < other; i++)
        if (a[i] != b[i])
            return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
    return size < other ? -1 : size > other;
}

static int by_value(const plain *a, const plain *b, size_t column)
{
    switch (column) {
    case WHOLE:
        return a->whole < b->whole ? -1 : a->whole > b->whole;
    case DAY:
        return a->day < b->day ? -1 : a->day > b->day;
    case FLAG:
        return a->flag - b->flag;
    case WORD:
        return by_text(a->word, a->word_size, b->word, b->word_size);
    case LONG:
        return by_text(a->text, a->text_size, b->text, b->text_size);
    default:
        if (a->real != a->real || b->real != b->real)
            return (a->real != a->real) - (b->real != b->real);
        return a->real < b->real ? -1 : a->real > b->real;
    }
}

static int by_order(const void *left, const void *right)
{
    const plain *a = left, *b = right;
    for (size_t i = 0; i < order_count; i++) {
        size_t c = order_by[i].column;
        if (a->null[c] != b->null[c])
            return a->null[c] ? 1 : -1;
        int order = a->null[c] ? 0 : by_value(a, b, c);
        if (order != 0)
            return order_by[i].descending ? -order : order;
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

static void expect_order(const octi_batch *sorted, plain *rows, size_t count)
{
    qsort(rows, count, sizeof(*rows), by_order);
    assert_int_equal(sorted->rows, count);
    for (size_t i = 0; i < count; i++) {
        const octi_column *text = &sorted->columns[WORD];
        if (sorted->columns[ID].ints[i] != (int64_t)rows[i].id)
            fail_msg("row %zu is %lld, expected %zu", i, (long long)sorted->columns[ID].ints[i], rows[i].id);
        assert_int_equal(octi_is_valid(text, i), !rows[i].null[WORD]);
        assert_int_equal(text->offsets[i + 1] - text->offsets[i], rows[i].word_size);
        assert_memory_equal(text->text + text->offsets[i], rows[i].word, rows[i].word_size);
    }
}

static const struct {
    octi_order by[COLUMNS];
    size_t count;
} orders[] = {
    {{{WHOLE, false}}, 1},
    {{{REAL, true}}, 1},
    {{{DAY, true}}, 1},
    {{{WORD, false}}, 1},
    {{{WORD, true}, {REAL, false}}, 2},
    {{{FLAG, true}, {WORD, false}, {WHOLE, true}}, 3},
    {{{REAL, false}, {WHOLE, true}, {DAY, false}}, 3},
    {{{LONG, false}}, 1},
    {{{FLAG, false}, {LONG, true}, {WORD, true}}, 3},
    {{{WORD, false}, {FLAG, true}, {DAY, true}, {REAL, true}, {WHOLE, false}, {LONG, false}}, COLUMNS},
};

static void any_order_is_that_of_rows_compared_one_by_one(void **state)
{
    static const size_t counts[] = {0, 1, 2, 65, FEW};
    (void)state;
    for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++)
        for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
            plain *rows = draw_rows(counts[n] + 1);
            octi_batch batch = batch_of(rows, counts[n]), sorted;
            order_by = orders[i].by;
            order_count = orders[i].count;
            assert_int_equal(
                octi_batch_sort(&batch, order_by, order_count, UINT64_MAX, (octi_bound){0}, &sorted, NULL),
                OCT_OK);
            expect_order(&sorted, rows, counts[n]);
            octi_batch_deinit(&sorted);
            octi_batch_deinit(&batch);
            free(rows);
        }
}

/* What is kept of the chunks before, and of one more, which they bound. */
static void keep_first(octi_reduce *first, octi_batch *kept, octi_batch *chunk)
{
    octi_batch all;
    assert_int_equal(octi_reduce_rows(first, chunk, NULL), OCT_OK);
    octi_batch parts[] = {*kept, *chunk};
    size_t before = kept->count > 0 ? 0 : 1;
    assert_int_equal(octi_batch_concat(parts + before, 2 - before, &all, NULL), OCT_OK);
    assert_int_equal(octi_reduce_merge(first, &all, NULL), OCT_OK);
    octi_reduce_bound(first, &all);
    octi_batch_deinit(kept);
    octi_batch_deinit(chunk);
    *kept = all;
}

static void the_first_rows_of_chunks_are_those_of_all(void **state)
{
    enum { ROWS = 20000, CHUNK = 1000 };
    static char keys[][16] = {"whole", "whole desc", "real", "real desc", "flag", "day desc", "word"};
    static const uint64_t limits[] = {1, 7, 100, 900, ROWS - 1};
    (void)state;
    plain *rows = draw_rows(ROWS);
    for (size_t i = 0; i < 35; i++) {
        octi_batch batch = batch_of(rows, ROWS), sorted, kept = {0};
        octi_reduce first = {.kind = OCTI_TOP, .keys = keys[i % 7], .limit = limits[i / 7]};
        octi_order by[OCTI_ORDER_MOST];
        size_t count;
        for (size_t at = 0; at < ROWS; at += CHUNK) {
            octi_batch chunk;
            assert_int_equal(octi_batch_copy(&batch, at, CHUNK, &chunk, NULL), OCT_OK);
            keep_first(&first, &kept, &chunk);
        }
        assert_int_equal(octi_order_parse(first.keys, &batch, by, &count, NULL), OCT_OK);
        assert_int_equal(octi_batch_sort(&batch, by, count, first.limit, (octi_bound){0}, &sorted, NULL),
                         OCT_OK);
        assert_int_equal(kept.rows, first.limit);
        assert_memory_equal(kept.columns[ID].ints, sorted.columns[ID].ints, first.limit * sizeof(int64_t));
        octi_batch_deinit(&kept);
        octi_batch_deinit(&sorted);
        octi_batch_deinit(&batch);
    }
    free(rows);
}

static void many_rows_are_in_the_same_order_on_a_pool(void **state)
{
    static const size_t some[] = {1, 5, 8, 9};
    (void)state;
    plain *rows = draw_rows(MANY);
    octi_batch batch = batch_of(rows, MANY);
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        octi_batch sorted;
        order_by = orders[some[i]].by;
        order_count = orders[some[i]].count;
        assert_int_equal(octi_batch_sort_on(pool, &batch, order_by, order_count, &sorted, NULL), OCT_OK);
        expect_order(&sorted, rows, MANY);
        octi_batch_deinit(&sorted);
    }
    octi_batch_deinit(&batch);
    free(rows);
}

static void columns_of_which_all_rows_are_alike_leave_rows_as_they_are(void **state)
{
    (void)state;
    plain *rows = draw_rows(MANY);
    for (size_t i = 1; i < MANY; i++) {
        rows[i] = rows[0];
        rows[i].id = i;
    }
    octi_batch batch = batch_of(rows, MANY), sorted;
    order_by = orders[9].by;
    order_count = orders[9].count;
    assert_int_equal(octi_batch_sort_on(pool, &batch, order_by, order_count, &sorted, NULL), OCT_OK);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(sorted.columns[ID].ints[i], i);
    octi_batch_deinit(&sorted);
    octi_batch_deinit(&batch);
    free(rows);
}

/* Forty keys of several bytes each, the first of which are the same in all rows but a few. */
static void more_columns_than_a_key_has_are_compared(void **state)
{
    enum { KEYS = 40, ROWS = 500 };
    octi_batch batch = {.rows = ROWS}, sorted;
    octi_order by[KEYS];
    (void)state;
    for (size_t c = 0; c < KEYS; c++) {
        octi_column column;
        char name[16];
        snprintf(name, sizeof(name), "%zu", c);
        assert_int_equal(octi_column_init(&column, OCT_INT64, ROWS, 0, NULL), OCT_OK);
        for (size_t i = 0; i < ROWS; i++)
            column.ints[i] = c + 1 == KEYS ? (int64_t)(ROWS - i) : (int64_t)(i % 2) << (c % 60);
        assert_int_equal(octi_batch_take(&batch, name, &column, NULL), OCT_OK);
        by[c] = (octi_order){c, false};
    }
    assert_int_equal(octi_batch_sort(&batch, by, KEYS, UINT64_MAX, (octi_bound){0}, &sorted, NULL), OCT_OK);
    for (size_t i = 0; i < ROWS; i++) {
        size_t half = i < ROWS / 2 ? 0 : 1, last = 2 * (i % (ROWS / 2)) + 1 + (1 - half);
        assert_int_equal(sorted.columns[0].ints[i], half);
        assert_int_equal(sorted.columns[KEYS - 1].ints[i], last);
    }
    octi_batch_deinit(&sorted);
    octi_batch_deinit(&batch);
}

int main(void)
{
    const struct CMUnitTest in_the_caller[] = {
        cmocka_unit_test(any_order_is_that_of_rows_compared_one_by_one),
        cmocka_unit_test(more_columns_than_a_key_has_are_compared),
        cmocka_unit_test(the_first_rows_of_chunks_are_those_of_all),
    };
    const struct CMUnitTest on_pools[] = {
        cmocka_unit_test(many_rows_are_in_the_same_order_on_a_pool),
        cmocka_unit_test(columns_of_which_all_rows_are_alike_leave_rows_as_they_are),
    };
    /* Buckets are sorted by tasks on the first, and by threads of the program on the second. */
    static const char *const pools[] = {"threads:2", "processes:2"};
    srand(11);
    int failed = cmocka_run_group_tests(in_the_caller, NULL, NULL);
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        if (oct_pool_open_spec(pools[i], &pool, NULL) != OCT_OK)
            return 1;
        failed += cmocka_run_group_tests_name(pools[i], on_pools, NULL, NULL);
        oct_pool_close(pool);
    }
    return failed;
}
