/* frame/expr.h - the expressions of oct/frame.h: parsed once, evaluated a batch at a time. */
#ifndef OCTI_EXPR_H
#define OCTI_EXPR_H

#include "runtime/frame/column.h"

typedef enum octi_op {
    OCTI_COLUMN,
    OCTI_LITERAL,
    OCTI_NOT,
    OCTI_OR,
    OCTI_AND,
    OCTI_EQ,
    OCTI_NE,
    OCTI_LT,
    OCTI_LE,
    OCTI_GT,
    OCTI_GE,
    OCTI_ADD,
    OCTI_SUB,
    OCTI_MUL,
    OCTI_DIV,
    OCTI_MOD,
    OCTI_CALL,
} octi_op;

typedef struct octi_expr {
    octi_op op;
    size_t at;            /* where it stands in the text, from 1 */
    char *text;           /* of a column, a string literal, a function's name */
    oct_column_type type; /* of a literal */
    int64_t whole;
    double real;
    struct octi_expr *left, *right;
} octi_expr;

/* "fare * 2 as twice": name is the text itself where there is no `as`. */
typedef struct octi_item {
    char *name;
    char *source; /* the expression's own text */
    octi_expr *expr;
} octi_item;

typedef struct octi_items {
    octi_item *list;
    size_t count;
} octi_items;

OCT_NODISCARD oct_err octi_expr_parse(const char *text, octi_expr **out, oct_error *err);
void octi_expr_destroy(octi_expr *expr);

/* A list separated by commas; at least one. */
OCT_NODISCARD oct_err octi_items_parse(const char *text, octi_items *out, oct_error *err);
void octi_items_deinit(octi_items *items);

/* Calls see for each column that is named. */
void octi_expr_columns(const octi_expr *expr, void (*see)(const char *name, void *ctx), void *ctx);

/* One value a row. The result may borrow from the batch. Types are checked here, so that a
 * batch of no rows checks an expression against a schema; `text` is quoted in messages. */
OCT_NODISCARD oct_err octi_expr_eval(const octi_expr *expr, const char *text, const octi_batch *batch,
                                     octi_column *out, oct_error *err);

/* Fails with the nearest name as the hint. */
oct_err octi_no_column(const octi_batch *batch, const char *name, oct_error *err);

#endif
