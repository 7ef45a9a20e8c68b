#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/expr.h"
#include "runtime/frame/order.h"

/* Cuts a last word "asc" or "desc" off. */
static void cut_direction(char *item, bool *descending)
{
    size_t size = strlen(item);
    while (size > 0 && item[size - 1] == ' ')
        item[--size] = '\0';
    char *word = strrchr(item, ' ');
    *descending = word && strcasecmp(word + 1, "desc") == 0;
    if (!*descending && !(word && strcasecmp(word + 1, "asc") == 0))
        return;
    while (word > item && word[-1] == ' ')
        word--;
    *word = '\0';
}

oct_err octi_order_parse(const char *text, const octi_batch *schema, octi_order by[OCTI_ORDER_MOST],
                         size_t *count, oct_error *err)
{
    char *copy = strdup(text), *save = NULL;
    size_t n = 0;
    if (!copy)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for an order");
    oct_err code = OCT_OK;
    for (char *item = strtok_r(copy, ",", &save); item && code == OCT_OK; item = strtok_r(NULL, ",", &save)) {
        bool descending;
        item += strspn(item, " ");
        cut_direction(item, &descending);
        int found = octi_batch_find(schema, item);
        if (found < 0)
            code = octi_no_column(schema, item, err);
        else if (n == OCTI_ORDER_MOST)
            code = oct_fail(err, OCT_E_INVALID, "an order has more than %d columns", OCTI_ORDER_MOST);
        else
            by[n++] = (octi_order){(size_t)found, descending};
    }
    free(copy);
    if (code == OCT_OK && n == 0)
        code = oct_fail(err, OCT_E_INVALID, "an order without columns");
    if (code == OCT_OK)
        *count = n;
    return code;
}

typedef struct sorting {
    const octi_batch *batch;
    const octi_order *by;
    size_t count;
} sorting;

static int compare_rows(const void *a, const void *b, void *ctx)
{
    const sorting *s = ctx;
    uint32_t row = *(const uint32_t *)a, other = *(const uint32_t *)b;
    for (size_t i = 0; i < s->count; i++) {
        const octi_column *column = &s->batch->columns[s->by[i].column];
        int order = octi_column_compare(column, row, column, other);
        bool values = octi_is_valid(column, row) && octi_is_valid(column, other);
        if (order != 0)
            return s->by[i].descending && values ? -order : order;
    }
    return (row > other) - (row < other); /* stable */
}

/* A value as an unsigned number of the same order; NaN comes after all numbers, both zeroes are one. */
static uint64_t sort_key(const octi_column *column, size_t row)
{
    const uint64_t sign = UINT64_C(1) << 63;
    if (column->type == OCT_BOOL)
        return column->bools[row];
    if (column->type != OCT_DOUBLE)
        return (uint64_t)column->ints[row] ^ sign;
    if (isnan(column->doubles[row]))
        return UINT64_MAX;
    double value = column->doubles[row] + 0.0; /* -0 becomes 0 */
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits & sign ? ~bits : bits | sign;
}

typedef struct keyed {
    uint64_t key;
    uint32_t row;
} keyed;

/* One stable pass by the byte at `shift`; false where all have the same one, and nothing is moved. */
static bool radix_pass(const keyed *from, keyed *to, size_t count, int shift)
{
    size_t at[256] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        at[from[i].key >> shift & 0xff]++;
    if (at[from[0].key >> shift & 0xff] == count)
        return false;
    for (int b = 0; b < 256; b++) {
        size_t of_byte = at[b];
        at[b] = sum;
        sum += of_byte;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i].key >> shift & 0xff]++] = from[i];
    return true;
}

/* The rows of one column that is no string, in order. */
static oct_err radix_sort(const octi_column *column, bool descending, size_t rows, uint32_t *out,
                          oct_error *err)
{
    keyed *keys = malloc((rows + 1) * sizeof(*keys)), *other = malloc((rows + 1) * sizeof(*other));
    size_t count = 0, nulls = 0;
    if (!keys || !other) {
        free(keys);
        free(other);
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", rows);
    }
    for (size_t row = 0; row < rows; row++)
        if (octi_is_valid(column, row)) {
            uint64_t key = sort_key(column, row);
            keys[count++] = (keyed){descending ? ~key : key, (uint32_t)row};
        }
    for (int shift = 0; count > 0 && shift < 64; shift += 8)
        if (radix_pass(keys, other, count, shift)) {
            keyed *swap = keys;
            keys = other;
            other = swap;
        }
    for (size_t i = 0; i < count; i++)
        out[i] = keys[i].row;
    for (size_t row = 0; count + nulls < rows; row++)
        if (!octi_is_valid(column, row))
            out[count + nulls++] = (uint32_t)row;
    free(keys);
    free(other);
    return OCT_OK;
}

oct_err octi_batch_sort(const octi_batch *from, const octi_order *by, size_t count, uint64_t limit,
                        octi_batch *out, oct_error *err)
{
    sorting s = {from, by, count};
    uint32_t *rows = malloc((from->rows + 1) * sizeof(*rows));
    if (!rows)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", from->rows);
    oct_err code = OCT_OK;
    if (count == 1 && from->columns[by[0].column].type != OCT_STRING) {
        code = radix_sort(&from->columns[by[0].column], by[0].descending, from->rows, rows, err);
    } else {
        for (size_t i = 0; i < from->rows; i++)
            rows[i] = (uint32_t)i;
        qsort_r(rows, from->rows, sizeof(*rows), compare_rows, &s);
    }
    if (code == OCT_OK)
        code = octi_batch_gather(from, rows, from->rows < limit ? from->rows : (size_t)limit, out, err);
    free(rows);
    return code;
}
