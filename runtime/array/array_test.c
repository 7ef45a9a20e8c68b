#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oct/oct.h"

static oct_pool *pool;

/* Sides that do not divide each other, single rows, columns and elements, and none at all. */
static const struct {
    size_t rows, columns, chunk_rows, chunk_columns;
} shapes[] = {{1, 1, 1, 1},       {7, 5, 3, 2},     {1, 1000, 1, 300}, {1000, 1, 64, 1},
              {33, 700, 16, 600}, {64, 64, 32, 32}, {0, 4, 1, 4},      {4, 0, 4, 1}};
enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

OCT_TASK(double, tenfold, double, x)
{
    return 10 * x;
}

OCT_TASK(double, picky, double, x)
{
    if (x == 13)
        oct_fail(oct_task_error(), OCT_E_INVALID, "13 is bad luck");
    return x;
}

OCT_TASK(double, number_of, int64_t, i, int64_t, j)
{
    return (double)(1000 * i + j);
}

/* Numbers of both signs, with zeros, NaN and infinities in some of the places. */
static double *sample(size_t count, unsigned seed, bool special)
{
    double *x = malloc((count + 1) * sizeof(*x));
    for (size_t i = 0; i < count; i++) {
        uint64_t h = (i + 1) * UINT64_C(0x9e3779b97f4a7c15) + seed * UINT64_C(0xbf58476d1ce4e5b9);
        h = (h ^ (h >> 31)) * UINT64_C(0x94d049bb133111eb);
        x[i] = ((double)(h >> 11) * 0x1p-53 - 0.5) * 8;
        if (special && h % 11 == 0)
            x[i] = (double[]){NAN, INFINITY, -INFINITY, 0.0, -0.0}[h / 11 % 5];
    }
    return x;
}

static oct_array *cut_as(size_t shape, const double *x)
{
    oct_array *all = oct_array_from(pool, x, shapes[shape].rows, shapes[shape].columns);
    oct_array *cut = oct_array_rechunk(all, shapes[shape].chunk_rows, shapes[shape].chunk_columns);
    oct_array_destroy(all);
    return cut;
}

static double *gathered(oct_array *array)
{
    double *out = malloc((oct_array_rows(array) * oct_array_columns(array) + 1) * sizeof(*out));
    if (oct_array_gather(array, out) != OCT_OK)
        fail_msg("%s", oct_last_error()->what);
    return out;
}

static bool close_to(double got, double wanted, double within)
{
    if (isnan(wanted) || isnan(got))
        return isnan(wanted) && isnan(got);
    return got == wanted || fabs(got - wanted) <= within;
}

/* Computes and destroys it. */
static void expect(oct_array *array, size_t rows, size_t columns, const double *wanted, double within)
{
    if (!array)
        fail_msg("%s", oct_last_error()->what);
    assert_int_equal(oct_array_rows(array), rows);
    assert_int_equal(oct_array_columns(array), columns);
    double *got = gathered(array);
    for (size_t i = 0; i < rows * columns; i++)
        if (!close_to(got[i], wanted[i], within))
            fail_msg("element %zu of %zu x %zu is %.17g, not %.17g", i, rows, columns, got[i], wanted[i]);
    free(got);
    oct_array_destroy(array);
}

static void expect_failure(oct_array *array, oct_err code, const char *what)
{
    assert_null(array);
    assert_int_equal(oct_last_error()->code, code);
    if (!strstr(oct_last_error()->what, what))
        fail_msg("'%s' does not say '%s'", oct_last_error()->what, what);
}

static double nan_min(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
}

static double nan_max(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : a > b ? a : b;
}

/* ---- element by element ---- */

