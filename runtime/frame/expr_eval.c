#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/duration.h"
#include "runtime/frame/expr.h"
#include "runtime/io/number.h"

typedef struct scope {
    const char *text;
    const octi_batch *batch;
    oct_error *err;
} scope;

static oct_err eval(const scope *s, const octi_expr *expr, octi_column *out);

static oct_err wrong_type(const scope *s, const octi_expr *expr, const char *wanted, oct_column_type given)
{
    return oct_fail(s->err, OCT_E_TYPE, "in '%.120s', column %zu: expected %s, found a %s", s->text, expr->at,
                    wanted, octi_type_name(given));
}

/* Levenshtein's distance, for hints; long names are not compared. */
static size_t distance(const char *a, const char *b)
{
    size_t row[65], n = strlen(b);
    if (strlen(a) > 64 || n > 64)
        return 64;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t swap = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            size_t least = row[j - 1] < row[j] ? row[j - 1] + 1 : row[j] + 1;
            row[j] = swap < least ? swap : least;
        }
    }
    return row[n];
}

oct_err octi_no_column(const octi_batch *batch, const char *name, oct_error *err)
{
    size_t best = 0, least = SIZE_MAX;
    oct_fail(err, OCT_E_NOTFOUND, "there is no column '%.100s'", name);
    for (size_t i = 0; i < batch->count; i++) {
        size_t d = distance(name, batch->names[i]);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    if (least < 4)
        oct_hint(err, "did you mean '%s'?", batch->names[best]);
    return OCT_E_NOTFOUND;
}

static bool is_number(oct_column_type type)
{
    return type == OCT_INT64 || type == OCT_DOUBLE;
}

static bool is_time(oct_column_type type)
{
    return type == OCT_DATE || type == OCT_TIMESTAMP;
}

/* A column of rows that are null where either operand is. */
static oct_err result(const scope *s, oct_column_type type, const octi_column *a, const octi_column *b,
                      octi_column *out)
{
    size_t rows = s->batch->rows;
    oct_err code = octi_column_init(out, type, rows, 0, s->err);
    if (code != OCT_OK || (!a->valid && !(b && b->valid)))
        return code;
    code = octi_column_add_bitmap(out, rows, s->err);
    for (size_t w = 0; code == OCT_OK && w < octi_bitmap_words(rows); w++)
        out->valid[w] =
            (a->valid ? a->valid[w] : ~UINT64_C(0)) & (b && b->valid ? b->valid[w] : ~UINT64_C(0));
    return code;
}

static oct_err literal(const scope *s, const octi_expr *expr, octi_column *out)
{
    size_t rows = s->batch->rows, size = expr->type == OCT_STRING ? strlen(expr->text) : 0;
    if (size > 0 && rows > INT32_MAX / size)
        return oct_fail(s->err, OCT_E_EXHAUSTED, "a column of strings is limited to 2 GiB");
    oct_err code = octi_column_init(out, expr->type, rows, size * rows, s->err);
    for (size_t i = 0; code == OCT_OK && i < rows; i++) {
        if (expr->type == OCT_STRING) {
            memcpy(out->text + i * size, expr->text, size);
            out->offsets[i + 1] = (int32_t)((i + 1) * size);
        } else if (expr->type == OCT_BOOL) {
            out->bools[i] = (uint8_t)expr->whole;
        } else if (expr->type == OCT_DOUBLE) {
            out->doubles[i] = expr->real;
        } else {
            out->ints[i] = expr->whole;
        }
    }
    return code;
}

#define EACH(a, b, expression)                                                                               \
    for (size_t i = 0; i < rows; i++) {                                                                      \
        x = (a)[i];                                                                                          \
        y = (b)[i];                                                                                          \
        to[i] = (expression);                                                                                \
    }

static void real_arithmetic(octi_op op, const double *a, const double *b, double *to, size_t rows)
{
    double x, y;
    if (op == OCTI_ADD)
        EACH(a, b, x + y)
    else if (op == OCTI_SUB)
        EACH(a, b, x - y)
    else if (op == OCTI_MUL)
        EACH(a, b, x * y)
    else if (op == OCTI_DIV)
        EACH(a, b, x / y)
    else
        EACH(a, b, fmod(x, y))
}

static void whole_arithmetic(octi_op op, const uint64_t *a, const uint64_t *b, uint64_t *to, size_t rows)
{
    uint64_t x, y;
    if (op == OCTI_ADD)
        EACH(a, b, x + y)
    else if (op == OCTI_SUB)
        EACH(a, b, x - y)
    else
        EACH(a, b, x * y)
}

/* The sign is that of the dividend, as in C. */
static oct_err whole_remainder(const scope *s, const octi_column *a, const octi_column *b, octi_column *out)
{
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < s->batch->rows; i++) {
        int64_t by = b->ints[i];
        out->ints[i] = by == 0 || by == -1 ? 0 : a->ints[i] % by;
        if (by == 0 && !out->valid)
            code = octi_column_add_bitmap(out, s->batch->rows, s->err);
        if (by == 0 && code == OCT_OK)
            octi_set_null(out, i);
    }
    return code;
}

