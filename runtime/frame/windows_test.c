#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oct/oct.h"

enum { ROWS = 70000, CHUNK = 65536 };

typedef struct row {
    bool null;
    double x;
    int64_t k; /* null where x is not */
} row;

static oct_pool *pool;
static row *rows;

/* "x,k" and lines, as a file that is gone once it is read. */
static oct_frame *table_of(oct_pool *on, const char *lines)
{
    char path[] = "/tmp/windows_test.XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(file);
    fputs("x,k\n", file);
    if (lines)
        fputs(lines, file);
    for (int i = 0; !lines && i < ROWS; i++)
        if (rows[i].null)
            fprintf(file, ",%lld\n", (long long)rows[i].k);
        else
            fprintf(file, "%.17g,\n", rows[i].x);
    fclose(file);
    oct_frame *read = oct_read_csv(on, path), *table = oct_frame_compute(read);
    unlink(path);
    if (!table)
        fail_msg("%s", oct_last_error()->what);
    oct_frame_destroy(read);
    return table;
}

static oct_frame *rolled(oct_frame *table, size_t width, const char *aggregates)
{
    char window[32];
    snprintf(window, sizeof(window), "%zu rows", width);
    oct_frame *asked = oct_frame_rolling(table, window, aggregates), *made = oct_frame_compute(asked);
    if (!made)
        fail_msg("%s", oct_last_error()->what);
    oct_frame_destroy(asked);
    return made;
}

static double draw(int i)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, 1e16, -1e16, 1, -0.0};
    if (i >= 2000 && i < 2300) /* large ones that cancel, and small ones behind them */
        return i % 3 == 0 ? 1e16 : i % 3 == 1 ? 1 : -1e16;
    return rand() % 40 == 0 ? odd[rand() % 8] : rand() % 4000 / 7.0 - 200;
}

/* Pairs of extremes follow each other at once, so that no window's sum is beyond one. */
static int make_rows(void **state)
{
    (void)state;
    rows = malloc(ROWS * sizeof(*rows));
    assert_non_null(rows);
    srand(11);
    bool least = false;
    for (int i = 0; i < ROWS; i++) {
        rows[i].null = i > 0 && (rand() % 6 == 0 || (i > 300 && i < 450));
        rows[i].x = i == 0 ? 0.5 : draw(i);
        rows[i].k = least ? INT64_MIN + 70000 : rand() % 3 - 1;
        if (rows[i].null) {
            bool most = !least && rand() % 20 == 0;
            rows[i].k = most ? INT64_MAX - 70000 : rows[i].k;
            least = most;
        }
    }
    return 0;
}

static int drop_rows(void **state)
{
    (void)state;
    free(rows);
    return 0;
}

/* What a window has, found by going through it. */
typedef struct found {
    int64_t n, whole_n, whole_least;
    long double sum, magnitude;
    __int128 whole;
    double least, most;
} found;

static found look(size_t first, size_t last)
{
    found f = {.least = INFINITY, .most = -INFINITY, .whole_least = INT64_MAX};
    for (size_t i = first; i <= last; i++) {
        if (rows[i].null) {
            f.whole_n++;
            f.whole += rows[i].k;
            f.whole_least = rows[i].k < f.whole_least ? rows[i].k : f.whole_least;
            continue;
        }
        f.n++;
        f.sum += rows[i].x;
        f.magnitude += fabs(rows[i].x);
        f.least = isnan(rows[i].x) || rows[i].x < f.least ? rows[i].x : f.least;
        f.most = isnan(rows[i].x) || rows[i].x > f.most ? rows[i].x : f.most;
    }
    return f;
}

static bool is_same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

/* Within the bound of windows.h: the sum is rounded n - 1 times, a mean once more. */
static bool is_sum(double got, long double sum, const found *f, int64_t roundings)
{
    if (!isfinite((double)sum))
        return is_same(got, (double)sum);
    return fabsl(got - sum) <= (long double)roundings * (DBL_EPSILON / 2) * f->magnitude;
}