static void operations_are_those_of_c(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        size_t count = shapes[s].rows * shapes[s].columns;
        double *x = sample(count, 1, true), *y = sample(count, 2, true), *want = malloc((count + 1) * 8);
        oct_array *a = cut_as(s, x), *b = cut_as(s, y);
#define CHECK(array, expression)                                                                             \
    for (size_t i = 0; i < count; i++)                                                                       \
        want[i] = (expression);                                                                              \
    expect(array, shapes[s].rows, shapes[s].columns, want, 0)
        CHECK(oct_array_add(a, b), x[i] + y[i]);
        CHECK(oct_array_sub(a, b), x[i] - y[i]);
        CHECK(oct_array_mul(a, b), x[i] * y[i]);
        CHECK(oct_array_div(a, b), x[i] / y[i]);
        CHECK(oct_array_minimum(a, b), nan_min(x[i], y[i]));
        CHECK(oct_array_maximum(a, b), nan_max(x[i], y[i]));
        CHECK(oct_array_less(a, b), x[i] < y[i]);
        CHECK(oct_array_less_equal(a, a), x[i] <= x[i]);
        CHECK(oct_array_equal(a, 0), x[i] == 0);
        CHECK(oct_array_where(a, b, 5), x[i] != 0 ? y[i] : 5);
        CHECK(oct_array_sub(1, a), 1 - x[i]);
        CHECK(oct_array_div(a, 4), x[i] / 4);
        CHECK(oct_array_neg(a), -x[i]);
        CHECK(oct_array_abs(a), fabs(x[i]));
        CHECK(oct_array_sqrt(a), sqrt(x[i]));
        CHECK(oct_array_exp(a), exp(x[i]));
        CHECK(oct_array_log(a), log(x[i]));
        CHECK(oct_array_map(a, tenfold), 10 * x[i]);
        CHECK(oct_array_add(a, a), x[i] + x[i]);
        oct_array_destroy(a);
        oct_array_destroy(b);
        free(x);
        free(y);
        free(want);
    }
}

static void a_row_and_a_column_meet_all_others(void **state)
{
    (void)state;
    enum { ROWS = 37, COLUMNS = 613 };
    double *x = sample(ROWS * COLUMNS, 3, false), *row = sample(COLUMNS, 4, false),
           *column = sample(ROWS, 5, false);
    double *want = malloc(ROWS * COLUMNS * sizeof(*want));
    oct_array *a = oct_array_from(pool, x, ROWS, COLUMNS), *cut = oct_array_rechunk(a, 10, 100);
    oct_array *r = oct_array_from(pool, row, 1, COLUMNS), *c = oct_array_from(pool, column, ROWS, 1);
    oct_array *held_row = oct_array_compute(r), *held_column = oct_array_compute(c),
              *held = oct_array_compute(cut);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        want[i] = (x[i] - row[i % COLUMNS]) * column[i / COLUMNS];
    oct_array *difference = oct_array_sub(cut, r), *held_difference = oct_array_sub(held, held_row);
    expect(oct_array_mul(difference, c), ROWS, COLUMNS, want, 0);
    expect(oct_array_mul(held_difference, held_column), ROWS, COLUMNS, want, 0);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        want[i] = row[i % COLUMNS] + column[i / COLUMNS];
    expect(oct_array_add(r, c), ROWS, COLUMNS, want, 0);
    oct_array *all[] = {a, cut, r, c, held_row, held_column, held, difference, held_difference};
    for (int i = 0; i < 9; i++)
        oct_array_destroy(all[i]);
    free(x);
    free(row);
    free(column);
    free(want);
}

static void what_is_cut_otherwise_goes_together(void **state)
{
    (void)state;
    enum { ROWS = 50, COLUMNS = 41 };
    double *x = sample(ROWS * COLUMNS, 6, false), want[ROWS * COLUMNS];
    oct_array *a = oct_array_from(pool, x, ROWS, COLUMNS);
    oct_array *one = oct_array_rechunk(a, 7, 41), *other = oct_array_rechunk(a, 50, 9);
    oct_array *held = oct_array_compute(one), *held_other = oct_array_compute(other);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        want[i] = 2 * x[i];
    expect(oct_array_add(held, held_other), ROWS, COLUMNS, want, 0);
    expect(oct_array_add(held_other, a), ROWS, COLUMNS, want, 0);
    oct_array *all[] = {a, one, other, held, held_other};
    for (int i = 0; i < 5; i++)
        oct_array_destroy(all[i]);
    free(x);
}

