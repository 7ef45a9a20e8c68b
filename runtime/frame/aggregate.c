#include "runtime/frame/aggregate.h"

#include <strings.h>

static octi_aggregate kind_of(const char *name)
{
    static const char *const names[] = {"count", "sum",    "mean",   "min",    "max",      "var",    "std",
                                        "first", "argmin", "argmax", "median", "quantile", "nunique"};
    int a = OCTI_AGG_COUNT;
    while (a < OCTI_AGG_NONE && strcasecmp(name, names[a]) != 0)
        a++;
    return (octi_aggregate)a;
}

static bool is_fraction(const octi_expr *expr)
{
    return expr && expr->op == OCTI_LITERAL && expr->type <= OCT_DOUBLE && expr->real >= 0 && expr->real <= 1;
}

octi_aggregate octi_aggregate_of(const octi_expr *expr)
{
    octi_aggregate a = expr->op == OCTI_CALL ? kind_of(expr->text) : OCTI_AGG_NONE;
    if (a == OCTI_AGG_NONE || (!expr->left && a != OCTI_AGG_COUNT))
        return OCTI_AGG_NONE;
    bool two = a == OCTI_AGG_ARGMIN || a == OCTI_AGG_ARGMAX;
    bool right = a == OCTI_AGG_QUANTILE ? is_fraction(expr->right) : two == (expr->right != NULL);
    return right ? a : OCTI_AGG_NONE;
}

oct_err octi_aggregates_parse(const char *text, octi_items *out, oct_error *err)
{
    octi_items made;
    oct_err code = octi_items_parse(text, &made, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < made.count; i++) {
        if (octi_aggregate_of(made.list[i].expr) != OCTI_AGG_NONE)
            continue;
        oct_fail(err, OCT_E_INVALID, "'%.120s' is not an aggregate of a value", made.list[i].source);
        octi_items_deinit(&made);
        return oct_hint(err,
                        "write for example 'mean(x)', 'quantile(x, 0.9)' or 'argmax(at, x)'; count, sum, "
                        "mean, min, max, var, std, first, median, nunique, argmin");
    }
    *out = made;
    return OCT_OK;
}

static bool is_of_doubles(octi_aggregate a)
{
    return a == OCTI_AGG_MEAN || a == OCTI_AGG_VAR || a == OCTI_AGG_STD || a == OCTI_AGG_MEDIAN ||
           a == OCTI_AGG_QUANTILE;
}

/* False where an aggregate has no meaning for a type. */
static bool takes(octi_aggregate a, oct_column_type type)
{
    if (a == OCTI_AGG_COUNT || a == OCTI_AGG_NUNIQUE || type == OCT_INT64 || type == OCT_DOUBLE)
        return true;
    return (type == OCT_DATE || type == OCT_TIMESTAMP) && a != OCTI_AGG_SUM && !is_of_doubles(a);
}

/* The value, as doubles where its state is one of doubles. */
static oct_err value_of(octi_aggregate a, const octi_item *item, const octi_batch *rows, octi_column *out,
                        oct_error *err)
{
    octi_expr zero = {.op = OCTI_LITERAL};
    octi_column made = {0};
    oct_err code =
        octi_expr_eval(item->expr->left ? item->expr->left : &zero, item->source, rows, &made, err);
    if (code == OCT_OK && !takes(a, made.type))
        code = oct_fail(err, OCT_E_TYPE, "'%.100s' is not of numbers", item->source);
    if (code == OCT_OK && is_of_doubles(a))
        code = octi_column_to_doubles(&made, rows->rows, err);
    if (code != OCT_OK)
        octi_column_deinit(&made);
    else
        *out = made;
    return code;
}

oct_err octi_argument_init(octi_argument *argument, const octi_item *item, const octi_batch *rows,
                           oct_error *err)
{
    octi_aggregate a = octi_aggregate_of(item->expr);
    octi_argument made = {0};
    oct_err code = value_of(a, item, rows, &made.value, err);
    if (code == OCT_OK && (a == OCTI_AGG_ARGMIN || a == OCTI_AGG_ARGMAX)) {
        code = octi_expr_eval(item->expr->right, item->source, rows, &made.by, err);
        if (code == OCT_OK && (made.by.type == OCT_STRING || made.by.type == OCT_BOOL))
            code = oct_fail(err, OCT_E_TYPE, "'%.100s' is not by a number or a time", item->source);
    }
    if (code != OCT_OK)
        octi_argument_deinit(&made);
    else
        *argument = made;
    return code;
}

void octi_argument_deinit(octi_argument *argument)
{
    octi_column_deinit(&argument->value);
    octi_column_deinit(&argument->by);
}

oct_err octi_aggregate_overflow(const char *source, oct_error *err)
{
    oct_fail(err, OCT_E_INVALID, "'%.100s' does not fit 64 bits", source);
    return oct_hint(err, "sum doubles instead: multiply by 1.0");
}

oct_err octi_aggregate_finish(octi_aggregate a, const octi_partials *from, oct_column_type type, size_t rows,
                              octi_column *out, oct_error *err)
{
    octi_column column;
    bool counts = a == OCTI_AGG_COUNT, spreads = a == OCTI_AGG_VAR || a == OCTI_AGG_STD;
    oct_err code = octi_column_init(&column, counts ? OCT_INT64 : type, rows, 0, err);
    for (size_t row = 0; code == OCT_OK && row < rows; row++) {
        int64_t n = from->n[row];
        if (counts)
            column.ints[row] = n;
        else if (a == OCTI_AGG_MEAN)
            column.doubles[row] = from->value[row].real / (double)n;
        else if (spreads)
            column.doubles[row] = from->m2[row] / (double)(n - 1);
        else
            column.ints[row] = from->value[row].whole;
        if (a == OCTI_AGG_STD)
            column.doubles[row] = sqrt(column.doubles[row]);
        if (counts || n >= 1 + spreads)
            continue;
        if (!column.valid)
            code = octi_column_add_bitmap(&column, rows, err);
        if (code == OCT_OK)
            octi_set_null(&column, row);
    }
    if (code != OCT_OK)
        octi_column_deinit(&column);
    else
        *out = column;
    return code;
}