static void check_window(oct_frame *t, size_t width, size_t last)
{
    found f = look(last + 1 < width ? 0 : last + 1 - width, last);
    double sum = oct_frame_doubles(t, "s")[last], mean = oct_frame_doubles(t, "m")[last];
    double least = oct_frame_doubles(t, "low")[last], most = oct_frame_doubles(t, "high")[last];
    assert_int_equal(oct_frame_int64s(t, "n")[last], f.n);
    for (int i = 0; i < 4; i++)
        assert_int_equal(oct_frame_is_null(t, (const char *[]){"s", "m", "low", "high"}[i], last), f.n == 0);
    if (f.n > 0 && (!is_sum(sum, f.sum, &f, f.n) || !is_same(least, f.least) || !is_same(most, f.most)))
        fail_msg("%zu rows to %zu: sum %.17g, least %.17g, most %.17g, expected %.17Lg, %.17g, %.17g", width,
                 last, sum, least, most, f.sum, f.least, f.most);
    if (f.n > 0 && !is_sum(mean * (double)f.n, f.sum, &f, f.n + 2))
        fail_msg("%zu rows to %zu: mean %.17g of %lld, expected %.17Lg", width, last, mean, (long long)f.n,
                 f.sum / f.n);
    assert_int_equal(oct_frame_is_null(t, "w", last), f.whole_n == 0);
    assert_int_equal(oct_frame_is_null(t, "wlow", last), f.whole_n == 0);
    if (f.whole_n > 0) {
        assert_int_equal(oct_frame_int64s(t, "w")[last], (int64_t)f.whole);
        assert_int_equal(oct_frame_int64s(t, "wlow")[last], f.whole_least);
    }
}

static const char *const all = "sum(x) as s, mean(x) as m, min(x) as low, max(x) as high, count(x) as n, "
                               "sum(k) as w, min(k) as wlow";

/* All windows of few rows, and of many those about the ends of chunks and some between. */
static bool is_looked_at(size_t width, size_t last)
{
    size_t every = width <= 7 ? 1 : width <= 64 ? 11 : 4999;
    return last % every == 0 || (last + 3 > CHUNK && last < CHUNK + 3) || last + 1 == ROWS;
}

static void windows_have_what_their_rows_have(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 2, 3, 7, 64, 1000, 65537, 1000000};
    oct_frame *table = table_of(pool, NULL);
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        oct_frame *t = rolled(table, widths[w], all);
        assert_int_equal(oct_frame_rows(t), ROWS);
        for (size_t i = 0; i < ROWS; i++)
            if (is_looked_at(widths[w], i))
                check_window(t, widths[w], i);
        oct_frame_destroy(t);
    }
    oct_frame_destroy(table);
}

static void what_leaves_a_window_leaves_no_trace(void **state)
{
    (void)state;
    oct_frame *table =
        table_of(pool, "0.1,1\n1e16,1\n1,1\n-1e16,1\n0.1,1\n0.2,1\ninf,1\n0.1,1\n-inf,1\n0.1,1\n"
                       "0.2,1\n-0.0,1\n-0.0,1\n0.0,1\n1e308,1\n0.1,1\n0.2,1\n");
    oct_frame *t = rolled(table, 2, "sum(x) as s, max(x) as high");
    const double *s = oct_frame_doubles(t, "s"), *high = oct_frame_doubles(t, "high");
    assert_true(s[5] == 0.1 + 0.2 && s[10] == 0.1 + 0.2 && s[16] == 0.1 + 0.2);
    assert_true(s[6] == INFINITY && s[7] == INFINITY && s[8] == -INFINITY && s[9] == -INFINITY);
    assert_true(signbit(s[12]) && !signbit(s[13]) && high[8] == 0.1 && signbit(high[13]));
    oct_frame_destroy(t);
    t = rolled(table, 3, "sum(x) as s");
    assert_true(oct_frame_doubles(t, "s")[5] == -1e16 && isnan(oct_frame_doubles(t, "s")[8]));
    oct_frame_destroy(t);
    oct_frame_destroy(table);
}