static void generated_elements_do_not_depend_on_chunks(void **state)
{
    (void)state;
    enum { ROWS = 19, COLUMNS = 531 };
    for (int kind = 0; kind < 5; kind++) {
        size_t rows = kind == 0 ? 1 : ROWS;
        oct_array *a = kind == 0   ? oct_array_arange(pool, 5, 0.25, COLUMNS)
                       : kind == 1 ? oct_array_random(pool, rows, COLUMNS, 9)
                       : kind == 2 ? oct_array_normal(pool, rows, COLUMNS, 9)
                       : kind == 3 ? oct_array_function(pool, rows, COLUMNS, number_of)
                                   : oct_array_full(pool, rows, COLUMNS, 2.5);
        double *want = gathered(a);
        if (kind == 0)
            assert_true(want[4] == 6);
        if (kind == 3)
            assert_true(want[2 * COLUMNS + 7] == 2007);
        expect(oct_array_rechunk(a, 4, 77), rows, COLUMNS, want, 0);
        expect(oct_array_rechunk(a, 19, 1), rows, COLUMNS, want, 0);
        if (kind > 0) {
            double part[5 * 3];
            for (int i = 0; i < 15; i++)
                part[i] = want[(2 + i / 3) * COLUMNS + 100 + i % 3];
            expect(oct_array_slice(a, 2, 5, 100, 3), 5, 3, part, 0);
        }
        free(want);
        oct_array_destroy(a);
    }
}

/* x - 1 + 1 - 1 ... through more steps than a pass has, then ten different arrays in one sum. */
static void long_and_wide_expressions_are_split_into_passes(void **state)
{
    (void)state;
    enum { COUNT = 300, STEPS = 450, WIDE = 20 };
    double *x = sample(COUNT, 7, false), want[COUNT];
    oct_array *source = oct_array_from(pool, x, 3, 100), *a = oct_array_compute(source);
    memcpy(want, x, sizeof(want));
    for (int i = 0; i < STEPS; i++) {
        oct_array *next = oct_array_add(a, i % 2 ? 1 : -1);
        for (int k = 0; k < COUNT; k++)
            want[k] += i % 2 ? 1 : -1;
        oct_array_destroy(a);
        a = next;
    }
    expect(a, 3, 100, want, 0);
    a = oct_array_compute(source);
    memcpy(want, x, sizeof(want));
    for (int i = 1; i < WIDE; i++) {
        oct_array *more = oct_array_mul(source, i), *held = oct_array_compute(more);
        oct_array *next = oct_array_add(a, held);
        for (int k = 0; k < COUNT; k++)
            want[k] += i * x[k];
        oct_array_destroy(more);
        oct_array_destroy(held);
        oct_array_destroy(a);
        a = next;
    }
    expect(a, 3, 100, want, 0);
    oct_array_destroy(source);
    free(x);
}

static void an_endless_chain_is_refused_before_it_is_walked(void **state)
{
    (void)state;
    oct_array *a = oct_array_full(pool, 1, 1, 0), *source = a, *next = NULL;
    double sum;
    int steps = 0;
    for (; steps < 30000 && (next = oct_array_add(1, a)); steps++) {
        if (a != source)
            oct_array_destroy(a);
        a = next;
    }
    assert_int_equal(steps, 20000);
    expect_failure(next, OCT_E_UNSUPPORTED, "more than 20000 steps");
    assert_int_equal(oct_array_gather(a, &sum), OCT_OK);
    assert_true(sum == 20000);
    oct_array_destroy(a);
    oct_array_destroy(source);
}

static void what_is_used_twice_is_right_each_time(void **state)
{
    (void)state;
    enum { ROWS = 40, COLUMNS = 30 };
    double *x = sample(ROWS * COLUMNS, 8, false), want[ROWS * COLUMNS];
    oct_array *source = oct_array_from(pool, x, ROWS, COLUMNS), *cut = oct_array_rechunk(source, 16, 16);
    oct_array *held = oct_array_compute(cut), *twice = oct_array_add(held, held);
    oct_array *mean = oct_array_mean(twice, 0), *centred = oct_array_sub(twice, mean);
    oct_array *square = oct_array_mul(centred, centred);
    for (size_t k = 0; k < COLUMNS; k++) {
        long double sum = 0;
        for (size_t i = 0; i < ROWS; i++)
            sum += 2 * x[i * COLUMNS + k];
        for (size_t i = 0; i < ROWS; i++) {
            double d = 2 * x[i * COLUMNS + k] - (double)(sum / ROWS);
            want[i * COLUMNS + k] = d * d;
        }
    }
    expect(square, ROWS, COLUMNS, want, 1e-13);
    oct_array *all[] = {source, cut, held, twice, mean, centred};
    for (int i = 0; i < 6; i++)
        oct_array_destroy(all[i]);
    free(x);
}