static oct_err arithmetic(const scope *s, const octi_expr *expr, octi_column *a, octi_column *b,
                          octi_column *out)
{
    if (!is_number(a->type))
        return wrong_type(s, expr->left, "a number", a->type);
    if (!is_number(b->type))
        return wrong_type(s, expr->right, "a number", b->type);
    size_t rows = s->batch->rows;
    oct_err code = OCT_OK;
    if (expr->op == OCTI_DIV || a->type != b->type || a->type == OCT_DOUBLE) {
        if ((code = octi_column_to_doubles(a, rows, s->err)) == OCT_OK &&
            (code = octi_column_to_doubles(b, rows, s->err)) == OCT_OK)
            code = result(s, OCT_DOUBLE, a, b, out);
        if (code == OCT_OK)
            real_arithmetic(expr->op, a->doubles, b->doubles, out->doubles, rows);
        return code;
    }
    code = result(s, OCT_INT64, a, b, out);
    if (code == OCT_OK && expr->op == OCTI_MOD)
        code = whole_remainder(s, a, b, out);
    else if (code == OCT_OK)
        whole_arithmetic(expr->op, (const uint64_t *)a->ints, (const uint64_t *)b->ints,
                         (uint64_t *)out->ints, rows);
    return code;
}

#define COMPARE(T, a, b)                                                                                     \
    do {                                                                                                     \
        T x, y;                                                                                              \
        if (op == OCTI_EQ)                                                                                   \
            EACH(a, b, x == y)                                                                               \
        else if (op == OCTI_NE)                                                                              \
            EACH(a, b, x != y)                                                                               \
        else if (op == OCTI_LT)                                                                              \
            EACH(a, b, x < y)                                                                                \
        else if (op == OCTI_LE)                                                                              \
            EACH(a, b, x <= y)                                                                               \
        else if (op == OCTI_GT)                                                                              \
            EACH(a, b, x > y)                                                                                \
        else                                                                                                 \
            EACH(a, b, x >= y)                                                                               \
    } while (0)

static bool holds(octi_op op, int order)
{
    return op == OCTI_EQ   ? order == 0
           : op == OCTI_NE ? order != 0
           : op == OCTI_LT ? order < 0
           : op == OCTI_LE ? order <= 0
           : op == OCTI_GT ? order > 0
                           : order >= 0;
}