static void whole_sums_need_to_fit_only_where_a_window_ends(void **state)
{
    (void)state;
#define LEAST "-9223372036854775808"
#define MOST "9223372036854775807"
    oct_frame *table =
        table_of(pool, "1," LEAST "\n1," MOST "\n1," MOST "\n1," LEAST "\n1," MOST "\n1," MOST "\n");
    oct_frame *t = rolled(table, 3, "sum(k) as s, max(k) as high");
    const int64_t wanted[] = {INT64_MIN, -1, INT64_MAX - 1, INT64_MAX - 1, INT64_MAX - 1, INT64_MAX - 1};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(oct_frame_int64s(t, "s")[i], wanted[i]);
    oct_frame_destroy(t);
    oct_frame *two = oct_frame_rolling(table, "2 rows", "sum(k) as s");
    assert_null(oct_frame_compute(two));
    assert_int_equal(oct_last_error()->code, OCT_E_INVALID);
    assert_non_null(strstr(oct_last_error()->what, "'sum(k)' does not fit 64 bits"));
    oct_frame_destroy(two);
    oct_frame_destroy(table);
}

/* Of no rows, and of rows of which all in a chunk are left out. */
static void windows_of_few_rows_or_none_are_of_those_that_there_are(void **state)
{
    (void)state;
    oct_frame *table = table_of(pool, NULL);
    oct_frame *none = oct_frame_where(table, "k > 0 and k < 0"), *t = rolled(none, 5, all);
    assert_int_equal(oct_frame_rows(t), 0);
    oct_frame_destroy(t);
    oct_frame *extremes = oct_frame_where(table, "k > 1000");
    t = rolled(extremes, 1000000, "count(k) as n, count() as c, sum(x) as s");
    size_t last = oct_frame_rows(t) - 1;
    assert_int_equal(oct_frame_int64s(t, "n")[last], last + 1);
    assert_int_equal(oct_frame_int64s(t, "c")[last], last + 1);
    assert_true(oct_frame_is_null(t, "s", last));
    oct_frame *all_of[] = {table, none, extremes, t};
    for (size_t i = 0; i < sizeof(all_of) / sizeof(all_of[0]); i++)
        oct_frame_destroy(all_of[i]);
}

static void sums_are_the_same_to_the_bit_whatever_the_workers(void **state)
{
    (void)state;
    oct_pool *single;
    assert_int_equal(oct_pool_open_spec("threads:1", &single, NULL), OCT_OK);
    oct_frame *table = table_of(pool, NULL), *other = table_of(single, NULL);
    oct_frame *t = rolled(table, 1000, "sum(x) as s"), *o = rolled(other, 1000, "sum(x) as s");
    for (size_t i = 0; i < ROWS; i++)
        if (!oct_frame_is_null(t, "s", i) && !isnan(oct_frame_doubles(t, "s")[i]))
            assert_memory_equal(&oct_frame_doubles(t, "s")[i], &oct_frame_doubles(o, "s")[i], sizeof(double));
    oct_frame *all_of[] = {table, other, t, o};
    for (size_t i = 0; i < sizeof(all_of) / sizeof(all_of[0]); i++)
        oct_frame_destroy(all_of[i]);
    oct_pool_close(single);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_have_what_their_rows_have),
        cmocka_unit_test(what_leaves_a_window_leaves_no_trace),
        cmocka_unit_test(whole_sums_need_to_fit_only_where_a_window_ends),
        cmocka_unit_test(windows_of_few_rows_or_none_are_of_those_that_there_are),
        cmocka_unit_test(sums_are_the_same_to_the_bit_whatever_the_workers),
    };
    pool = oct_pool_open(&argc, argv);
    int failed = cmocka_run_group_tests(tests, make_rows, drop_rows);
    oct_pool_close(pool);
    return failed;
}