/* ---- over an axis ---- */

static void naive_reduce(const double *x, size_t rows, size_t columns, int axis, int kind, double *out)
{
    size_t outputs = axis == OCT_ALL ? 1 : axis == 0 ? columns : rows;
    for (size_t o = 0; o < outputs; o++) {
        long double sum = 0;
        double least = INFINITY, most = -INFINITY;
        size_t count = 0;
        for (size_t i = 0; i < rows; i++)
            for (size_t k = 0; k < columns; k++) {
                if ((axis == 0 && k != o) || (axis == 1 && i != o))
                    continue;
                sum += x[i * columns + k];
                least = nan_min(least, x[i * columns + k]);
                most = nan_max(most, x[i * columns + k]);
                count++;
            }
        out[o] = kind == 0 ? (double)sum : kind == 1 ? (double)(sum / count) : kind == 2 ? least : most;
    }
}

static void reductions_are_those_of_c(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++)
        for (int special = 0; special < 2; special++) {
            size_t rows = shapes[s].rows, columns = shapes[s].columns;
            double *x = sample(rows * columns, 10, special),
                   *want = malloc((rows + columns + 1) * sizeof(*want));
            oct_array *a = cut_as(s, x);
            for (int axis = OCT_ALL; axis <= 1; axis++)
                for (int kind = 0; kind < 4; kind++) {
                    size_t count = (axis == 1 ? 1 : rows) * (axis == 0 ? 1 : columns);
                    if (kind > 1 && count == 0) {
                        oct_array *none = kind == 2 ? oct_array_min(a, axis) : oct_array_max(a, axis);
                        expect_failure(none, OCT_E_INVALID, "of no elements");
                        continue;
                    }
                    naive_reduce(x, rows, columns, axis, kind, want);
                    oct_array *r = kind == 0   ? oct_array_sum(a, axis)
                                   : kind == 1 ? oct_array_mean(a, axis)
                                   : kind == 2 ? oct_array_min(a, axis)
                                               : oct_array_max(a, axis);
                    expect(r, axis == 1 ? rows : 1, axis == 0 ? columns : 1, want, 1e-11);
                }
            oct_array_destroy(a);
            free(x);
            free(want);
        }
}

/* Large terms that cancel, in different chunks: an ordinary sum loses all small ones. */
static void sums_keep_what_cancellation_would_lose(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    double x[COUNT], sum;
    for (int i = 0; i < COUNT; i++)
        x[i] = i % 512 == 0 ? (i < COUNT / 2 ? 1e18 : -1e18) : 0;
    x[3000] = 0.5;
    for (int i = 0; i < COUNT; i += 512)
        x[i + 100] = 0;
    oct_array *a = oct_array_from(pool, x, 1, COUNT), *cut = oct_array_rechunk(a, 1, 256);
    oct_array *r = oct_array_sum(cut, OCT_ALL);
    assert_int_equal(oct_array_gather(r, &sum), OCT_OK);
    assert_true(sum == 0.5);
    oct_array *all[] = {a, cut, r};
    for (int i = 0; i < 3; i++)
        oct_array_destroy(all[i]);
}

/* The bound that the header states, against a sum in long double; and the same bits from each cut. */
static void sums_are_within_their_bound(void **state)
{
    (void)state;
    enum { ROWS = 300, COLUMNS = 700 };
    oct_array *a = oct_array_random(pool, ROWS, COLUMNS, 3);
    double *x = gathered(a);
    long double exact = 0, absolute = 0;
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        exact += x[i];
        absolute += fabs(x[i]);
    }
    for (size_t cut = 1; cut < 1000; cut *= 3) {
        double sum;
        oct_array *c = oct_array_rechunk(a, 100, cut), *r = oct_array_sum(c, OCT_ALL);
        assert_int_equal(oct_array_gather(r, &sum), OCT_OK);
        assert_true(fabsl(sum - exact) <= 16 * 0x1p-53L * absolute);
        oct_array_destroy(c);
        oct_array_destroy(r);
    }
    oct_array_destroy(a);
    free(x);
}