/* Text beside a time becomes one; a date beside a timestamp its midnight. */
static oct_err match_times(const scope *s, const octi_expr *expr, octi_column *column, oct_column_type wanted)
{
    size_t rows = s->batch->rows;
    if (column->type == OCT_DATE && wanted == OCT_TIMESTAMP) {
        octi_column made;
        oct_err code = result(s, OCT_TIMESTAMP, column, NULL, &made);
        for (size_t i = 0; code == OCT_OK && i < rows; i++)
            made.ints[i] = (int64_t)((uint64_t)column->ints[i] * 1000);
        octi_column_deinit(column);
        *column = made;
        return code;
    }
    if (column->type != OCT_STRING)
        return OCT_OK;
    octi_expr time = *expr;
    size_t size = expr->op == OCTI_LITERAL ? strlen(expr->text) : 0;
    time.type = wanted;
    if (!(wanted == OCT_TIMESTAMP && octi_parse_timestamp(expr->text ? expr->text : "", size, &time.whole))) {
        if (!octi_parse_date(expr->text ? expr->text : "", size, &time.whole))
            return wrong_type(s, expr, "a time such as '2019-01-31' or '2019-01-31 12:00:00'", OCT_STRING);
        time.whole *= wanted == OCT_TIMESTAMP ? 1000 : 1;
    }
    octi_column_deinit(column);
    return literal(s, &time, column);
}

static oct_err comparison(const scope *s, const octi_expr *expr, octi_column *a, octi_column *b,
                          octi_column *out)
{
    size_t rows = s->batch->rows;
    octi_op op = expr->op;
    oct_err code = OCT_OK;
    if (is_time(a->type) || is_time(b->type)) {
        oct_column_type wider =
            a->type == OCT_TIMESTAMP || b->type == OCT_TIMESTAMP ? OCT_TIMESTAMP : OCT_DATE;
        code = match_times(s, expr->left, a, wider);
        if (code == OCT_OK)
            code = match_times(s, expr->right, b, wider);
    } else if (is_number(a->type) && is_number(b->type) && a->type != b->type) {
        code = octi_column_to_doubles(a, rows, s->err);
        if (code == OCT_OK)
            code = octi_column_to_doubles(b, rows, s->err);
    }
    if (code == OCT_OK && a->type != b->type) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "a %s to compare", octi_type_name(a->type));
        return wrong_type(s, expr->right, wanted, b->type);
    }
    if (code != OCT_OK || (code = result(s, OCT_BOOL, a, b, out)) != OCT_OK)
        return code;
    uint8_t *to = out->bools;
    if (a->type == OCT_DOUBLE)
        COMPARE(double, a->doubles, b->doubles);
    else if (a->type == OCT_BOOL)
        COMPARE(uint8_t, a->bools, b->bools);
    else if (a->type != OCT_STRING)
        COMPARE(int64_t, a->ints, b->ints);
    else
        for (size_t i = 0; i < rows; i++)
            to[i] = octi_is_valid(out, i) && holds(op, octi_column_compare(a, i, b, i));
    return OCT_OK;
}

/* Three-valued, as in SQL: false and null is false, true or null is true. */
static oct_err logic(const scope *s, const octi_expr *expr, octi_column *a, octi_column *b, octi_column *out)
{
    if (a->type != OCT_BOOL)
        return wrong_type(s, expr->left, "a bool", a->type);
    if (b && b->type != OCT_BOOL)
        return wrong_type(s, expr->right, "a bool", b->type);
    size_t rows = s->batch->rows;
    oct_err code = result(s, OCT_BOOL, a, b, out);
    uint8_t decides = expr->op == OCTI_OR;
    for (size_t i = 0; code == OCT_OK && i < rows; i++) {
        if (!b) {
            out->bools[i] = !a->bools[i];
            continue;
        }
        bool settled = (octi_is_valid(a, i) && a->bools[i] == decides) ||
                       (octi_is_valid(b, i) && b->bools[i] == decides);
        out->bools[i] = settled ? decides : !decides;
        if (settled && out->valid)
            octi_set_valid(out, i);
    }
    return code;
}

