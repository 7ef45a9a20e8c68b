#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/frame/stack.h"

enum { PARTS = 9, MOST = 200 };

/* Numbers and texts that tell where they are from, some of which are null; bools, of which none is. */
static void make_batch(octi_batch *batch, size_t rows, bool nulls)
{
    octi_column number, text, truth;
    batch->rows = rows;
    assert_int_equal(octi_column_init(&number, OCT_INT64, rows, 0, NULL), OCT_OK);
    assert_int_equal(octi_column_init(&text, OCT_STRING, rows, 8 * rows, NULL), OCT_OK);
    assert_int_equal(octi_column_init(&truth, OCT_BOOL, rows, 0, NULL), OCT_OK);
    if (nulls) {
        assert_int_equal(octi_column_add_bitmap(&number, rows, NULL), OCT_OK);
        assert_int_equal(octi_column_add_bitmap(&text, rows, NULL), OCT_OK);
    }
    for (size_t i = 0; i < rows; i++) {
        number.ints[i] = rand();
        truth.bools[i] = (uint8_t)(rand() % 2);
        int size = rand() % 8;
        memset(text.text + text.offsets[i], 'a' + rand() % 26, (size_t)size);
        text.offsets[i + 1] = text.offsets[i] + size;
        if (nulls && rand() % 3 == 0)
            octi_set_null(&number, i);
        if (nulls && rand() % 5 == 0)
            octi_set_null(&text, i);
    }
    assert_int_equal(octi_batch_take(batch, "number", &number, NULL), OCT_OK);
    assert_int_equal(octi_batch_take(batch, "text", &text, NULL), OCT_OK);
    assert_int_equal(octi_batch_take(batch, "truth", &truth, NULL), OCT_OK);
}

/* Every row is that of its part, whatever ranges were filled, in whatever order. */
static void check_ranges(const octi_stretch *parts, size_t range)
{
    octi_stack stack;
    assert_int_equal(octi_stack_init(&stack, parts, PARTS, NULL), OCT_OK);
    size_t rows = stack.made.rows, ranges = (rows + range - 1) / range;
    for (size_t i = ranges; i-- > 0;)
        octi_stack_fill(&stack, i * range, (i + 1) * range < rows ? (i + 1) * range : rows);
    octi_batch made = octi_stack_finish(&stack);
    size_t at = 0;
    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < parts[p].rows; i++, at++)
            for (size_t c = 0; c < made.count; c++)
                if (octi_column_compare(&made.columns[c], at, &parts[p].batch->columns[c],
                                        parts[p].begin + i) != 0)
                    fail_msg("ranges of %zu: row %zu of '%s' is not row %zu of part %zu", range, at,
                             made.names[c], parts[p].begin + i, p);
    assert_int_equal(at, made.rows);
    octi_batch_deinit(&made);
}

static void rows_are_those_of_their_parts_whatever_ranges_are_filled(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 50; round++) {
        octi_batch batches[PARTS] = {0};
        octi_stretch parts[PARTS];
        for (size_t p = 0; p < PARTS; p++) {
            make_batch(&batches[p], (size_t)(rand() % MOST), (round + p) % 3 > 0);
            size_t begin = rand() % 2 ? (size_t)rand() % (batches[p].rows + 1) / 64 * 64
                                      : (size_t)rand() % (batches[p].rows + 1);
            size_t left = batches[p].rows - begin, less = rand() % 2 ? (size_t)rand() % (left + 1) : 0;
            parts[p] = (octi_stretch){&batches[p], begin, left - less};
        }
        check_ranges(parts, 64);
        check_ranges(parts, 256);
        check_ranges(parts, (size_t)PARTS * MOST);
        for (size_t p = 0; p < PARTS; p++)
            octi_batch_deinit(&batches[p]);
    }
}

static void text_beyond_what_offsets_hold_is_refused(void **state)
{
    (void)state;
    int32_t offsets[] = {0, INT32_MAX};
    octi_column text = {.type = OCT_STRING, .borrowed = true, .offsets = offsets};
    octi_batch batch = {1, 1, (char *[]){(char[]){"text"}}, &text}, out = {.rows = 5};
    oct_error err = OCT_ERROR_INIT;
    const octi_stretch twice[] = {{&batch, 0, 1}, {&batch, 0, 1}};
    assert_int_equal(octi_batch_stack(twice, 2, &out, &err), OCT_E_EXHAUSTED);
    assert_non_null(strstr(err.what, "column 'text' has 4294967294 bytes of text"));
    assert_int_equal(out.rows, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_their_parts_whatever_ranges_are_filled),
        cmocka_unit_test(text_beyond_what_offsets_hold_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
