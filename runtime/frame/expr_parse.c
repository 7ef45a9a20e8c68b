/* Precedence climbing: each level of binary operators is a number (Richards, BCPL, 1979). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/expr.h"
#include "runtime/io/number.h"

enum { DEEPEST = 200, LONGEST = 10000 };

typedef struct parser {
    const char *text, *at;
    int depth;
    oct_error *err;
} parser;

static octi_expr *parse(parser *p, int level);

void octi_expr_destroy(octi_expr *expr)
{
    while (expr) { /* chains like a + b + c lean to the left */
        octi_expr *left = expr->left;
        octi_expr_destroy(expr->right);
        free(expr->text);
        free(expr);
        expr = left;
    }
}

static void skip_space(parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static octi_expr *unexpected(parser *p, const char *wanted)
{
    size_t column = (size_t)(p->at - p->text) + 1;
    if (*p->at)
        oct_fail(p->err, OCT_E_INVALID, "in '%.120s', column %zu: expected %s, found '%c'", p->text, column,
                 wanted, *p->at);
    else
        oct_fail(p->err, OCT_E_INVALID, "in '%.120s', column %zu: expected %s, found the end", p->text,
                 column, wanted);
    return NULL;
}

/* A node that owns its children, which are destroyed when there is no memory for it. */
static octi_expr *make(parser *p, octi_op op, const char *at, octi_expr *left, octi_expr *right)
{
    octi_expr *made = calloc(1, sizeof(*made));
    if (!made) {
        octi_expr_destroy(left);
        octi_expr_destroy(right);
        oct_fail(p->err, OCT_E_NOMEM, "out of memory for an expression");
        return NULL;
    }
    *made = (octi_expr){.op = op, .at = (size_t)(at - p->text) + 1, .left = left, .right = right};
    return made;
}

static octi_expr *make_text(parser *p, octi_op op, const char *at, const char *text, size_t size)
{
    octi_expr *made = make(p, op, at, NULL, NULL);
    if (made && !(made->text = strndup(text, size))) {
        octi_expr_destroy(made);
        oct_fail(p->err, OCT_E_NOMEM, "out of memory for an expression");
        return NULL;
    }
    return made;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t word_size(const char *at)
{
    size_t size = 0;
    while (is_word(at[size]))
        size++;
    return size;
}

static bool is_keyword(const char *at, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(at, word, size) == 0;
}

static octi_expr *parse_number(parser *p)
{
    const char *start = p->at;
    size_t size = strspn(start, "0123456789.");
    if ((start[size] | 32) == 'e') {
        size_t sign = start[size + 1] == '+' || start[size + 1] == '-';
        size_t digits = strspn(start + size + 1 + sign, "0123456789");
        size += digits ? 1 + sign + digits : 0;
    }
    octi_expr *made = make(p, OCTI_LITERAL, start, NULL, NULL);
    if (!made)
        return NULL;
    if (octi_parse_int64(start, size, &made->whole)) {
        made->type = OCT_INT64;
        made->real = (double)made->whole;
    } else if (octi_parse_double(start, size, &made->real)) {
        made->type = OCT_DOUBLE;
    } else {
        octi_expr_destroy(made);
        return unexpected(p, "a number");
    }
    p->at += size;
    return made;
}

static octi_expr *parse_quoted(parser *p, octi_op op)
{
    const char *start = p->at, quote = *start;
    const char *end = strchr(start + 1, quote);
    if (!end) {
        p->at += strlen(p->at);
        return unexpected(p, op == OCTI_COLUMN ? "a closing `" : "a closing quote");
    }
    octi_expr *made = make_text(p, op, start, start + 1, (size_t)(end - start - 1));
    if (made)
        made->type = OCT_STRING;
    p->at = end + 1;
    return made;
}

static octi_expr *parse_call(parser *p, const char *start, size_t size)
{
    octi_expr *call = make_text(p, OCTI_CALL, start, start, size);
    p->at++;
    skip_space(p);
    if (*p->at == ')') { /* count() */
        p->at++;
        return call;
    }
    if (call && !(call->left = parse(p, 0)))
        goto fail;
    if (call && *p->at == ',') {
        p->at++;
        if (!(call->right = parse(p, 0)))
            goto fail;
    }
    if (call && *p->at != ')') {
        unexpected(p, "')'");
        goto fail;
    }
    p->at++;
    return call;
fail:
    octi_expr_destroy(call);
    return NULL;
}

static octi_expr *parse_word(parser *p)
{
    const char *start = p->at;
    size_t size = word_size(start);
    p->at += size;
    skip_space(p);
    if (*p->at == '(')
        return parse_call(p, start, size);
    bool yes = is_keyword(start, size, "true");
    if (!yes && !is_keyword(start, size, "false"))
        return make_text(p, OCTI_COLUMN, start, start, size);
    octi_expr *made = make(p, OCTI_LITERAL, start, NULL, NULL);
    if (made) {
        made->type = OCT_BOOL;
        made->whole = yes;
    }
    return made;
}

static octi_expr *parse_value(parser *p)
{
    skip_space(p);
    const char *start = p->at;
    if (*start == '(') {
        p->at++;
        octi_expr *inner = parse(p, 0);
        if (inner && *p->at != ')') {
            octi_expr_destroy(inner);
            return unexpected(p, "')'");
        }
        p->at += inner != NULL;
        return inner;
    }
    if (*start == '-') { /* 0 - x; of a literal, at once */
        p->at++;
        octi_expr *inner = parse(p, 6);
        if (inner && inner->op == OCTI_LITERAL && inner->type <= OCT_DOUBLE) {
            inner->whole = (int64_t)(0 - (uint64_t)inner->whole);
            inner->real = -inner->real;
            return inner;
        }
        octi_expr *zero = inner ? make(p, OCTI_LITERAL, start, NULL, NULL) : NULL;
        if (inner && !zero)
            octi_expr_destroy(inner);
        return zero ? make(p, OCTI_SUB, start, zero, inner) : NULL;
    }
    if (isdigit((unsigned char)*start) || *start == '.')
        return parse_number(p);
    if (*start == '\'' || *start == '"')
        return parse_quoted(p, OCTI_LITERAL);
    if (*start == '`')
        return parse_quoted(p, OCTI_COLUMN);
    if (is_word(*start)) {
        if (!is_keyword(start, word_size(start), "not"))
            return parse_word(p);
        p->at += 3;
        octi_expr *inner = parse(p, 3);
        return inner ? make(p, OCTI_NOT, start, inner, NULL) : NULL;
    }
    return unexpected(p, "a value");
}

/* The binary operator here, its level and length; longer spellings stand first. */
static bool find_operator(const char *at, octi_op *op, int *level, size_t *size)
{
    static const struct {
        const char *text;
        octi_op op;
        int level;
    } table[] = {{"or", OCTI_OR, 1}, {"and", OCTI_AND, 2}, {"==", OCTI_EQ, 3}, {"!=", OCTI_NE, 3},
                 {"<>", OCTI_NE, 3}, {"<=", OCTI_LE, 3},   {">=", OCTI_GE, 3}, {"=", OCTI_EQ, 3},
                 {"<", OCTI_LT, 3},  {">", OCTI_GT, 3},    {"+", OCTI_ADD, 4}, {"-", OCTI_SUB, 4},
                 {"*", OCTI_MUL, 5}, {"/", OCTI_DIV, 5},   {"%", OCTI_MOD, 5}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        *size = strlen(table[i].text);
        if (strncasecmp(at, table[i].text, *size) == 0 && !(i < 2 && is_word(at[*size]))) {
            *op = table[i].op;
            *level = table[i].level;
            return true;
        }
    }
    return false;
}

static octi_expr *parse(parser *p, int level)
{
    if (++p->depth > DEEPEST) {
        oct_fail(p->err, OCT_E_INVALID, "an expression is nested deeper than %d levels", DEEPEST);
        return NULL;
    }
    octi_expr *left = parse_value(p);
    octi_op op;
    int binds;
    size_t size;
    for (skip_space(p); left && find_operator(p->at, &op, &binds, &size) && binds > level; skip_space(p)) {
        const char *at = p->at;
        p->at += size;
        octi_expr *right = parse(p, binds);
        if (!right) {
            octi_expr_destroy(left);
            left = NULL;
        } else {
            left = make(p, op, at, left, right);
        }
    }
    p->depth--;
    return left;
}

oct_err octi_expr_parse(const char *text, octi_expr **out, oct_error *err)
{
    oct_error local = OCT_ERROR_INIT;
    parser p = {text, text, 0, &local};
    if (strlen(text) > LONGEST)
        return oct_fail(err, OCT_E_INVALID, "an expression is longer than %d bytes", LONGEST);
    octi_expr *made = parse(&p, 0);
    if (made && *p.at) {
        octi_expr_destroy(made);
        made = NULL;
        unexpected(&p, "an operator or the end");
    }
    if (!made) {
        if (err)
            *err = local;
        return local.code;
    }
    *out = made;
    return OCT_OK;
}

void octi_items_deinit(octi_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        free(items->list[i].name);
        free(items->list[i].source);
        octi_expr_destroy(items->list[i].expr);
    }
    free(items->list);
    *items = (octi_items){0};
}

/* Where the item at `text` ends: at a comma outside of parentheses and quotes. */
static size_t item_size(const char *text)
{
    int depth = 0;
    size_t i = 0;
    for (char quote = 0; text[i] && (quote || depth > 0 || text[i] != ','); i++) {
        if (quote)
            quote = text[i] == quote ? 0 : quote;
        else if (strchr("'\"`", text[i]))
            quote = text[i];
        else
            depth += (text[i] == '(') - (text[i] == ')');
    }
    return i;
}

/* The name that is all of a text, a word or in backticks; NULL where it is no name. */
static const char *whole_name(const char *text, size_t *size)
{
    text += strspn(text, " ");
    const char *end = *text == '`' ? strchr(text + 1, '`') : NULL;
    *size = end ? (size_t)(end - text - 1) : word_size(text);
    const char *rest = text + *size + (end ? 2 : 0);
    return *size == 0 || rest[strspn(rest, " ")] ? NULL : text + (end != NULL);
}

/* Cuts " as name" off, or names a plain column by itself. */
static char *item_name(char *text)
{
    for (size_t i = strlen(text); i > 3; i--)
        if (strncasecmp(text + i - 3, "as ", 3) == 0 && isspace((unsigned char)text[i - 4])) {
            size_t size;
            const char *name = whole_name(text + i, &size);
            if (!name)
                break;
            text[i - 4] = '\0';
            return strndup(name, size);
        }
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text[0] == '`' && size > 2 && strchr(text + 1, '`') == text + size - 1
               ? strndup(text + 1, size - 2)
               : strdup(text);
}

oct_err octi_items_parse(const char *text, octi_items *out, oct_error *err)
{
    octi_items made = {0};
    oct_err code = OCT_OK;
    for (const char *at = text; code == OCT_OK; at++) {
        at += strspn(at, " \t\n");
        size_t size = item_size(at);
        octi_item item = {.source = strndup(at, size)};
        octi_item *list = realloc(made.list, (made.count + 1) * sizeof(*list));
        made.list = list ? list : made.list;
        item.name = item.source ? item_name(item.source) : NULL;
        if (!list || !item.name)
            code = oct_fail(err, OCT_E_NOMEM, "out of memory for '%.100s'", text);
        else
            code = octi_expr_parse(item.source, &item.expr, err);
        if (list)
            list[made.count++] = item;
        at += size;
        if (!*at)
            break;
    }
    if (code != OCT_OK)
        octi_items_deinit(&made);
    else
        *out = made;
    return code;
}

void octi_expr_columns(const octi_expr *expr, void (*see)(const char *name, void *ctx), void *ctx)
{
    for (; expr; expr = expr->left) {
        if (expr->op == OCTI_COLUMN)
            see(expr->text, ctx);
        octi_expr_columns(expr->right, see, ctx);
    }
}
