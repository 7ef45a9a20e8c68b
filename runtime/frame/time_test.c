#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oct/oct.h"

static oct_pool *pool;
static char path[64];

static oct_frame *frame_of(const char *text)
{
    snprintf(path, sizeof(path), "/tmp/time_test.XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return oct_read_csv(pool, path);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static oct_frame *computed(oct_frame *frame)
{
    oct_frame *table = oct_frame_compute(frame);
    if (!table)
        fail_msg("%s", oct_last_error()->what);
    oct_frame_destroy(frame);
    return table;
}

static void destroy(oct_frame **frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        oct_frame_destroy(frames[i]);
}

#define DESTROY(...)                                                                                         \
    destroy((oct_frame *[]){__VA_ARGS__}, sizeof((oct_frame *[]){__VA_ARGS__}) / sizeof(oct_frame *))

static void expect(oct_frame *frame, oct_err code, const char *what, const char *hint)
{
    assert_null(frame);
    assert_int_equal(oct_last_error()->code, code);
    if (!strstr(oct_last_error()->what, what) || !strstr(oct_last_error()->hint, hint))
        fail_msg("'%s' (%s), expected '%s' (%s)", oct_last_error()->what, oct_last_error()->hint, what, hint);
}

static const char *const few = "at,x,y,s\n"
                               "2019-01-01 00:10:00,1,5,a\n"
                               "2019-01-01 00:00:00,3,,b\n"
                               ",9,9,c\n"
                               "2019-01-01 02:00:00,3,7,\n";

static void mistakes_are_told_where_they_are_made(void **state)
{
    (void)state;
    oct_frame *f = frame_of(few), *by_time = oct_frame_set_index(f, "at");
    assert_non_null(by_time);
    expect(oct_frame_set_index(f, "et"), OCT_E_NOTFOUND, "no column 'et'", "'at'");
    expect(oct_frame_set_index(f, "x"), OCT_E_TYPE, "column 'x' is of int64, expected dates or timestamps",
           "");
    expect(oct_frame_between(f, "2019-01-01", NULL), OCT_E_INVALID, "no index", "oct_frame_set_index");
    expect(oct_frame_between(by_time, "noon", NULL), OCT_E_INVALID, "'noon' is not a time such as", "");
    expect(oct_frame_rolling(f, "2 hours", "sum(x)"), OCT_E_INVALID, "no index", "oct_frame_set_index");
    expect(oct_frame_rolling(by_time, "2 bananas", "sum(x)"), OCT_E_INVALID, "'2 bananas' is not a length",
           "'20 rows'");
    expect(oct_frame_rolling(by_time, "1 month", "sum(x)"), OCT_E_INVALID, "not always as long", "");
    expect(oct_frame_rolling(f, "3 rows", "median(s)"), OCT_E_TYPE, "s", "");
    expect(oct_frame_rolling(f, "3 rows", "quantile(x, 1.5)"), OCT_E_INVALID, "is not an aggregate", "");
    expect(oct_frame_rolling(f, "3 rows", "sum(s)"), OCT_E_TYPE, "'sum(s)' is not of numbers", "");
    expect(oct_frame_rolling(f, "3 rows", "sum(z)"), OCT_E_NOTFOUND, "no column 'z'", "");
    expect(oct_frame_resample(f, "at", "0 days", "sum(x)"), OCT_E_INVALID, "'0 days' is not a length of time",
           "'15 minutes'");
    expect(oct_frame_resample(f, "x", "day", "sum(x)"), OCT_E_TYPE, "expected dates or timestamps", "");
    expect(oct_frame_resample(f, "at", "day", "x"), OCT_E_INVALID, "'x' is not an aggregate",
           "argmax(at, x)");
    expect(oct_frame_groupby(f, "s", "argmax(at)"), OCT_E_INVALID, "'argmax(at)' is not an aggregate", "");
    expect(oct_frame_groupby(f, "x", "argmax(at, s)"), OCT_E_TYPE, "is not by a number or a time", "");
    expect(oct_frame_assign(f, "z", "truncate(at, 5)"), OCT_E_TYPE, "column 14: expected a length of time",
           "");
    expect(oct_frame_assign(f, "z", "truncate(date(at), '1 hour')"), OCT_E_INVALID, "dates are whole days",
           "");
    expect(oct_frame_correlation(f, "x, s"), OCT_E_TYPE, "expected a number", "");
    expect(oct_frame_pivot(f, "s", "x", "sum(x), sum(y)"), OCT_E_INVALID, "one aggregate, not", "");
    expect(oct_frame_pivot(f, "s as `1`", "x", "sum(y)"), OCT_E_INVALID, "would be called '1'", "");
    DESTROY(f, by_time);
}

static void lengths_of_time_are_whole_numbers_of_known_units(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "5",
                                      "-1 day",
                                      "1.5 days",
                                      "1 day 2 hours",
                                      "minuts",
                                      "dayss",
                                      "0 weeks",
                                      "1 fortnight",
                                      "99999999999999999999 days",
                                      "300000000000 years"};
    static const char *const good[] = {"day",    "1 Day", "  12   hours ", "7days", "100 milliseconds",
                                       "2 years"};
    oct_frame *f = frame_of(few);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect(oct_frame_resample(f, "at", bad[i], "count()"), OCT_E_INVALID, "is not a length of time", "");
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        oct_frame *r = oct_frame_resample(f, "at", good[i], "count()");
        assert_non_null(r);
        oct_frame_destroy(r);
    }
    oct_frame_destroy(f);
}