static void an_infinite_sum_is_infinite(void **state)
{
    (void)state;
    double x[] = {DBL_MAX, DBL_MAX, 1}, y[] = {INFINITY, 1, -INFINITY}, sum;
    oct_array *a = oct_array_from(pool, x, 3, 1), *b = oct_array_from(pool, y, 3, 1);
    oct_array *one = oct_array_sum(a, 0), *other = oct_array_sum(b, 0);
    assert_int_equal(oct_array_gather(one, &sum), OCT_OK);
    assert_true(sum == INFINITY);
    assert_int_equal(oct_array_gather(other, &sum), OCT_OK);
    assert_true(isnan(sum));
    oct_array *all[] = {a, b, one, other};
    for (int i = 0; i < 4; i++)
        oct_array_destroy(all[i]);
}

/* ---- other shapes ---- */

static void shapes_change_and_elements_stay(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++)
        for (int held = 0; held < 2; held++) {
            size_t rows = shapes[s].rows, columns = shapes[s].columns, count = rows * columns;
            double *x = sample(count, 11, false), *want = malloc((count + 1) * sizeof(*want));
            oct_array *source = cut_as(s, x),
                      *a = held ? oct_array_compute(source) : oct_array_add(source, 0);
            for (size_t i = 0; i < count; i++)
                want[i % columns * rows + i / columns] = x[i];
            oct_array *turned = oct_array_transpose(a);
            expect(oct_array_transpose(turned), rows, columns, x, 0);
            expect(turned, columns, rows, want, 0);
            for (size_t chunk = 1; chunk <= rows * columns; chunk = 2 * chunk + 3)
                expect(oct_array_rechunk(a, chunk, 5), rows, columns, x, 0);
            expect(oct_array_reshape(a, count, 1), count, 1, x, 0);
            expect(oct_array_reshape(a, 1, count), 1, count, x, 0);
            if (count % 7 == 0)
                expect(oct_array_reshape(a, count / 7, 7), count / 7, 7, x, 0);
            size_t high = rows / 2, wide = columns - columns / 3;
            for (size_t i = 0; i < high * wide; i++)
                want[i] = x[(rows - high + i / wide) * columns + columns / 3 + i % wide];
            expect(oct_array_slice(a, rows - high, high, columns / 3, wide), high, wide, want, 0);
            oct_array_destroy(source);
            oct_array_destroy(a);
            free(x);
            free(want);
        }
}

static void a_transpose_meets_what_it_is_of(void **state)
{
    (void)state;
    enum { SIDE = 45 };
    double *x = sample(SIDE * SIDE, 12, false), want[SIDE * SIDE];
    oct_array *source = oct_array_from(pool, x, SIDE, SIDE), *cut = oct_array_rechunk(source, 20, 10);
    oct_array *a = oct_array_compute(cut), *turned = oct_array_transpose(a);
    for (int i = 0; i < SIDE * SIDE; i++)
        want[i] = x[i] + x[i % SIDE * SIDE + i / SIDE];
    expect(oct_array_add(a, turned), SIDE, SIDE, want, 0);
    oct_array *all[] = {source, cut, a, turned};
    for (int i = 0; i < 4; i++)
        oct_array_destroy(all[i]);
    free(x);
}

/* ---- the matrix product ---- */

static void check_product(size_t m, size_t k, size_t n, size_t cut_a, size_t cut_b, int turned)
{
    double *x = sample(m * k, 13, false), *y = sample(k * n, 14, false),
           *want = calloc(m * n + 1, sizeof(*want));
    for (size_t i = 0; i < m; i++)
        for (size_t l = 0; l < k; l++)
            for (size_t j = 0; j < n; j++)
                want[i * n + j] +=
                    x[turned & 1 ? l * m + i : i * k + l] * y[turned & 2 ? j * k + l : l * n + j];
    oct_array *a = turned & 1 ? oct_array_from(pool, x, k, m) : oct_array_from(pool, x, m, k);
    oct_array *b = turned & 2 ? oct_array_from(pool, y, n, k) : oct_array_from(pool, y, k, n);
    oct_array *ca = oct_array_rechunk(a, cut_a, cut_a), *cb = oct_array_rechunk(b, cut_b, cut_b);
    oct_array *ha = oct_array_compute(ca), *hb = oct_array_compute(cb);
    oct_array *ta = turned & 1 ? oct_array_transpose(ha) : oct_array_add(ha, 0);
    oct_array *tb = turned & 2 ? oct_array_transpose(hb) : oct_array_add(hb, 0);
    expect(oct_array_matmul(ta, tb), m, n, want, 1e-12 * (double)(k + 1) * 16);
    expect(oct_array_matmul(turned & 1 ? ta : ca, tb), m, n, want, 1e-12 * (double)(k + 1) * 16);
    oct_array *all[] = {a, b, ca, cb, ha, hb, ta, tb};
    for (int i = 0; i < 8; i++)
        oct_array_destroy(all[i]);
    free(x);
    free(y);
    free(want);
}

