#include "runtime/frame/windows.h"

#include <stdlib.h>

#define INLINE __attribute__((always_inline)) static inline

/* ---- sums, means, the least and the largest: a number is all there is to know of rows ---- */

/* What changes no number that it is combined with; -0.0, since 0.0 would make 0.0 of -0.0. */
INLINE octi_number nothing(octi_aggregate a, bool real)
{
    if (a == OCTI_AGG_MIN)
        return real ? (octi_number){.real = INFINITY} : (octi_number){.whole = INT64_MAX};
    if (a == OCTI_AGG_MAX)
        return real ? (octi_number){.real = -INFINITY} : (octi_number){.whole = INT64_MIN};
    return real ? (octi_number){.real = -0.0} : (octi_number){.whole = 0};
}

/* Of earlier and later rows. */
INLINE octi_number both(octi_aggregate a, bool real, octi_number x, octi_number y)
{
    if (a == OCTI_AGG_SUM)
        return (octi_number){.real = x.real + y.real};
    return octi_is_beyond(a, real, y, x) ? y : x;
}

/* back[row]: of the rows from there to before `middle`; front: of those since. */
INLINE void combine(octi_aggregate a, bool real, const octi_windows *w, const octi_number *restrict x,
                    octi_number *restrict back, octi_number *restrict out)
{
    octi_number none = nothing(a, real), front = none;
    size_t middle = 0;
    for (size_t i = 0; i < w->count; i++) {
        size_t first = w->first[i], last = w->lead + i;
        if (first < middle) {
            front = both(a, real, front, x[last]);
            out[i] = both(a, real, back[first], front);
            continue;
        }
        front = none;
        middle = last + 1;
        back[middle] = none;
        for (size_t row = middle; row-- > first;)
            back[row] = both(a, real, x[row], back[row + 1]);
        out[i] = back[first];
    }
}

static void combine_numbers(octi_aggregate a, bool real, const octi_windows *w, const octi_number *x,
                            octi_number *back, octi_number *out)
{
    if (a == OCTI_AGG_MIN && real)
        combine(OCTI_AGG_MIN, true, w, x, back, out);
    else if (a == OCTI_AGG_MIN)
        combine(OCTI_AGG_MIN, false, w, x, back, out);
    else if (a == OCTI_AGG_MAX && real)
        combine(OCTI_AGG_MAX, true, w, x, back, out);
    else if (a == OCTI_AGG_MAX)
        combine(OCTI_AGG_MAX, false, w, x, back, out);
    else
        combine(OCTI_AGG_SUM, true, w, x, back, out);
}

/* False where one does not fit 64 bits. */
static bool sum_whole(const octi_windows *w, const octi_number *x, octi_number *out)
{
    __int128 sum = 0;
    bool fits = true;
    size_t first = w->count > 0 ? w->first[0] : 0;
    for (size_t row = first; row < w->lead; row++)
        sum += x[row].whole;
    for (size_t i = 0; i < w->count; i++) {
        sum += x[w->lead + i].whole;
        for (; first < w->first[i]; first++)
            sum -= x[first].whole;
        out[i].whole = (int64_t)sum;
        fits = fits && out[i].whole == sum;
    }
    return fits;
}

/* How many rows of each window have a value. */
static void count_values(const octi_windows *w, const octi_column *column, uint32_t *counts)
{
    if (!column->valid) {
        for (size_t i = 0; i < w->count; i++)
            counts[i] = (uint32_t)(w->lead + i) + 1 - w->first[i];
        return;
    }
    uint32_t n = 0;
    size_t first = w->count > 0 ? w->first[0] : 0;
    for (size_t row = first; row < w->lead; row++)
        n += octi_is_valid(column, row);
    for (size_t i = 0; i < w->count; i++) {
        n += octi_is_valid(column, w->lead + i);
        for (; first < w->first[i]; first++)
            n -= octi_is_valid(column, first);
        counts[i] = n;
    }
}

/* The column's numbers, in `copy` where nulls have to be nothing. */
static const octi_number *known_numbers(octi_aggregate a, const octi_column *column, size_t rows,
                                        octi_number *copy)
{
    const octi_number *x = column->values;
    octi_number none = nothing(a, column->type == OCT_DOUBLE);
    if (!column->valid)
        return x;
    for (size_t row = 0; row < rows; row++)
        copy[row] = octi_is_valid(column, row) ? x[row] : none;
    return copy;
}

static oct_err add_nulls(octi_column *column, const uint32_t *counts, size_t rows, oct_error *err)
{
    bool some = false;
    for (size_t i = 0; i < rows; i++)
        some |= counts[i] == 0;
    oct_err code = some ? octi_column_add_bitmap(column, rows, err) : OCT_OK;
    for (size_t i = 0; some && code == OCT_OK && i < rows; i++)
        if (counts[i] == 0)
            octi_set_null(column, i);
    return code;
}