static void stretches_without_rows_are_there_unless_they_are_too_many(void **state)
{
    (void)state;
    oct_frame *f = frame_of(few);
    oct_frame *t = computed(oct_frame_resample(f, "at", "30 minutes", "count(x) as n, max(x) as m"));
    assert_int_equal(oct_frame_rows(t), 5);
    const int64_t counts[] = {2, 0, 0, 0, 1};
    assert_memory_equal(oct_frame_int64s(t, "n"), counts, sizeof(counts));
    assert_true(oct_frame_is_null(t, "m", 1) && oct_frame_int64s(t, "m")[4] == 3);
    assert_true(oct_frame_int64s(t, "at")[1] - oct_frame_int64s(t, "at")[0] == INT64_C(1800000000));
    oct_frame *micros = oct_frame_resample(f, "at", "microsecond", "count()");
    expect(oct_frame_compute(micros), OCT_E_EXHAUSTED, "more than 50000000 stretches", "oct_frame_where");
    DESTROY(f, t, micros);
}

static void an_index_stays_as_long_as_its_column_and_order_do(void **state)
{
    (void)state;
    oct_frame *f = frame_of(few), *i = oct_frame_set_index(f, "at"), *held = oct_frame_compute(i);
    oct_frame *kept = oct_frame_select(held, "x + 1 as z, at, x"), *where = oct_frame_where(kept, "z > 0");
    oct_frame *slice = oct_frame_between(where, "2019-01-01 00:10:00", "2019-01-01 02:00:00");
    oct_frame *t = computed(slice);
    assert_int_equal(oct_frame_rows(t), 1);
    assert_int_equal(oct_frame_int64s(t, "x")[0], 1);
    oct_frame *assigned = oct_frame_assign(kept, "at", "at");
    oct_frame *other = oct_frame_select(kept, "truncate(at, 'day') as at");
    oct_frame *sorted = oct_frame_sort(kept, "x");
    oct_frame *lost[] = {assigned, other, sorted};
    for (size_t n = 0; n < 3; n++)
        expect(oct_frame_between(lost[n], NULL, NULL), OCT_E_INVALID, "no index", "");
    oct_frame *known = computed(oct_frame_between(held, NULL, NULL));
    assert_int_equal(oct_frame_rows(known), 3);
    DESTROY(f, i, held, kept, where, t, assigned, other, sorted, known);
}

