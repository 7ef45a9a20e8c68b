/* frame/aggregate.h - aggregates, as states that are made of values, combined in their order, and finished.
 */
#ifndef OCTI_AGGREGATE_H
#define OCTI_AGGREGATE_H

#include <math.h>

#include "runtime/frame/expr.h"

typedef enum octi_aggregate {
    OCTI_AGG_COUNT,
    OCTI_AGG_SUM,
    OCTI_AGG_MEAN,
    OCTI_AGG_MIN,
    OCTI_AGG_MAX,
    OCTI_AGG_VAR,
    OCTI_AGG_STD,
    OCTI_AGG_FIRST,
    OCTI_AGG_ARGMIN,
    OCTI_AGG_ARGMAX,
    OCTI_AGG_MEDIAN, /* from here on their state is that of values.h */
    OCTI_AGG_QUANTILE,
    OCTI_AGG_NUNIQUE,
    OCTI_AGG_NONE,
} octi_aggregate;

/* NONE where an expression is not the call of an aggregate of a value, or two. */
octi_aggregate octi_aggregate_of(const octi_expr *expr);

/* A list of aggregates; OCT_E_INVALID where one of it is none. */
OCT_NODISCARD oct_err octi_aggregates_parse(const char *text, octi_items *out, oct_error *err);

static inline bool octi_aggregate_needs_values(octi_aggregate a)
{
    return a >= OCTI_AGG_MEDIAN && a < OCTI_AGG_NONE;
}

/* What an aggregate is of: doubles where its state is. `by` is what argmin and argmax compare. */
typedef struct octi_argument {
    octi_column value, by;
} octi_argument;

OCT_NODISCARD oct_err octi_argument_init(octi_argument *argument, const octi_item *item,
                                         const octi_batch *rows, oct_error *err);
void octi_argument_deinit(octi_argument *argument);

typedef union octi_number {
    int64_t whole;
    double real;
} octi_number;

/* Values that there were, the value, and the last: how many of these the state of an aggregate has. */
static inline size_t octi_aggregate_parts(octi_aggregate a)
{
    bool wide = a == OCTI_AGG_VAR || a == OCTI_AGG_STD || a == OCTI_AGG_ARGMIN || a == OCTI_AGG_ARGMAX;
    return wide ? 3 : a == OCTI_AGG_COUNT ? 1 : 2;
}

/* Of each group, or each row: values that there were, the value, and for variances the sum of squared
 * differences from the mean, for argmin and argmax what the value goes by. What an aggregate has not may be
 * NULL. */
typedef struct octi_partials {
    int64_t *n;
    octi_number *value;
    double *m2;
} octi_partials;

/* True where a later value takes the place of the least or largest of those before: where several are, it is
 * the first, and NaN is more and less than all. */
__attribute__((always_inline)) static inline bool octi_is_beyond(octi_aggregate a, bool real, octi_number x,
                                                                 octi_number best)
{
    if (!real)
        return a == OCTI_AGG_MIN ? x.whole < best.whole : x.whole > best.whole;
    return (a == OCTI_AGG_MIN ? x.real < best.real : x.real > best.real) || isnan(x.real);
}

/* Adds a later state to group g of an earlier one; false where a sum does not fit 64 bits. Variances
 * by Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
 * (1979). */
__attribute__((always_inline)) static inline bool octi_combine(octi_aggregate a, bool real, octi_partials *to,
                                                               size_t g, int64_t n, octi_number x, double m2)
{
    int64_t had = to->n[g];
    to->n[g] = had + n;
    if (n == 0 || a == OCTI_AGG_COUNT)
        return true;
    octi_number *value = &to->value[g];
    if (had == 0) {
        *value = x;
        if (octi_aggregate_parts(a) == 3)
            to->m2[g] = m2;
    } else if (a == OCTI_AGG_SUM || a == OCTI_AGG_MEAN) {
        if (!real)
            return !__builtin_add_overflow(value->whole, x.whole, &value->whole);
        value->real += x.real;
    } else if (a == OCTI_AGG_MIN || a == OCTI_AGG_MAX) {
        if (octi_is_beyond(a, real, x, *value))
            *value = x;
    } else if (a == OCTI_AGG_ARGMIN || a == OCTI_AGG_ARGMAX) {
        bool beyond = a == OCTI_AGG_ARGMIN ? m2 < to->m2[g] : m2 > to->m2[g];
        if (beyond || (isnan(m2) && !isnan(to->m2[g]))) {
            *value = x;
            to->m2[g] = m2;
        }
    } else if (a != OCTI_AGG_FIRST) {
        double delta = x.real - value->real, total = (double)had + (double)n;
        value->real += delta * ((double)n / total);
        to->m2[g] += m2 + delta * delta * ((double)had * (double)n / total);
    }
    return true;
}

/* The same of a row's value, which counts where nothing of it is null. Both are inlined, so that a loop of
 * one aggregate (group.c) asks no row which it is. */
__attribute__((always_inline)) static inline bool octi_combine_row(octi_aggregate a, bool real,
                                                                   octi_partials *to, size_t g,
                                                                   const octi_argument *argument, size_t row)
{
    const octi_column *value = &argument->value, *by = &argument->by;
    if (!octi_is_valid(value, row))
        return true;
    octi_number x = {.whole = a == OCTI_AGG_COUNT ? 0 : value->ints[row]};
    if (!by->values)
        return octi_combine(a, real, to, g, 1, x, 0);
    if (!octi_is_valid(by, row))
        return true;
    double key = by->type == OCT_DOUBLE ? by->doubles[row] : (double)by->ints[row];
    return octi_combine(a, real, to, g, 1, x, key);
}

/* A value for each state; type is that of the values. */
OCT_NODISCARD oct_err octi_aggregate_finish(octi_aggregate a, const octi_partials *from, oct_column_type type,
                                            size_t rows, octi_column *out, oct_error *err);

/* Fails: the sum that `source` asks for does not fit. */
oct_err octi_aggregate_overflow(const char *source, oct_error *err);

#endif
