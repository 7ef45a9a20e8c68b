#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "runtime/frame/grouping.h"

enum { ROWS = 6000, KEYS = 5 };

/* Rows of a column, from what has the number 0 to before `different`. */
static void add_key(octi_batch *keys, oct_column_type type, int different, bool nulls, int64_t least,
                    int64_t step)
{
    static const double odd[] = {NAN, -0.0, 0.0, 1.5};
    octi_column column;
    char name[2] = {(char)('a' + keys->count), 0};
    assert_int_equal(octi_column_init(&column, type, keys->rows, 2 * keys->rows, NULL), OCT_OK);
    if (nulls)
        assert_int_equal(octi_column_add_bitmap(&column, keys->rows, NULL), OCT_OK);
    for (size_t i = 0; i < keys->rows; i++) {
        int number = rand() % different;
        if (type == OCT_STRING) {
            column.text[2 * i] = (char)('a' + number / 26);
            column.text[2 * i + 1] = (char)('a' + number % 26);
            column.offsets[i + 1] = (int32_t)(2 * i + 2);
        } else if (type == OCT_BOOL) {
            column.bools[i] = number % 2;
        } else if (type == OCT_DOUBLE) {
            column.doubles[i] = odd[number % 4];
        } else {
            column.ints[i] = (int64_t)((uint64_t)least + (uint64_t)number * (uint64_t)step);
        }
        if (nulls && rand() % 4 == 0)
            octi_set_null(&column, i);
    }
    assert_int_equal(octi_batch_take(keys, name, &column, NULL), OCT_OK);
}

static bool are_same(const octi_batch *keys, size_t row, size_t other)
{
    for (size_t k = 0; k < keys->count; k++)
        if (octi_column_compare(&keys->columns[k], row, &keys->columns[k], other) != 0)
            return false;
    return true;
}

/* Groups are numbered as they come, each row is like the first of its own, and no first ones are alike. */
static void check_groups(const octi_batch *keys, const octi_grouping *g)
{
    size_t groups = 0;
    for (size_t row = 0; row < keys->rows; row++) {
        assert_in_range(g->of[row], 0, groups);
        if (g->of[row] == groups)
            assert_int_equal(g->first[groups++], row);
        assert_true(are_same(keys, row, g->first[g->of[row]]));
    }
    assert_int_equal(groups, g->groups);
    for (size_t i = 0; i < groups; i++)
        for (size_t j = 0; j < i && groups < 500; j++)
            assert_false(are_same(keys, g->first[i], g->first[j]));
}

/* Divided, the groups are where octi_grouping_find looks for them. */
static void check_division(const octi_batch *keys, octi_grouping *g)
{
    octi_batch first;
    size_t begin[OCTI_PARTITIONS + 1];
    assert_int_equal(octi_grouping_divide(g, keys->rows, NULL), OCT_OK);
    for (size_t row = 0; row < keys->rows; row++)
        assert_true(are_same(keys, row, g->first[g->of[row]]));
    assert_int_equal(octi_batch_gather(keys, g->first, g->groups, &first, NULL), OCT_OK);
    octi_grouping_find(&first, first.count, begin);
    for (size_t p = 0; p < OCTI_PARTITIONS; p++)
        for (size_t i = begin[p]; i < begin[p + 1]; i++) {
            octi_batch one;
            size_t at[OCTI_PARTITIONS + 1];
            assert_int_equal(octi_batch_copy(&first, i, 1, &one, NULL), OCT_OK);
            octi_grouping_find(&one, one.count, at);
            assert_true(at[p] == 0 && at[p + 1] == 1);
            octi_batch_deinit(&one);
        }
    octi_batch_deinit(&first);
}

static void check(octi_batch *keys)
{
    octi_grouping g, partial;
    assert_int_equal(octi_grouping_init(&g, keys, keys->count, NULL), OCT_OK);
    assert_int_equal(octi_grouping_init_partial(&partial, keys, keys->count, NULL), OCT_OK);
    check_groups(keys, &g);
    if (partial.groups < keys->rows)
        assert_int_equal(partial.groups, g.groups);
    check_division(keys, &g);
    octi_grouping_deinit(&g);
    octi_grouping_deinit(&partial);
    octi_batch_deinit(keys);
}