static void products_are_those_of_c(void **state)
{
    (void)state;
    for (int turned = 0; turned < 4; turned++) {
        check_product(1, 1, 1, 1, 1, turned);
        check_product(50, 70, 30, 20, 20, turned);
        check_product(50, 70, 30, 13, 40, turned);
        check_product(90, 64, 81, 8, 8, turned);
        check_product(1, 200, 9, 33, 33, turned);
        check_product(5, 0, 4, 2, 2, turned);
        check_product(0, 3, 4, 2, 2, turned);
    }
}

/* ---- what cannot be ---- */

static void shapes_that_do_not_go_together_are_told(void **state)
{
    (void)state;
    oct_array *a = oct_array_zeros(pool, 3, 4), *b = oct_array_zeros(pool, 4, 3);
    expect_failure(oct_array_add(a, b), OCT_E_INVALID, "arrays of 3 x 4 and 4 x 3 do not go together");
    expect_failure(oct_array_matmul(a, a), OCT_E_INVALID,
                   "no product of 3 x 4 and 3 x 4: 4 columns are not 3 rows");
    expect_failure(oct_array_reshape(a, 5, 2), OCT_E_INVALID, "12 elements are not 10");
    expect_failure(oct_array_slice(a, 2, 2, 0, 1), OCT_E_INVALID, "not all in an array of 3 x 4");
    expect_failure(oct_array_slice(a, SIZE_MAX, 2, 0, 1), OCT_E_INVALID, "not all in an array of 3 x 4");
    expect_failure(oct_array_rechunk(a, 0, 2), OCT_E_INVALID, "chunks of 0 x 2");
    expect_failure(oct_array_sum(a, 2), OCT_E_INVALID, "no axis 2");
    expect_failure(oct_array_zeros(pool, SIZE_MAX / 2, 3), OCT_E_INVALID, "larger than any memory");
    expect_failure(oct_array_zeros(pool, SIZE_MAX, SIZE_MAX), OCT_E_INVALID, "larger than any memory");
    expect_failure(oct_array_from(pool, NULL, 2, 2), OCT_E_INVALID, "no elements");
    oct_array *large = oct_array_zeros(pool, 100000, 100000);
    expect_failure(oct_array_rechunk(large, 100000, 100000), OCT_E_INVALID, "larger than 2 GiB");
    expect_failure(oct_array_rechunk(large, 1, 1), OCT_E_INVALID, "more than 1048576");
    oct_array_destroy(a);
    oct_array_destroy(b);
    oct_array_destroy(large);
}

static void a_chain_that_failed_tells_its_first_reason(void **state)
{
    (void)state;
    oct_array *a = oct_array_zeros(pool, 2, 2), *none = oct_array_reshape(a, 3, 1);
    expect_failure(oct_array_sum(oct_array_add(oct_array_exp(none), 1), OCT_ALL), OCT_E_INVALID,
                   "4 elements are not 3");
    expect_failure(oct_array_compute(none), OCT_E_INVALID, "4 elements are not 3");
    assert_int_equal(oct_array_print(none, stdout), OCT_E_INVALID);
    assert_int_equal(oct_array_explain(none, stdout), OCT_E_INVALID);
    oct_array_destroy(a);
}

static void an_element_that_fails_tells_why(void **state)
{
    (void)state;
    double sum;
    oct_array *numbers = oct_array_arange(pool, 0, 1, 100), *cut = oct_array_rechunk(numbers, 1, 10);
    oct_array *bad = oct_array_map(cut, picky), *more = oct_array_sum(bad, OCT_ALL);
    expect_failure(oct_array_compute(bad), OCT_E_INVALID, "13 is bad luck");
    assert_int_equal(oct_array_gather(more, &sum), OCT_E_INVALID);
    assert_string_equal(oct_last_error()->what, "13 is bad luck");
    oct_array *all[] = {numbers, cut, bad, more};
    for (int i = 0; i < 4; i++)
        oct_array_destroy(all[i]);
}

