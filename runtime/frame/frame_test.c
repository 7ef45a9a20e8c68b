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

static FILE *begin_file(void)
{
    snprintf(path, sizeof(path), "/tmp/frame_test.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    return fdopen(fd, "w");
}

static oct_frame *frame_of(const char *text, const oct_csv_options *options)
{
    FILE *file = begin_file();
    fputs(text, file);
    fclose(file);
    return oct_read_csv_with(pool, path, options);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void assert_text(const oct_frame *frame, const char *column, size_t row, const char *wanted)
{
    size_t size = 0;
    const char *text = oct_frame_string(frame, column, row, &size);
    assert_non_null(text);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(text, wanted, size);
}

static void fields_are_quoted_empty_unicode_and_end_in_crlf(void **state)
{
    (void)state;
    oct_frame *f =
        frame_of("\xef\xbb\xbfid,\"na\"\"me\",when\r\n"
                 "1,\"a,\"\"b\"\"\r\nc\",2019-01-31\r\n\r\n-9223372036854775808,\"\",\r\n3,Zürich,1969-12-31",
                 NULL);
    assert_non_null(f);
    oct_frame *t = oct_frame_compute(f);
    assert_non_null(t);
    assert_int_equal(oct_frame_rows(t), 3);
    assert_true(oct_frame_int64s(t, "id")[1] == INT64_MIN);
    assert_text(t, "na\"me", 0, "a,\"b\"\r\nc");
    assert_text(t, "na\"me", 1, "");
    assert_text(t, "na\"me", 2, "Zürich");
    assert_true(oct_frame_is_null(t, "when", 1));
    assert_true(oct_frame_int64s(t, "when")[2] == -86400000);
    oct_frame_destroy(f);
    oct_frame_destroy(t);
}

enum { ROWS = 120000, KEYS = 5 };

/* More than two chunks; texts have newlines and doubled quotes wherever chunks may begin. */
static void group_by_agrees_with_a_loop_though_quotes_cross_chunks(void **state)
{
    (void)state;
    FILE *file = begin_file();
    double sum[KEYS + 1] = {0}, square[KEYS + 1] = {0}, least[KEYS + 1];
    int64_t rows[KEYS + 1] = {0}, values[KEYS + 1] = {0};
    fprintf(file, "text,key,x\n");
    srand(11);
    for (int i = 0; i < ROWS; i++) {
        int key = rand() % 100 < 90 ? 0 : rand() % (KEYS + 1);
        double x = (rand() % 20001 - 10000) / 8.0; /* exact sums, in any order */
        if (key < KEYS)
            fprintf(file, "\"%d,\n1,\"\"2\n\n\",k%d,", i, key);
        else
            fprintf(file, "\"%d\n,,\n\",,", i);
        bool kept = x > -1200;
        rows[key] += kept;
        if (rand() % 10 == 0) {
            rows[key] -= kept; /* null > -1200 is not true */
            fprintf(file, "\n");
            continue;
        }
        fprintf(file, "%.3f\n", x);
        if (!kept)
            continue;
        least[key] = values[key]++ == 0 || x < least[key] ? x : least[key];
        sum[key] += x;
        square[key] += x * x;
    }
    fclose(file);
    oct_frame *f = oct_read_csv(pool, path), *kept = oct_frame_where(f, "x > -1200");
    oct_frame *y = oct_frame_assign(kept, "y", "x * 2 - x");
    oct_frame *g =
        oct_frame_groupby(y, "key", "count() as n, sum(y) as s, mean(x), min(x) as m, std(x) as d");
    oct_frame *t = oct_frame_compute(g);
    if (!t)
        fail_msg("%s", oct_last_error()->what);
    assert_int_equal(oct_frame_rows(t), KEYS + 1);
    for (size_t k = 0; k <= KEYS; k++) {
        double n = (double)values[k], variance = (square[k] - sum[k] * sum[k] / n) / (n - 1);
        assert_int_equal(oct_frame_int64s(t, "n")[k], rows[k]);
        assert_true(oct_frame_doubles(t, "s")[k] == sum[k]);
        assert_true(oct_frame_doubles(t, "mean(x)")[k] == sum[k] / n);
        assert_true(oct_frame_doubles(t, "m")[k] == least[k]);
        assert_true(fabs(oct_frame_doubles(t, "d")[k] - sqrt(variance)) < 1e-9 * sqrt(variance));
    }
    assert_true(oct_frame_is_null(t, "key", KEYS));
    assert_text(t, "key", 0, "k0");
    oct_frame *all[] = {f, kept, y, g, t};
    for (size_t i = 0; i < 5; i++)
        oct_frame_destroy(all[i]);
}

static void sums_are_the_same_bits_on_any_number_of_workers(void **state)
{
    (void)state;
    FILE *file = begin_file();
    fprintf(file, "x\n");
    srand(5);
    for (int i = 0; i < 400000; i++)
        fprintf(file, "%.9g\n", ldexp(rand(), rand() % 80 - 40));
    fclose(file);
    oct_pool *other;
    double sums[2];
    assert_int_equal(oct_pool_open_spec("threads:1", &other, NULL), OCT_OK);
    for (int i = 0; i < 2; i++) {
        oct_frame *f = oct_read_csv(i ? other : pool, path),
                  *g = oct_frame_groupby(f, "x > 0 as k", "sum(x) as s");
        oct_frame *t = oct_frame_compute(g);
        assert_non_null(t);
        sums[i] = oct_frame_doubles(t, "s")[oct_frame_rows(t) - 1];
        oct_frame_destroy(f);
        oct_frame_destroy(g);
        oct_frame_destroy(t);
    }
    assert_memory_equal(&sums[0], &sums[1], sizeof(double));
    oct_pool_close(other);
}

enum { GROUPS = 70000 };

/* Each group once in a file: x in eighths, so that sums are exact, and one group of nulls. */
static void write_groups(const char *to, int number)
{
    FILE *file = fopen(to, "w");
    assert_non_null(file);
    fprintf(file, "key,text,x,big\n");
    for (int i = 0; i < GROUPS; i++) {
        int key = (int)((int64_t)i * 7919 % GROUPS);
        if (key == 0)
            fprintf(file, ",,%d,1\n", number);
        else
            fprintf(file, "%d,t%d,%.3f,%s\n", key - GROUPS / 2, key % 3, (key + number) / 8.0,
                    key == 5 ? "9223372036854775807" : "1");
    }
    fclose(file);
}

static void groups_that_are_too_many_for_one_table_are_merged_file_after_file(void **state)
{
    (void)state;
    char second[80], pattern[80];
    fclose(begin_file());
    snprintf(second, sizeof(second), "%s.2", path);
    snprintf(pattern, sizeof(pattern), "%s*", path);
    write_groups(path, 1);
    write_groups(second, 2);
    oct_frame *f = oct_read_csv(pool, pattern);
    oct_frame *g =
        oct_frame_groupby(f, "key, text", "sum(x) as s, first(x) as x, count() as n, median(x) as m");
    oct_frame *t = oct_frame_compute(g);
    if (!t)
        fail_msg("%s", oct_last_error()->what);
    assert_int_equal(oct_frame_rows(t), GROUPS);
    for (int i = 0; i < GROUPS; i++) { /* in order of keys, null last */
        int key = i + 1 < GROUPS ? i + 1 : 0;
        double x = key ? (key + 1) / 8.0 : 1, y = key ? (key + 2) / 8.0 : 2;
        assert_int_equal(oct_frame_is_null(t, "key", (size_t)i), key == 0);
        if (key)
            assert_int_equal(oct_frame_int64s(t, "key")[i], key - GROUPS / 2);
        assert_true(oct_frame_doubles(t, "s")[i] == x + y);
        assert_true(oct_frame_doubles(t, "x")[i] == x);
        assert_true(oct_frame_doubles(t, "m")[i] == (x + y) / 2);
        assert_int_equal(oct_frame_int64s(t, "n")[i], 2);
    }
    oct_frame *over = oct_frame_groupby(f, "key", "sum(big) as s"), *failed = oct_frame_compute(over);
    assert_null(failed);
    assert_non_null(strstr(oct_last_error()->what, "sum(big)"));
    oct_frame *all[] = {f, g, t, over};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        oct_frame_destroy(all[i]);
    unlink(second);
}

/* A line has 20 bytes or more, so that a chunk has a key once at most: then a group's values meet one by one,
 * in the order of chunks, and the bits of a sum are those of a loop, whatever merged the groups. */
static void many_sums_have_the_bits_of_a_loop(void **state)
{
    enum { ROUNDS = 5 };
    (void)state;
    double *sums = calloc(GROUPS, sizeof(*sums));
    assert_non_null(sums);
    FILE *file = begin_file();
    fprintf(file, "key,x\n");
    for (int i = 0; i < ROUNDS * GROUPS; i++) {
        char x[32];
        snprintf(x, sizeof(x), "%.17f", 1 / (i + 3.0));
        fprintf(file, "%d,%s\n", i % GROUPS, x);
        sums[i % GROUPS] += strtod(x, NULL);
    }
    fclose(file);
    oct_frame *f = oct_read_csv(pool, path), *g = oct_frame_groupby(f, "key", "sum(x) as s");
    oct_frame *t = oct_frame_compute(g);
    if (!t)
        fail_msg("%s", oct_last_error()->what);
    assert_int_equal(oct_frame_rows(t), GROUPS);
    assert_memory_equal(oct_frame_doubles(t, "s"), sums, GROUPS * sizeof(*sums));
    oct_frame_destroy(f);
    oct_frame_destroy(g);
    oct_frame_destroy(t);
    free(sums);
}

/* A table of the lines that `write` writes. */
static oct_frame *table_of(int rows, void (*write)(FILE *file, int row))
{
    FILE *file = begin_file();
    for (int i = -1; i < rows; i++)
        write(file, i);
    fclose(file);
    oct_frame *f = oct_read_csv(pool, path), *t = oct_frame_compute(f);
    if (!t)
        fail_msg("%s", oct_last_error()->what);
    oct_frame_destroy(f);
    unlink(path);
    return t;
}

enum { TIMES_EACH = 120, COMING_AGAIN = 5000 };

static void write_coming_again(FILE *file, int row)
{
    int key = (int)((int64_t)row * 7919 % COMING_AGAIN);
    if (row < 0)
        fprintf(file, "key,text,x\n");
    else
        fprintf(file, "%d,t%05d%s,%d.5\n", key, key, key % 2 ? "" : "+", row % 16);
}

/* Groups that come again, so that chunks after the first wave are larger: by numbers, and by texts. */
static void groups_of_a_table_are_whole_whatever_its_chunks(void **state)
{
    (void)state;
    oct_frame *f = table_of(TIMES_EACH * COMING_AGAIN, write_coming_again);
    static const char *const keys[] = {"key", "text"};
    double *sums = calloc(COMING_AGAIN, sizeof(*sums));
    assert_non_null(sums);
    for (int i = 0; i < TIMES_EACH * COMING_AGAIN; i++)
        sums[(int64_t)i * 7919 % COMING_AGAIN] += i % 16 + 0.5;
    for (int k = 0; k < 2; k++) {
        oct_frame *g = oct_frame_groupby(f, keys[k], "sum(x) as s, count() as n, mean(x) as m");
        oct_frame *t = oct_frame_compute(g);
        if (!t)
            fail_msg("%s", oct_last_error()->what);
        assert_int_equal(oct_frame_rows(t), COMING_AGAIN);
        assert_memory_equal(oct_frame_doubles(t, "s"), sums, COMING_AGAIN * sizeof(*sums));
        for (int i = 0; i < COMING_AGAIN; i++) {
            assert_int_equal(oct_frame_int64s(t, "n")[i], TIMES_EACH);
            assert_true(oct_frame_doubles(t, "m")[i] == sums[i] / TIMES_EACH);
        }
        oct_frame_destroy(g);
        oct_frame_destroy(t);
    }
    oct_frame_destroy(f);
    free(sums);
}

enum { RIGHT_KEYS = 40000, LEFT_ROWS = 90000 };

static void write_right(FILE *file, int row)
{
    if (row < 0)
        fprintf(file, "key,w\n");
    else if (row % RIGHT_KEYS == 7)
        fprintf(file, ",%d\n", row); /* a null, which nothing matches */
    else
        fprintf(file, "%d,%d\n", row % RIGHT_KEYS * 2, row);
}

static void write_left(FILE *file, int row)
{
    if (row < 0)
        fprintf(file, "key,v\n");
    else
        fprintf(file, "%d,%d\n", row, row);
}

/* Of each even key there are two rows in the table, far from each other. */
static void a_large_table_is_joined_in_its_order(void **state)
{
    (void)state;
    oct_frame *right = table_of(2 * RIGHT_KEYS, write_right), *left = table_of(LEFT_ROWS, write_left);
    oct_frame *j = oct_frame_join(left, right, "key", OCT_JOIN_LEFT), *t = oct_frame_compute(j);
    if (!t)
        fail_msg("%s", oct_last_error()->what);
    size_t row = 0;
    for (int key = 0; key < LEFT_ROWS; key++) {
        int matches = key % 2 == 0 && key < 2 * RIGHT_KEYS && key != 14 ? 2 : 0;
        assert_int_equal(oct_frame_int64s(t, "v")[row], key);
        assert_true(oct_frame_is_null(t, "w", row) == (matches == 0));
        for (int i = 0; i < matches; i++)
            assert_int_equal(oct_frame_int64s(t, "w")[row + (size_t)i], key / 2 + i * RIGHT_KEYS);
        row += matches ? 2 : 1;
    }
    assert_int_equal(oct_frame_rows(t), row);
    oct_frame *all[] = {left, right, j, t};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        oct_frame_destroy(all[i]);
}

static const char *const bad_lines = "a,b\n1,2\n\n\"3\",4\nx,5\n6\n7,8\n";

static void a_malformed_line_is_told_with_file_line_and_what_was_expected(void **state)
{
    (void)state;
    oct_frame *f = frame_of(bad_lines, &(oct_csv_options){.types = "a int64"});
    assert_non_null(f);
    assert_null(oct_frame_compute(f));
    assert_int_equal(oct_last_error()->code, OCT_E_INVALID);
    assert_non_null(strstr(oct_last_error()->what, path));
    assert_non_null(strstr(oct_last_error()->what, "line 6: 1 fields, expected 2"));
    oct_frame_destroy(f);
    unlink(path);
    f = frame_of("a\n1\nx\n", &(oct_csv_options){.types = "a int64"});
    assert_null(oct_frame_compute(f));
    assert_non_null(strstr(oct_last_error()->what, "line 3: column 'a' has 'x', expected an int64"));
    oct_frame_destroy(f);
    unlink(path);
    assert_null(frame_of("a\n\"1\n", NULL)); /* found while types are inferred */
    assert_non_null(strstr(oct_last_error()->what, "line 2: a quote is not closed"));
}

static void malformed_lines_are_skipped_and_counted_when_asked(void **state)
{
    (void)state;
    oct_frame *f = frame_of(bad_lines, &(oct_csv_options){.types = "a int64", .skip_malformed = true});
    oct_frame *t = oct_frame_compute(f);
    assert_non_null(t);
    assert_int_equal(oct_frame_rows(t), 3);
    assert_int_equal(oct_frame_skipped(t), 2);
    assert_int_equal(oct_frame_int64s(t, "a")[2], 7);
    oct_frame_destroy(f);
    oct_frame_destroy(t);
}

static void expect_hint(oct_frame *frame, oct_err code, const char *what, const char *hint)
{
    assert_null(frame);
    assert_int_equal(oct_last_error()->code, code);
    if (!strstr(oct_last_error()->what, what) || !strstr(oct_last_error()->hint, hint))
        fail_msg("'%s' (%s), expected '%s' (%s)", oct_last_error()->what, oct_last_error()->hint, what, hint);
}

static void mistakes_are_told_where_they_are_made(void **state)
{
    (void)state;
    oct_frame *f = frame_of("fare,name\n1,x\n", NULL);
    assert_non_null(f);
    expect_hint(oct_frame_where(f, "fair > 1"), OCT_E_NOTFOUND, "column 1: there is no column 'fair'",
                "'fare'");
    expect_hint(oct_frame_where(f, "fare + * 2"), OCT_E_INVALID, "column 8: expected a value, found '*'", "");
    expect_hint(oct_frame_where(f, "fare + name > 2"), OCT_E_TYPE, "column 8: expected a number", "");
    expect_hint(oct_frame_where(f, "fare"), OCT_E_TYPE, "is not a condition", "");
    expect_hint(oct_frame_groupby(f, "name", "mode(fare)"), OCT_E_INVALID, "is not an aggregate", "mean(x)");
    expect_hint(oct_frame_groupby(f, "name", "quantile(fare)"), OCT_E_INVALID, "is not an aggregate",
                "quantile(x, 0.9)");
    expect_hint(oct_frame_groupby(f, "name", "quantile(fare, 2)"), OCT_E_INVALID, "is not an aggregate", "");
    expect_hint(oct_frame_groupby(f, "name", "median(name)"), OCT_E_TYPE, "", "");
    expect_hint(oct_frame_groupby(f, "name", "sum(name)"), OCT_E_TYPE, "is not of numbers", "");
    expect_hint(oct_frame_sort(f, "nam"), OCT_E_NOTFOUND, "no column 'nam'", "'name'");
    expect_hint(oct_frame_head(oct_frame_where(NULL, "x"), 2), OCT_E_NOTFOUND, "no column 'nam'", "");
    expect_hint(oct_read_csv(pool, "/nowhere/*.csv"), OCT_E_NOTFOUND, "cannot open '/nowhere/*.csv'", "");
    oct_frame_destroy(f);
}

static void logic_with_nulls_times_and_text_is_that_of_sql(void **state)
{
    (void)state;
    oct_frame *f = frame_of("a,s,t\n1,ab,2019-01-31 23:30:00\n,b,1969-12-31 12:00:00\n3,abc,\n", NULL);
    oct_frame *s =
        oct_frame_select(f, "a / 0 as inf, a % 0 as none, hour(t) as h, weekday(t) as w, year(t) as y, "
                            "(a > 2 or s = 'b') as either, -a * 2 as m, date(t) as d");
    oct_frame *t = oct_frame_compute(s);
    if (!t)
        fail_msg("%s", oct_last_error()->what);
    assert_true(isinf(oct_frame_doubles(t, "inf")[0]));
    assert_true(oct_frame_is_null(t, "none", 0));
    assert_int_equal(oct_frame_int64s(t, "h")[0], 23);
    assert_int_equal(oct_frame_int64s(t, "w")[0], 3);
    assert_int_equal(oct_frame_int64s(t, "w")[1], 2);
    assert_int_equal(oct_frame_int64s(t, "y")[1], 1969);
    assert_true(oct_frame_int64s(t, "d")[1] == -86400000);
    assert_false(oct_frame_is_null(t, "either", 1));
    assert_int_equal(oct_frame_int64s(t, "m")[2], -6);
    oct_frame *w = oct_frame_where(f, "t >= '2019-01-31' and startswith(s, 'a') and not isnull(a)");
    oct_frame *c = oct_frame_compute(w);
    assert_int_equal(oct_frame_rows(c), 1);
    oct_frame *all[] = {f, s, t, w, c};
    for (size_t i = 0; i < 5; i++)
        oct_frame_destroy(all[i]);
}

static void rows_are_sorted_with_nulls_last_and_head_takes_the_first(void **state)
{
    (void)state;
    oct_frame *f = frame_of("a,b\n2,x\n,y\n3,z\n2,w\n1.5,v\n", NULL);
    oct_frame *s = oct_frame_sort(f, "a desc"), *h = oct_frame_head(s, 3), *t = oct_frame_compute(h);
    oct_frame *all = oct_frame_compute(s);
    assert_non_null(t);
    assert_int_equal(oct_frame_rows(t), 3);
    assert_text(t, "b", 0, "z");
    assert_text(t, "b", 1, "x");
    assert_text(t, "b", 2, "w");
    assert_text(all, "b", 4, "y");
    oct_frame *each[] = {f, s, h, t, all};
    for (size_t i = 0; i < 5; i++)
        oct_frame_destroy(each[i]);
}

enum { MANY = 100000 };

static oct_frame *many_rows(void)
{
    static const char *const odd[] = {"", "nan", "0", "-0"};
    FILE *file = begin_file();
    fprintf(file, "id,text,x\n");
    srand(3);
    for (int i = 0; i < MANY; i++) {
        fprintf(file, "%d,%.*s,", i, rand() % 3, "ab");
        if (rand() % 8 == 0)
            fprintf(file, "%s\n", odd[rand() % 4]);
        else
            fprintf(file, "%d.5\n", rand() % 20001 - 10000);
    }
    fclose(file);
    return oct_read_csv(pool, path);
}

/* Where x of a row is among all others: numbers, NaN, nulls, or with NaN first. */
static double place_of(const oct_frame *t, size_t row, bool descending)
{
    double x = oct_frame_doubles(t, "x")[row];
    if (oct_frame_is_null(t, "x", row))
        return 1e9;
    return isnan(x) ? (descending ? -1e8 : 1e8) : descending ? -x : x;
}

/* Each row once, none before those that it comes after. */
static void assert_sorted(const oct_frame *t, bool by_text, bool descending)
{
    bool *seen = calloc(MANY, 1);
    const int64_t *id = oct_frame_int64s(t, "id");
    assert_non_null(seen);
    assert_int_equal(oct_frame_rows(t), MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_false(seen[id[i]]);
        seen[id[i]] = true;
        if (i == 0)
            continue;
        double before = place_of(t, i - 1, descending), now = place_of(t, i, descending);
        size_t size = 0, size_before = 0; /* "", which is null, "a", "ab" */
        if (by_text) {
            bool null = oct_frame_is_null(t, "text", i), null_before = oct_frame_is_null(t, "text", i - 1);
            (void)oct_frame_string(t, "text", i, &size);
            (void)oct_frame_string(t, "text", i - 1, &size_before);
            size = null ? 3 : size;
            size_before = null_before ? 3 : size_before;
        }
        assert_true(size_before <= size);
        if (size_before == size)
            assert_true(before < now || (before == now && id[i - 1] < id[i]));
    }
    free(seen);
}

static void many_rows_are_sorted_with_nan_nulls_and_equal_ones_in_their_places(void **state)
{
    (void)state;
    oct_frame *f = many_rows();
    static const char *const orders[] = {"x", "x desc", "text, x desc"};
    for (size_t i = 0; i < 3; i++) {
        oct_frame *s = oct_frame_sort(f, orders[i]), *t = oct_frame_compute(s);
        if (!t)
            fail_msg("%s", oct_last_error()->what);
        assert_sorted(t, i == 2, i > 0);
        oct_frame_destroy(s);
        oct_frame_destroy(t);
    }
    oct_frame_destroy(f);
}

static void the_largest_are_found_though_each_row_is_larger_than_those_before(void **state)
{
    (void)state;
    oct_frame *f = many_rows(), *s = oct_frame_largest(f, "id desc", 700), *t = oct_frame_compute(s);
    assert_non_null(t);
    assert_int_equal(oct_frame_rows(t), 700);
    for (int i = 0; i < 700; i++)
        assert_int_equal(oct_frame_int64s(t, "id")[i], MANY - 1 - i);
    oct_frame *all[] = {f, s, t};
    for (size_t i = 0; i < 3; i++)
        oct_frame_destroy(all[i]);
}

static void the_first_of_an_order_are_those_of_a_sort(void **state)
{
    (void)state;
    oct_frame *f = many_rows();
    static const char *const orders[] = {"x", "x desc", "id desc"};
    for (size_t i = 0; i < 3; i++) {
        oct_frame *s = oct_frame_sort(f, orders[i]), *sorted = oct_frame_compute(s);
        oct_frame *l = oct_frame_largest(f, orders[i], 3000), *first = oct_frame_compute(l);
        assert_true(sorted && first);
        assert_int_equal(oct_frame_rows(first), 3000);
        assert_memory_equal(oct_frame_int64s(first, "id"), oct_frame_int64s(sorted, "id"),
                            3000 * sizeof(int64_t));
        oct_frame *all[] = {s, sorted, l, first};
        for (size_t k = 0; k < 4; k++)
            oct_frame_destroy(all[k]);
    }
    oct_frame_destroy(f);
}

static void a_file_of_only_a_header_gives_an_empty_table_and_plan_and_print_show_it(void **state)
{
    (void)state;
    oct_frame *f = frame_of("a,b\n", NULL), *g = oct_frame_groupby(f, "a", "count() as n");
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_int_equal(oct_frame_explain(g, to), OCT_OK);
    assert_int_equal(oct_frame_print(g, to), OCT_OK);
    fclose(to);
    assert_non_null(strstr(text, "1 of 2 columns: a\n"));
    assert_non_null(strstr(text, "a  n\n0 rows\n"));
    free(text);
    oct_frame_destroy(f);
    oct_frame_destroy(g);
}

static void of_a_table_only_the_columns_that_are_needed_travel(void **state)
{
    (void)state;
    oct_frame *f = frame_of("a,b,c,d\nx,1,3,p\ny,2,6,q\nx,4,7,r\n", NULL), *t = oct_frame_compute(f),
              *w = oct_frame_where(t, "c > 4"), *g = oct_frame_groupby(w, "a", "sum(b) as s"),
              *sums = oct_frame_compute(g), *rows = oct_frame_compute(w);
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_int_equal(oct_frame_explain(g, to), OCT_OK);
    assert_int_equal(oct_frame_explain(w, to), OCT_OK);
    fclose(to);
    assert_non_null(strstr(text, "a table of 3 rows, 3 of 4 columns\n"));
    assert_non_null(strstr(text, "a table of 3 rows, 4 of 4 columns\n"));
    free(text);
    assert_true(sums && rows && oct_frame_rows(rows) == 2);
    assert_int_equal(oct_frame_int64s(sums, "s")[0], 4);
    assert_int_equal(oct_frame_int64s(sums, "s")[1], 2);
    assert_int_equal(oct_frame_int64s(rows, "b")[1], 4);
    assert_int_equal(oct_frame_int64s(rows, "c")[0], 6);
    oct_frame *none = oct_frame_select(t, "1 as one"), *ones = oct_frame_compute(none);
    assert_true(ones && oct_frame_rows(ones) == 3 && oct_frame_int64s(ones, "one")[2] == 1);
    oct_frame *all[] = {f, t, w, g, sums, rows, none, ones};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        oct_frame_destroy(all[i]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(fields_are_quoted_empty_unicode_and_end_in_crlf, remove_file),
        cmocka_unit_test_teardown(group_by_agrees_with_a_loop_though_quotes_cross_chunks, remove_file),
        cmocka_unit_test_teardown(sums_are_the_same_bits_on_any_number_of_workers, remove_file),
        cmocka_unit_test_teardown(groups_that_are_too_many_for_one_table_are_merged_file_after_file,
                                  remove_file),
        cmocka_unit_test_teardown(many_sums_have_the_bits_of_a_loop, remove_file),
        cmocka_unit_test_teardown(a_malformed_line_is_told_with_file_line_and_what_was_expected, remove_file),
        cmocka_unit_test_teardown(malformed_lines_are_skipped_and_counted_when_asked, remove_file),
        cmocka_unit_test_teardown(mistakes_are_told_where_they_are_made, remove_file),
        cmocka_unit_test_teardown(logic_with_nulls_times_and_text_is_that_of_sql, remove_file),
        cmocka_unit_test_teardown(rows_are_sorted_with_nulls_last_and_head_takes_the_first, remove_file),
        cmocka_unit_test(groups_of_a_table_are_whole_whatever_its_chunks),
        cmocka_unit_test(a_large_table_is_joined_in_its_order),
        cmocka_unit_test_teardown(many_rows_are_sorted_with_nan_nulls_and_equal_ones_in_their_places,
                                  remove_file),
        cmocka_unit_test_teardown(the_largest_are_found_though_each_row_is_larger_than_those_before,
                                  remove_file),
        cmocka_unit_test_teardown(the_first_of_an_order_are_those_of_a_sort, remove_file),
        cmocka_unit_test_teardown(a_file_of_only_a_header_gives_an_empty_table_and_plan_and_print_show_it,
                                  remove_file),
        cmocka_unit_test_teardown(of_a_table_only_the_columns_that_are_needed_travel, remove_file),
    };
    pool = oct_pool_open(&argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    oct_pool_close(pool);
    return failed;
}