/* Into a column of as many rows as there are windows. `spare` has room for all rows twice, and one. */
static oct_err fill_numbers(const octi_windows *w, octi_aggregate a, const octi_item *item,
                            const octi_column *column, const uint32_t *counts, octi_number *spare,
                            octi_column *out, oct_error *err)
{
    size_t rows = w->lead + w->count;
    bool real = column->type == OCT_DOUBLE;
    if (a == OCTI_AGG_COUNT) {
        for (size_t i = 0; i < w->count; i++)
            out->ints[i] = counts[i];
        return OCT_OK;
    }
    const octi_number *x = known_numbers(a, column, rows, spare);
    if (a == OCTI_AGG_SUM && !real) {
        if (!sum_whole(w, x, out->values))
            return octi_aggregate_overflow(item->source, err);
    } else {
        combine_numbers(a, real, w, x, spare + rows, out->values);
    }
    for (size_t i = 0; a == OCTI_AGG_MEAN && i < w->count; i++)
        out->doubles[i] /= counts[i];
    return add_nulls(out, counts, w->count, err);
}

static oct_err aggregate_numbers(const octi_windows *w, octi_aggregate a, const octi_item *item,
                                 const octi_column *column, octi_column *out, oct_error *err)
{
    size_t rows = w->lead + w->count;
    uint32_t *counts = malloc((w->count + 1) * sizeof(*counts));
    octi_number *spare = malloc((2 * rows + 1) * sizeof(*spare));
    octi_column made = {0};
    oct_err code = counts && spare ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory for %zu rows", rows);
    if (code == OCT_OK)
        code = octi_column_init(&made, a == OCTI_AGG_COUNT ? OCT_INT64 : column->type, w->count, 0, err);
    if (code == OCT_OK) {
        count_values(w, column, counts);
        code = fill_numbers(w, a, item, column, counts, spare, &made, err);
    }
    if (code == OCT_OK)
        *out = made;
    else
        octi_column_deinit(&made);
    free(counts);
    free(spare);
    return code;
}

/* ---- all else, of states ---- */

typedef struct states {
    octi_aggregate kind;
    const octi_argument *argument;
    octi_partials back;  /* at row i: of the rows from i to before `middle` */
    octi_partials front; /* of those from there on; one */
    octi_partials out;   /* of each window */
} states;

static oct_err partials_init(octi_partials *partials, size_t count, oct_error *err)
{
    *partials = (octi_partials){calloc(count + 1, sizeof(int64_t)), calloc(count + 1, sizeof(octi_number)),
                                calloc(count + 1, sizeof(double))};
    return partials->n && partials->value && partials->m2
               ? OCT_OK
               : oct_fail(err, OCT_E_NOMEM, "out of memory for windows of %zu rows", count);
}

static void partials_deinit(octi_partials *partials)
{
    free(partials->n);
    free(partials->value);
    free(partials->m2);
}

/* None of them adds whole numbers: all fit. */
static void add_row(const states *s, octi_partials *to, size_t at, size_t row)
{
    octi_combine_row(s->kind, s->argument->value.type == OCT_DOUBLE, to, at, s->argument, row);
}

static void add_state(const states *s, octi_partials *to, size_t at, const octi_partials *from, size_t g)
{
    octi_combine(s->kind, s->argument->value.type == OCT_DOUBLE, to, at, from->n[g], from->value[g],
                 from->m2[g]);
}

/* As `combine` has it. */
static void combine_states(states *s, const octi_windows *w)
{
    size_t middle = 0;
    for (size_t i = 0; i < w->count; i++) {
        size_t first = w->first[i], last = w->lead + i;
        if (first < middle) {
            add_row(s, &s->front, 0, last);
        } else {
            s->front.n[0] = 0;
            middle = last + 1;
            s->back.n[middle] = 0;
            for (size_t row = middle; row-- > first;) {
                s->back.n[row] = 0;
                add_row(s, &s->back, row, row);
                add_state(s, &s->back, row, &s->back, row + 1);
            }
        }
        add_state(s, &s->out, i, &s->back, first);
        add_state(s, &s->out, i, &s->front, 0);
    }
}

static oct_err aggregate_states(const octi_windows *w, octi_aggregate a, const octi_argument *argument,
                                octi_column *out, oct_error *err)
{
    states s = {.kind = a, .argument = argument};
    oct_err code = partials_init(&s.back, w->lead + w->count, err);
    if (code == OCT_OK)
        code = partials_init(&s.front, 1, err);
    if (code == OCT_OK)
        code = partials_init(&s.out, w->count, err);
    if (code == OCT_OK) {
        combine_states(&s, w);
        code = octi_aggregate_finish(a, &s.out, argument->value.type, w->count, out, err);
    }
    partials_deinit(&s.back);
    partials_deinit(&s.front);
    partials_deinit(&s.out);
    return code;
}

oct_err octi_windows_aggregate(const octi_windows *windows, const octi_item *item, const octi_batch *batch,
                               octi_column *out, oct_error *err)
{
    octi_aggregate a = octi_aggregate_of(item->expr);
    octi_argument argument;
    oct_err code = octi_argument_init(&argument, item, batch, err);
    if (code != OCT_OK)
        return code;
    code = a <= OCTI_AGG_MAX ? aggregate_numbers(windows, a, item, &argument.value, out, err)
                             : aggregate_states(windows, a, &argument, out, err);
    octi_argument_deinit(&argument);
    return code;
}
