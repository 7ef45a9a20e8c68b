#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/exercise/answer.h"

struct line {
    const char *text;
    size_t length;
};

/* The lines of text; a newline at its end begins no further one. NULL without memory. */
static struct line *split(const char *text, size_t *count)
{
    size_t lines = 1;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    struct line *list = calloc(lines, sizeof(*list));
    *count = 0;
    for (const char *at = text; list && *at;) {
        size_t length = strcspn(at, "\n");
        list[(*count)++] = (struct line){at, length};
        at += length + (at[length] == '\n');
    }
    return list;
}

static int by_text(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->text, y->text, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* The number at the beginning of text; false when there is none. *end is where it ends. */
static bool number_at(const char *text, const char *limit, double *value, const char **end)
{
    char copy[64], *after;
    size_t length = 0;
    while (text + length < limit && length + 1 < sizeof(copy) && !isspace((unsigned char)text[length]))
        length++;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *value = strtod(copy, &after);
    *end = text + (after - copy);
    return after != copy && (isdigit((unsigned char)copy[0]) || strchr("+-.", copy[0]));
}

static bool near(double a, double b, double tolerance)
{
    double larger = fmax(fabs(a), fabs(b));
    return a == b || fabs(a - b) <= tolerance * larger || (isnan(a) && isnan(b));
}

/* Word by word; blanks count only as what separates words. */
static bool same_numbers(struct line a, struct line b, double tolerance)
{
    const char *x = a.text, *y = b.text, *x_end = a.text + a.length, *y_end = b.text + b.length;
    for (;;) {
        while (x < x_end && isspace((unsigned char)*x))
            x++;
        while (y < y_end && isspace((unsigned char)*y))
            y++;
        if (x == x_end || y == y_end)
            return x == x_end && y == y_end;
        double u, v;
        const char *x_next, *y_next;
        if (number_at(x, x_end, &u, &x_next) && number_at(y, y_end, &v, &y_next)) {
            if (!near(u, v, tolerance))
                return false;
            x = x_next;
            y = y_next;
        } else if (*x++ != *y++) {
            return false;
        }
    }
}

static bool same_line(octi_compare how, double tolerance, struct line a, struct line b)
{
    return how == OCTI_COMPARE_NUMBERS ? same_numbers(a, b, tolerance) : by_text(&a, &b) == 0;
}

enum { SHOWN = 100 };

static int shown(struct line line)
{
    return line.length < SHOWN ? (int)line.length : SHOWN;
}

static bool compare(octi_compare how, double tolerance, const struct line *expected, size_t expected_count,
                    const struct line *got, size_t got_count, char *difference, size_t size)
{
    for (size_t i = 0; i < expected_count || i < got_count; i++) {
        if (i == got_count) {
            snprintf(difference, size, "after %zu line%s '%.*s' is missing", got_count,
                     got_count == 1 ? "" : "s", shown(expected[i]), expected[i].text);
            return false;
        }
        if (i == expected_count) {
            snprintf(difference, size, "line %zu is '%.*s', one line too many", i + 1, shown(got[i]),
                     got[i].text);
            return false;
        }
        if (!same_line(how, tolerance, expected[i], got[i])) {
            snprintf(difference, size, "line %zu is '%.*s', expected '%.*s'", i + 1, shown(got[i]),
                     got[i].text, shown(expected[i]), expected[i].text);
            return false;
        }
    }
    return true;
}

bool octi_answer_same(octi_compare how, double tolerance, const char *expected, const char *got,
                      char *difference, size_t size)
{
    size_t expected_count, got_count;
    struct line *a = split(expected, &expected_count), *b = split(got, &got_count);
    bool same = false;
    snprintf(difference, size, "out of memory");
    if (a && b) {
        if (how == OCTI_COMPARE_LINES) {
            qsort(a, expected_count, sizeof(*a), by_text);
            qsort(b, got_count, sizeof(*b), by_text);
        }
        same = compare(how, tolerance, a, expected_count, b, got_count, difference, size);
    }
    free(a);
    free(b);
    return same;
}