static double call_number(int which, double x)
{
    switch (which) {
    case 0:
        return fabs(x);
    case 1:
        return floor(x);
    case 2:
        return ceil(x);
    case 3:
        return rint(x);
    case 4:
        return sqrt(x);
    case 5:
        return log(x);
    default:
        return exp(x);
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t call_time(int which, oct_column_type type, int64_t value)
{
    int64_t day = type == OCT_DATE ? INT64_C(86400000) : INT64_C(86400000000);
    int64_t days = floor_div(value, day), year;
    int64_t second = type == OCT_DATE ? 0 : (value - days * day) / 1000000;
    unsigned month, of_month;
    switch (which) {
    case 0:
        return second / 3600;
    case 1:
        return second / 60 % 60;
    case 2:
        return second % 60;
    case 3:
        return ((days + 3) % 7 + 7) % 7;
    case 4:
        return days * 86400000;
    }
    octi_civil_from_days(days, &year, &month, &of_month);
    return which == 5 ? year : which == 6 ? month : of_month;
}

static int find_name(const char *name, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return i;
    return -1;
}

static bool call_text(int which, const char *text, size_t size, const char *part, size_t part_size)
{
    if (part_size > size)
        return false;
    return which == 0   ? part_size == 0 || memmem(text, size, part, part_size) != NULL
           : which == 1 ? memcmp(text, part, part_size) == 0
                        : memcmp(text + size - part_size, part, part_size) == 0;
}

/* truncate(time, '15 minutes'): where the stretch begins that a time lies in. */
static oct_err truncate_time(const scope *s, const octi_expr *expr, const octi_column *a, octi_column *out)
{
    octi_duration every;
    if (!is_time(a->type))
        return wrong_type(s, expr->left, "a date or timestamp", a->type);
    if (expr->right->op != OCTI_LITERAL || expr->right->type != OCT_STRING)
        return oct_fail(s->err, OCT_E_TYPE,
                        "in '%.120s', column %zu: expected a length of time such as '1 hour'", s->text,
                        expr->right->at);
    oct_err code = octi_duration_parse(expr->right->text, &every, s->err);
    if (code != OCT_OK) {
        oct_prefix(s->err, "in '%.120s', column %zu", s->text, expr->right->at);
        return code;
    }
    if (a->type == OCT_DATE && !octi_duration_of_days(&every))
        return oct_fail(s->err, OCT_E_INVALID,
                        "in '%.120s', column %zu: dates are whole days, '%.40s' is not", s->text,
                        expr->right->at, expr->right->text);
    int64_t unit = a->type == OCT_DATE ? 1000 : 1; /* microseconds */
    int64_t begin = 0, next = 0, cut = 0; /* of the last stretch: rows near each other are mostly of one */
    code = result(s, a->type, a, NULL, out);
    for (size_t i = 0; code == OCT_OK && i < s->batch->rows; i++) {
        int64_t time = (int64_t)((uint64_t)a->ints[i] * (uint64_t)unit);
        if (octi_is_valid(a, i) && (time < begin || time >= next)) {
            begin = octi_duration_floor(&every, time);
            next = octi_duration_next(&every, begin);
            cut = begin / unit;
        }
        out->ints[i] = octi_is_valid(a, i) ? cut : 0;
    }
    return code;
}

static oct_err call_two(const scope *s, const octi_expr *expr, octi_column *a, octi_column *b,
                        octi_column *out)
{
    static const char *const names[] = {"contains", "startswith", "endswith", NULL};
    if (strcasecmp(expr->text, "truncate") == 0)
        return truncate_time(s, expr, a, out);
    int which = find_name(expr->text, names);
    if (which < 0)
        return oct_fail(s->err, OCT_E_INVALID,
                        "in '%.120s', column %zu: '%.60s' is no function of two values", s->text, expr->at,
                        expr->text);
    if (a->type != OCT_STRING || b->type != OCT_STRING)
        return wrong_type(s, a->type != OCT_STRING ? expr->left : expr->right, "a string",
                          a->type != OCT_STRING ? a->type : b->type);
    oct_err code = result(s, OCT_BOOL, a, b, out);
    for (size_t i = 0; code == OCT_OK && i < s->batch->rows; i++)
        out->bools[i] = call_text(which, a->text + a->offsets[i], (size_t)(a->offsets[i + 1] - a->offsets[i]),
                                  b->text + b->offsets[i], (size_t)(b->offsets[i + 1] - b->offsets[i]));
    return code;
}

static oct_err call_one(const scope *s, const octi_expr *expr, octi_column *a, octi_column *out)
{
    static const char *const numbers[] = {"abs", "floor", "ceil", "round", "sqrt", "log", "exp", NULL};
    static const char *const times[] = {"hour", "minute", "second", "weekday", "date",
                                        "year", "month",  "day",    NULL};
    size_t rows = s->batch->rows;
    int number = find_name(expr->text, numbers), time = find_name(expr->text, times);
    oct_err code;
    if (number >= 0) {
        if (!is_number(a->type))
            return wrong_type(s, expr->left, "a number", a->type);
        if ((code = octi_column_to_doubles(a, rows, s->err)) == OCT_OK)
            code = result(s, OCT_DOUBLE, a, NULL, out);
        for (size_t i = 0; code == OCT_OK && i < rows; i++)
            out->doubles[i] = call_number(number, a->doubles[i]);
    } else if (time >= 0) {
        if (!is_time(a->type))
            return wrong_type(s, expr->left, "a date or timestamp", a->type);
        code = result(s, time == 4 ? OCT_DATE : OCT_INT64, a, NULL, out);
        for (size_t i = 0; code == OCT_OK && i < rows; i++)
            out->ints[i] = octi_is_valid(a, i) ? call_time(time, a->type, a->ints[i]) : 0;
    } else if (strcasecmp(expr->text, "length") == 0) {
        if (a->type != OCT_STRING)
            return wrong_type(s, expr->left, "a string", a->type);
        code = result(s, OCT_INT64, a, NULL, out);
        for (size_t i = 0; code == OCT_OK && i < rows; i++)
            out->ints[i] = a->offsets[i + 1] - a->offsets[i];
    } else if (strcasecmp(expr->text, "isnull") == 0) {
        code = octi_column_init(out, OCT_BOOL, rows, 0, s->err);
        for (size_t i = 0; code == OCT_OK && i < rows; i++)
            out->bools[i] = !octi_is_valid(a, i);
    } else {
        return oct_fail(s->err, OCT_E_INVALID,
                        "in '%.120s', column %zu: there is no function '%.60s' of one value", s->text,
                        expr->at, expr->text);
    }
    return code;
}

static oct_err apply(const scope *s, const octi_expr *expr, octi_column *a, octi_column *b, octi_column *out)
{
    if (expr->op == OCTI_CALL)
        return b ? call_two(s, expr, a, b, out) : call_one(s, expr, a, out);
    if (expr->op <= OCTI_AND)
        return logic(s, expr, a, b, out);
    return expr->op <= OCTI_GE ? comparison(s, expr, a, b, out) : arithmetic(s, expr, a, b, out);
}

static oct_err eval(const scope *s, const octi_expr *expr, octi_column *out)
{
    if (expr->op == OCTI_LITERAL)
        return literal(s, expr, out);
    if (expr->op == OCTI_COLUMN) {
        int found = octi_batch_find(s->batch, expr->text);
        if (found < 0) {
            octi_no_column(s->batch, expr->text, s->err);
            oct_prefix(s->err, "in '%.100s', column %zu", s->text, expr->at);
            return OCT_E_NOTFOUND;
        }
        *out = s->batch->columns[found];
        out->borrowed = true;
        return OCT_OK;
    }
    if (!expr->left)
        return oct_fail(s->err, OCT_E_INVALID, "in '%.120s', column %zu: '%.60s' needs a value", s->text,
                        expr->at, expr->text);
    octi_column a = {0}, b = {0}, made = {0};
    oct_err code = eval(s, expr->left, &a);
    if (code == OCT_OK && expr->right)
        code = eval(s, expr->right, &b);
    if (code == OCT_OK)
        code = apply(s, expr, &a, expr->right ? &b : NULL, &made);
    octi_column_deinit(&a);
    octi_column_deinit(&b);
    if (code != OCT_OK)
        octi_column_deinit(&made);
    else
        *out = made;
    return code;
}

oct_err octi_expr_eval(const octi_expr *expr, const char *text, const octi_batch *batch, octi_column *out,
                       oct_error *err)
{
    scope s = {text, batch, err};
    return eval(&s, expr, out);
}
