#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/expr.h"
#include "runtime/frame/order.h"
#include "runtime/frame/radix.h"
#include "runtime/frame/sortkey.h"

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

int octi_order_compare(const void *a, const void *b, void *ctx)
{
    const octi_ordering *s = ctx;
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

/* The least `limit` of the rows that have come. Once they are more than there is room for, those beyond the
 * limit go, and with them all that come and are not less than the last of the others: than the bound, which
 * may be known from other rows before. */
typedef struct least {
    octi_keyed *keys, *other;
    size_t count, room, limit;
    octi_bound bound;
} least;

static void prune(least *l)
{
    octi_keyed *sorted = octi_radix_sort(l->keys, l->other, l->count);
    if (sorted != l->keys) {
        l->other = l->keys;
        l->keys = sorted;
    }
    if (l->count < l->limit || l->limit == 0)
        return;
    l->count = l->limit;
    l->bound = (octi_bound){true, l->keys[l->limit - 1].key};
}

enum { FEW = 16 }; /* rows that are looked at where few will do */

typedef double pair __attribute__((vector_size(16)));
typedef int64_t truths __attribute__((vector_size(16)));

/* True where none of FEW doubles may be one of the least. (One that is NaN may be.) */
static inline bool are_beyond(const double *x, double bound, bool descending)
{
    const pair bounds = {bound, bound};
    truths beyond = {-1, -1};
    for (int i = 0; i < FEW; i += 2) {
        pair some;
        memcpy(&some, x + i, sizeof(some));
        beyond &= descending ? some <= bounds : some >= bounds;
    }
    return beyond[0] & beyond[1];
}

/* The next row that may be one of the least, or one shortly before it, of doubles, which are compared as they
 * are: nothing is skipped where one of the two is NaN. */
static size_t next_row(octi_bound than, const double *x, bool descending, size_t row, size_t rows)
{
    double bound = octi_radix_to_double(descending ? ~than.key : than.key);
    if (descending)
        while (row + FEW <= rows && are_beyond(x + row, bound, true))
            row += FEW;
    else
        while (row + FEW <= rows && are_beyond(x + row, bound, false))
            row += FEW;
    return row;
}

static void add_rows(least *l, const octi_column *column, bool descending, size_t rows)
{
    uint64_t keys[OCTI_KEYS];
    for (size_t begin = 0, count; begin < rows; begin += count) {
        if (l->bound.known && column->type == OCT_DOUBLE)
            begin = next_row(l->bound, column->doubles, descending, begin, rows);
        count = l->bound.known ? FEW : OCTI_KEYS;
        if (count > rows - begin)
            count = rows - begin;
        octi_radix_keys(column, descending, begin, count, keys);
        for (size_t i = 0; i < count; i++) {
            if ((l->bound.known && keys[i] >= l->bound.key) || !octi_is_valid(column, begin + i))
                continue;
            if (l->count == l->room)
                prune(l);
            l->keys[l->count++] = (octi_keyed){.key = keys[i], .row = (uint32_t)(begin + i)};
        }
    }
    prune(l);
}

/* True where the least rows are looked for, and not all are sorted: a few of many, by one column of
 * numbers. */
static bool are_few(const octi_ordering *s, size_t limit)
{
    return s->count == 1 && s->batch->columns[s->by[0].column].type != OCT_STRING &&
           limit < s->batch->rows / 4;
}

/* *limit of them, or fewer: where they have a bound, enough came before. */
static oct_err first_rows(const octi_ordering *s, size_t *limit, octi_bound bound, uint32_t *out,
                          oct_error *err)
{
    const octi_column *column = &s->batch->columns[s->by[0].column];
    size_t rows = s->batch->rows, room = 2 * *limit + OCTI_KEYS;
    least l = {.keys = malloc(room * sizeof(*l.keys)),
               .other = malloc(room * sizeof(*l.keys)),
               .room = room,
               .limit = *limit,
               .bound = bound};
    oct_err code = OCT_OK;
    if (l.keys && l.other)
        add_rows(&l, column, s->by[0].descending, rows);
    else
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", rows);
    size_t count = l.count < *limit ? l.count : *limit;
    for (size_t i = 0; i < count; i++)
        out[i] = l.keys[i].row;
    for (size_t row = 0; code == OCT_OK && !bound.known && count < *limit && row < rows; row++)
        if (!octi_is_valid(column, row))
            out[count++] = (uint32_t)row;
    free(l.keys);
    free(l.other);
    *limit = count;
    return code;
}

octi_bound octi_order_bound(const octi_batch *sorted, const octi_order *by, size_t count, uint64_t limit)
{
    uint64_t keys[OCTI_KEYS];
    const octi_column *column = &sorted->columns[by[0].column];
    if (count != 1 || column->type == OCT_STRING || limit == 0 || sorted->rows < limit ||
        !octi_is_valid(column, (size_t)limit - 1))
        return (octi_bound){0};
    octi_radix_keys(column, by[0].descending, (size_t)limit - 1, 1, keys);
    return (octi_bound){true, keys[0]};
}

static oct_err all_rows(const octi_ordering *s, uint32_t *out, oct_error *err)
{
    octi_sortkey_bounds bounds;
    octi_sortkey key;
    octi_sortkey_scan(s, 0, s->batch->rows, &bounds);
    octi_sortkey_init(&key, s, &bounds);
    for (size_t i = 0; i < s->batch->rows; i++)
        out[i] = (uint32_t)i;
    return octi_sortkey_sort(&key, out, s->batch->rows, NULL, err);
}

oct_err octi_batch_sort(const octi_batch *from, const octi_order *by, size_t count, uint64_t limit,
                        octi_bound bound, octi_batch *out, oct_error *err)
{
    octi_ordering s = {from, by, count};
    uint32_t *rows = malloc((from->rows + 1) * sizeof(*rows));
    if (!rows)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", from->rows);
    size_t wanted = from->rows < limit ? from->rows : (size_t)limit;
    oct_err code = are_few(&s, wanted) ? first_rows(&s, &wanted, bound, rows, err) : all_rows(&s, rows, err);
    if (code == OCT_OK)
        code = octi_batch_gather(from, rows, wanted, out, err);
    free(rows);
    return code;
}
