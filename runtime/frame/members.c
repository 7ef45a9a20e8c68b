#include "runtime/frame/members.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/frame/grouping.h"
#include "runtime/frame/radix.h"
#include "runtime/frame/values.h"

enum { NO_MEMBER = 0, NAN_MEMBER = UINT32_MAX - 1 };

void octi_members_deinit(octi_members *members)
{
    free(members->of);
    free(members->in);
    free(members->sorted);
    *members = (octi_members){0};
}

/* Numbers from 1 on of the different values. */
static oct_err number_values(octi_members *m, const octi_column *column, size_t rows, oct_error *err)
{
    octi_column lent = *column;
    octi_batch keys = {.rows = rows, .count = 1, .columns = &lent};
    octi_grouping g;
    oct_err code = octi_grouping_init(&g, &keys, 1, err);
    if (code != OCT_OK)
        return code;
    for (size_t row = 0; row < rows; row++)
        m->of[row] = octi_is_valid(column, row) ? g.of[row] + 1 : NO_MEMBER;
    octi_grouping_deinit(&g);
    return OCT_OK;
}

/* Ranks from 1 on of the numbers, equal ones in order of rows. */
static oct_err rank_values(octi_members *m, const octi_column *column, size_t rows, oct_error *err)
{
    octi_keyed *keys = malloc(2 * (rows + 1) * sizeof(*keys));
    if (!keys)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for windows of %zu rows", rows);
    for (size_t row = 0; row < rows; row++) {
        double x = column->doubles[row];
        m->of[row] = !octi_is_valid(column, row) ? NO_MEMBER : NAN_MEMBER;
        if (m->of[row] == NAN_MEMBER && !isnan(x))
            keys[m->size++] = (octi_keyed){.key = octi_radix_of_double(x), .row = (uint32_t)row};
    }
    const octi_keyed *sorted = octi_radix_sort(keys, keys + rows + 1, m->size);
    for (size_t i = 0; i < m->size; i++) {
        m->of[sorted[i].row] = (uint32_t)i + 1;
        m->sorted[i] = column->doubles[sorted[i].row];
    }
    free(keys);
    return OCT_OK;
}

oct_err octi_members_init(octi_members *members, octi_aggregate a, const octi_column *column, size_t rows,
                          oct_error *err)
{
    octi_members made = {.different = a == OCTI_AGG_NUNIQUE,
                         .of = malloc((rows + 1) * sizeof(*made.of)),
                         .in = calloc(rows + 1, sizeof(*made.in)),
                         .sorted = malloc((rows + 1) * sizeof(*made.sorted))};
    oct_err code = OCT_OK;
    if (!made.of || !made.in || !made.sorted)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for windows of %zu rows", rows);
    else
        code =
            made.different ? number_values(&made, column, rows, err) : rank_values(&made, column, rows, err);
    if (code != OCT_OK)
        octi_members_deinit(&made);
    else
        *members = made;
    return code;
}

/* `by` is 1, or -1 as an unsigned number. */
static void change(octi_members *m, size_t row, uint32_t by)
{
    uint32_t of = m->of[row];
    if (of == NO_MEMBER)
        return;
    if (of == NAN_MEMBER) {
        m->nans += (size_t)(int32_t)by;
    } else if (m->different) {
        uint32_t had = m->in[of];
        m->in[of] = had + by;
        m->count += (size_t)((m->in[of] != 0) - (had != 0));
    } else {
        for (size_t at = of; at <= m->size; at += at & -at)
            m->in[at] += by;
        m->count += (size_t)(int32_t)by;
    }
}

void octi_members_add(octi_members *members, size_t row)
{
    change(members, row, 1);
}

void octi_members_remove(octi_members *members, size_t row)
{
    change(members, row, UINT32_MAX);
}

/* The number that so many of those that are in come before. */
static double number_at(const octi_members *m, size_t before)
{
    size_t at = 0, step = 1;
    while (2 * step <= m->size)
        step *= 2;
    for (; step > 0; step /= 2)
        if (at + step <= m->size && m->in[at + step] <= before) {
            at += step;
            before -= m->in[at];
        }
    return m->sorted[at]; /* whose rank is at + 1 */
}

double octi_members_quantile(const octi_members *members, double q)
{
    if (members->nans > 0)
        return NAN;
    double place = (double)(members->count - 1) * q, low = floor(place), part = place - low;
    double below = number_at(members, (size_t)low);
    return part == 0 ? below : octi_values_between(below, number_at(members, (size_t)low + 1), part);
}