static void keys_of_few_numbers_and_of_many_are_told_apart_alike(void **state)
{
    (void)state;
    srand(9);
    static const struct {
        int64_t least, step;
        int different;
    } of[] = {{0, 1, 100},
              {-50, 1, 100},
              {INT64_MIN, 1, 9},
              {INT64_MAX - 8, 1, 9},
              {INT64_MIN, -1, 2},
              {0, 1, ROWS},
              {7, 0, 1},
              {-3, 1000, 5},
              {0, 1, ROWS * 3},
              {0, INT64_MAX, 3},
              {INT64_MIN, INT64_MAX, 3}};
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        for (int nulls = 0; nulls < 2; nulls++) {
            octi_batch keys = {.rows = ROWS};
            add_key(&keys, i % 2 ? OCT_INT64 : OCT_TIMESTAMP, of[i].different, nulls, of[i].least,
                    of[i].step);
            check(&keys);
        }
}

static void keys_of_several_columns_of_any_types_are_told_apart(void **state)
{
    (void)state;
    srand(10);
    static const oct_column_type types[] = {OCT_INT64, OCT_BOOL, OCT_DATE, OCT_STRING, OCT_DOUBLE};
    for (int round = 0; round < 40; round++) {
        octi_batch keys = {.rows = round % 8 ? (size_t)ROWS / 4 : (size_t)(round / 8)};
        for (int k = 0; k < 1 + round % KEYS; k++)
            add_key(&keys, types[rand() % (round % 2 ? 3 : 5)], 1 + rand() % 12, rand() % 2, rand() % 9 - 4,
                    1);
        check(&keys);
    }
}

/* Texts of up to `longest` bytes, of which those from `from` on are one of two: few bits in which they
 * differ, or many. Some end where others go on with zeroes. */
static void add_texts(octi_batch *keys, size_t least, size_t longest, size_t from, bool nulls)
{
    octi_column column;
    char name[2] = {(char)('a' + keys->count), 0};
    assert_int_equal(octi_column_init(&column, OCT_STRING, keys->rows, keys->rows * longest, NULL), OCT_OK);
    if (nulls)
        assert_int_equal(octi_column_add_bitmap(&column, keys->rows, NULL), OCT_OK);
    column.offsets[0] = 0;
    for (size_t i = 0; i < keys->rows; i++) {
        size_t size = least + (size_t)rand() % (longest - least + 1);
        char *text = column.text + column.offsets[i];
        for (size_t k = 0; k < size; k++)
            text[k] = (char)(k < from ? 'x' : rand() % 2 ? '0' : '\0');
        column.offsets[i + 1] = column.offsets[i] + (int32_t)size;
        if (nulls && rand() % 4 == 0)
            octi_set_null(&column, i);
    }
    assert_int_equal(octi_batch_take(keys, name, &column, NULL), OCT_OK);
}

static void texts_of_any_length_are_told_apart(void **state)
{
    static const size_t of[][3] = {{0, 0, 0},    {0, 1, 0},    {3, 3, 0},   {0, 9, 0},
                                   {5, 12, 4},   {8, 8, 4},    {8, 17, 14}, {20, 24, 20},
                                   {32, 32, 26}, {31, 33, 29}, {0, 70, 0},  {12, 12, 12}};
    (void)state;
    srand(11);
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        for (int nulls = 0; nulls < 2; nulls++) {
            octi_batch keys = {.rows = ROWS}, two = {.rows = ROWS};
            add_texts(&keys, of[i][0], of[i][1], of[i][2], nulls);
            check(&keys);
            add_texts(&two, of[i][0], of[i][1], of[i][2], nulls);
            add_texts(&two, 0, 2, 0, !nulls);
            check(&two);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_few_numbers_and_of_many_are_told_apart_alike),
        cmocka_unit_test(keys_of_several_columns_of_any_types_are_told_apart),
        cmocka_unit_test(texts_of_any_length_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