/* A window's sum knows nothing of what has left it; and steps after it are of the same pass. */
static void windows_forget_what_leaves_them_and_fuse_with_what_follows(void **state)
{
    (void)state;
    oct_frame *f = frame_of("x,y\n1e300,1\n1,1\nnan,1\n0.1,1\n0.2,1\n,1\n4,1\n");
    oct_frame *r = oct_frame_rolling(f, "2 rows", "sum(x) as s, count(x) as n, std(x) as d");
    oct_frame *t = oct_frame_compute(r);
    assert_non_null(t);
    const double *s = oct_frame_doubles(t, "s");
    assert_true(s[0] == 1e300 && s[1] == 1e300 && isnan(s[2]) && isnan(s[3]));
    assert_true(s[4] == 0.1 + 0.2 && s[5] == 0.2 && s[6] == 4);
    assert_int_equal(oct_frame_int64s(t, "n")[5], 1);
    assert_true(oct_frame_is_null(t, "d", 0) && !oct_frame_is_null(t, "d", 4));
    oct_frame *w = oct_frame_where(r, "s < 5"), *g = oct_frame_groupby(w, "1 as all", "max(s) as m");
    char *plan = NULL;
    size_t size;
    FILE *to = open_memstream(&plan, &size);
    assert_int_equal(oct_frame_explain(g, to), OCT_OK);
    fclose(to);
    assert_non_null(strstr(plan, "  windows of 2 rows: sum(x) as s"));
    assert_non_null(strstr(plan, "  where s < 5\n  group each chunk"));
    free(plan);
    oct_frame *m = computed(g);
    assert_true(oct_frame_doubles(m, "m")[0] == 4);
    DESTROY(f, r, t, w, m);
}

enum { DRAWN = 66000, WIDTH = 7 }; /* rows: more than a chunk */

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Of the numbers of a window, by sorting them; NaN where there is one. */
static double quantile_of(double *numbers, size_t count, double q)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(numbers[i]))
            return NAN;
    qsort(numbers, count, sizeof(*numbers), ascending);
    double place = (double)(count - 1) * q;
    size_t low = (size_t)place;
    return low + 1 < count ? numbers[low] + (numbers[low + 1] - numbers[low]) * (place - (double)low)
                           : numbers[low];
}

static bool is_close(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) < 1e-9;
}

/* Rows of few different numbers, some null or NaN, and of three texts or none; one stretch has no number. */
static void draw_rows(double *x, int *text, bool *null)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    srand(5);
    for (int i = 0; i < DRAWN; i++) {
        null[i] = rand() % 5 == 0 || (i > 100 && i < 120);
        x[i] = rand() % 50 == 0 ? NAN : (rand() % 40 - 20) / 4.0;
        text[i] = rand() % 4;
        char number[32] = "";
        if (!null[i])
            snprintf(number, sizeof(number), isnan(x[i]) ? "nan" : "%.2f", x[i]);
        fprintf(file, "%d,%s,%.*s\n", i, number, text[i], "ccc");
    }
    fclose(file);
}

static void medians_and_different_values_of_windows_are_those_of_a_sort_of_each(void **state)
{
    (void)state;
    double *x = malloc(DRAWN * sizeof(*x));
    int *text = malloc(DRAWN * sizeof(*text));
    bool *null = malloc(DRAWN * sizeof(*null));
    assert_true(x && text && null);
    oct_frame_destroy(frame_of("i,x,s\n"));
    draw_rows(x, text, null);
    oct_frame *f = oct_read_csv(pool, path);
    oct_frame *t = computed(oct_frame_rolling(
        f, "7 rows",
        "median(x) as m, quantile(x, 0.9) as q, nunique(s) as u, nunique(x) as ux, count(x) as n"));
    assert_int_equal(oct_frame_rows(t), DRAWN);
    for (int i = 0; i < DRAWN; i++) {
        double in[WIDTH], again[WIDTH];
        bool seen[4] = {false};
        size_t count = 0;
        for (int k = i < WIDTH ? 0 : i - WIDTH + 1; k <= i; k++) {
            seen[text[k]] = true;
            if (!null[k])
                in[count++] = x[k];
        }
        memcpy(again, in, sizeof(in));
        assert_int_equal(oct_frame_int64s(t, "u")[i], seen[1] + seen[2] + seen[3]);
        assert_int_equal(oct_frame_int64s(t, "n")[i], count);
        assert_true(oct_frame_is_null(t, "m", (size_t)i) == (count == 0));
        if (count > 0 && (!is_close(oct_frame_doubles(t, "m")[i], quantile_of(in, count, 0.5)) ||
                          !is_close(oct_frame_doubles(t, "q")[i], quantile_of(again, count, 0.9))))
            fail_msg("row %d: median %g, quantile %g, expected %g and %g", i, oct_frame_doubles(t, "m")[i],
                     oct_frame_doubles(t, "q")[i], quantile_of(in, count, 0.5),
                     quantile_of(again, count, 0.9));
        size_t different = 0;
        for (size_t a = 0; a < count; a++) {
            bool before = false;
            for (size_t b = 0; b < a; b++)
                before = before || in[a] == in[b] || (isnan(in[a]) && isnan(in[b]));
            different += !before;
        }
        assert_int_equal(oct_frame_int64s(t, "ux")[i], different);
    }
    free(x);
    free(text);
    free(null);
    DESTROY(f, t);
}