/* ---- as text ---- */

static void printed(oct_err (*print)(oct_array *, FILE *), oct_array *array, const char *wanted)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_int_equal(print(array, to), OCT_OK);
    fclose(to);
    assert_string_equal(text, wanted);
    free(text);
}

static void printing_shows_the_edges(void **state)
{
    (void)state;
    oct_array *a = oct_array_function(pool, 20, 3, number_of), *row = oct_array_arange(pool, -1, 0.5, 9);
    printed(oct_array_print, a,
            "array of 20 x 3\n"
            "      0      1      2\n"
            "   1000   1001   1002\n"
            "   2000   2001   2002\n"
            "  ...\n"
            "  17000  17001  17002\n"
            "  18000  18001  18002\n"
            "  19000  19001  19002\n");
    printed(oct_array_print, row, "array of 1 x 9\n    -1  -0.5     0  ...     2   2.5     3\n");
    oct_array_destroy(a);
    oct_array_destroy(row);
}

static oct_err explain_on_four(oct_array *array, FILE *to)
{
    return oct_array_explain_on(array, 4, to);
}

/* On a grid of 2 x 2 nodes each chunk of a and b goes to one other node. */
static void a_plan_shows_passes_and_the_bytes_that_move(void **state)
{
    (void)state;
    oct_array *a = oct_array_random(pool, 64, 64, 1), *cut = oct_array_rechunk(a, 16, 16);
    oct_array *shifted = oct_array_sub(cut, 0.5), *product = oct_array_matmul(shifted, cut);
    printed(explain_on_four, product,
            "1. one pass over 4 x 4 chunks of 16 x 16 (2.0 KiB): random, 0.5, sub: 16 tasks, 0 B moved\n"
            "2. one pass over 4 x 4 chunks of 16 x 16 (2.0 KiB): random: 16 tasks, 0 B moved\n"
            "3. matrix product by SUMMA on 2 x 2 nodes in 4 x 4 chunks of 16 x 16 (2.0 KiB), 4 deep: "
            "64 tasks, 64.0 KiB moved\n"
            "in all 96 tasks, 64.0 KiB between 4 nodes\n");
    uint64_t tasks, bytes;
    assert_int_equal(oct_array_cost(product, 4, &tasks, &bytes), OCT_OK);
    assert_int_equal(tasks, 96);
    assert_int_equal(bytes, 65536);
    assert_int_equal(oct_array_cost(product, 0, &tasks, &bytes), OCT_E_INVALID);
    oct_array *all[] = {a, cut, shifted, product};
    for (int i = 0; i < 4; i++)
        oct_array_destroy(all[i]);
}

int main(int argc, char **argv)
{
    pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_those_of_c),
        cmocka_unit_test(a_row_and_a_column_meet_all_others),
        cmocka_unit_test(what_is_cut_otherwise_goes_together),
        cmocka_unit_test(generated_elements_do_not_depend_on_chunks),
        cmocka_unit_test(long_and_wide_expressions_are_split_into_passes),
        cmocka_unit_test(an_endless_chain_is_refused_before_it_is_walked),
        cmocka_unit_test(what_is_used_twice_is_right_each_time),
        cmocka_unit_test(reductions_are_those_of_c),
        cmocka_unit_test(sums_keep_what_cancellation_would_lose),
        cmocka_unit_test(sums_are_within_their_bound),
        cmocka_unit_test(an_infinite_sum_is_infinite),
        cmocka_unit_test(shapes_change_and_elements_stay),
        cmocka_unit_test(a_transpose_meets_what_it_is_of),
        cmocka_unit_test(products_are_those_of_c),
        cmocka_unit_test(shapes_that_do_not_go_together_are_told),
        cmocka_unit_test(a_chain_that_failed_tells_its_first_reason),
        cmocka_unit_test(an_element_that_fails_tells_why),
        cmocka_unit_test(printing_shows_the_edges),
        cmocka_unit_test(a_plan_shows_passes_and_the_bytes_that_move),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    oct_pool_close(pool);
    return failed;
}
