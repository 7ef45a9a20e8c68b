#include <inttypes.h>
#include <stdlib.h>

#include "runtime/array/graph.h"
#include "runtime/exec/failure.h"

/* Of a side that is longer than this the first and the last are shown. */
enum { SHOWN = 8, EDGE = 3 };

typedef struct side {
    size_t size, shown;
} side;

static side side_of(size_t size)
{
    return (side){size, size > SHOWN ? 2 * EDGE : size};
}

/* The number of the i-th that is shown. */
static size_t index_of(side s, size_t i)
{
    return s.shown == s.size || i < EDGE ? i : s.size - s.shown + i;
}

static bool gap_before(side s, size_t i)
{
    return s.shown < s.size && i == EDGE;
}

/* A corner of what is shown, `stride` elements a row in `out`. */
static oct_err corner(oct_array *array, side rows, size_t row, side columns, size_t column, size_t high,
                      size_t wide, double *out)
{
    double part[SHOWN * SHOWN];
    oct_array *some = oct_array_slice(array, index_of(rows, row), high, index_of(columns, column), wide);
    oct_err code = some ? oct_array_gather(some, part) : octi_last_error()->code;
    for (size_t i = 0; code == OCT_OK && i < high; i++)
        for (size_t k = 0; k < wide; k++)
            out[(row + i) * SHOWN + column + k] = part[i * wide + k];
    oct_array_destroy(some);
    return code;
}

static void print_row(side columns, const double *row, int width, FILE *to)
{
    for (size_t k = 0; k < columns.shown; k++) {
        if (gap_before(columns, k))
            fputs("  ...", to);
        fprintf(to, "  %*.6g", width, row[k]);
    }
    putc('\n', to);
}

static void print_shown(side rows, side columns, const double *shown, FILE *to)
{
    int width = 1;
    for (size_t i = 0; i < rows.shown; i++)
        for (size_t k = 0; k < columns.shown; k++) {
            int used = snprintf(NULL, 0, "%.6g", shown[i * SHOWN + k]);
            width = used > width ? used : width;
        }
    for (size_t i = 0; i < rows.shown; i++) {
        if (gap_before(rows, i))
            fputs("  ...\n", to);
        print_row(columns, shown + i * SHOWN, width, to);
    }
}

oct_err oct_array_print(oct_array *array, FILE *to)
{
    double shown[SHOWN * SHOWN];
    oct_array *all = oct_array_compute(array);
    if (!all)
        return octi_last_error()->code;
    side rows = side_of(oct_array_rows(all)), columns = side_of(oct_array_columns(all));
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < rows.shown; i += rows.shown < rows.size ? EDGE : SHOWN)
        for (size_t k = 0; code == OCT_OK && k < columns.shown;
             k += columns.shown < columns.size ? EDGE : SHOWN)
            code = corner(all, rows, i, columns, k, rows.shown < rows.size ? EDGE : rows.shown,
                          columns.shown < columns.size ? EDGE : columns.shown, shown);
    if (code == OCT_OK) {
        fprintf(to, "array of %zu x %zu\n", rows.size, columns.size);
        print_shown(rows, columns, shown, to);
    }
    oct_array_destroy(all);
    return code;
}