static void the_row_of_the_largest_is_the_first_and_nulls_are_passed_over(void **state)
{
    (void)state;
    oct_frame *f = frame_of("k,v,x,w\n1,10,1,1\n1,11,3,1\n1,12,3,\n1,,9,\n2,20,nan,\n2,21,5,\n3,30,,\n");
    oct_frame *t = computed(oct_frame_groupby(f, "k", "argmax(v, x) as high, argmin(v, x) as low"));
    assert_int_equal(oct_frame_int64s(t, "high")[0], 11);
    assert_int_equal(oct_frame_int64s(t, "low")[0], 10);
    assert_int_equal(oct_frame_int64s(t, "high")[1], 20); /* NaN, as for max */
    assert_true(oct_frame_is_null(t, "high", 2) && oct_frame_is_null(t, "low", 2));
    DESTROY(f, t);
}

enum { ROWS = 200000 };

/* Small differences between large numbers, over many chunks: the textbook's sum of squares has no digit left.
 */
static void correlation_is_exact_far_from_zero_and_null_without_a_difference(void **state)
{
    (void)state;
    oct_frame *f = frame_of("x,y,same\n");
    FILE *file = fopen(path, "a");
    long double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    srand(3);
    int *x = malloc(ROWS * sizeof(*x)), *y = malloc(ROWS * sizeof(*y));
    for (int i = 0; i < ROWS; i++) {
        x[i] = rand() % 1000;
        y[i] = x[i] / 2 + rand() % 1000;
        fprintf(file, "%.1f,%d,0.1\n", 1e12 + x[i], y[i]);
        mx += x[i] / (long double)ROWS;
        my += y[i] / (long double)ROWS;
    }
    fclose(file);
    for (int i = 0; i < ROWS; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    free(x);
    free(y);
    oct_frame_destroy(f);
    oct_frame *numbers = oct_read_csv(pool, path), *t = computed(oct_frame_correlation(numbers, NULL));
    double wanted = (double)(xy / sqrtl(xx * yy));
    assert_int_equal(oct_frame_rows(t), 3);
    assert_true(fabs(oct_frame_doubles(t, "x")[1] - wanted) < 1e-9);
    assert_true(oct_frame_doubles(t, "y")[0] == oct_frame_doubles(t, "x")[1]);
    assert_true(oct_frame_doubles(t, "x")[0] == 1);
    assert_true(oct_frame_is_null(t, "same", 0) && oct_frame_is_null(t, "same", 2));
    DESTROY(numbers, t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(mistakes_are_told_where_they_are_made, remove_file),
        cmocka_unit_test_teardown(lengths_of_time_are_whole_numbers_of_known_units, remove_file),
        cmocka_unit_test_teardown(stretches_without_rows_are_there_unless_they_are_too_many, remove_file),
        cmocka_unit_test_teardown(an_index_stays_as_long_as_its_column_and_order_do, remove_file),
        cmocka_unit_test_teardown(windows_forget_what_leaves_them_and_fuse_with_what_follows, remove_file),
        cmocka_unit_test_teardown(medians_and_different_values_of_windows_are_those_of_a_sort_of_each,
                                  remove_file),
        cmocka_unit_test_teardown(the_row_of_the_largest_is_the_first_and_nulls_are_passed_over, remove_file),
        cmocka_unit_test_teardown(correlation_is_exact_far_from_zero_and_null_without_a_difference,
                                  remove_file),
    };
    pool = oct_pool_open(&argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    oct_pool_close(pool);
    return failed;
}
