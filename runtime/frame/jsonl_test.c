#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "oct/oct.h"

static oct_pool *pool;
static char folder[64], path[128];

static void write_file(const char *name, const char *text)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static oct_frame *frame_of(const char *text, const oct_jsonl_options *options)
{
    write_file("one.jsonl", text);
    return oct_read_jsonl_with(pool, path, options);
}

static oct_frame *computed(oct_frame *frame)
{
    oct_frame *table = oct_frame_compute(frame);
    if (!table)
        fail_msg("%s", oct_last_error()->what);
    oct_frame_destroy(frame);
    return table;
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/jsonl_test.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void assert_text(const oct_frame *frame, const char *column, size_t row, const char *wanted, size_t n)
{
    size_t size = 0;
    const char *text = oct_frame_string(frame, column, row, &size);
    assert_non_null(text);
    assert_int_equal(size, n);
    assert_memory_equal(text, wanted, n);
}

static void expect(oct_frame *frame, oct_err code, const char *what)
{
    assert_null(frame);
    assert_int_equal(oct_last_error()->code, code);
    if (!strstr(oct_last_error()->what, what))
        fail_msg("'%s', expected '%s'", oct_last_error()->what, what);
}

static void members_become_typed_columns_and_null_where_they_are_missing(void **state)
{
    (void)state;
    oct_frame *t = computed(frame_of("\xef\xbb\xbf{\"id\":-9223372036854775808,\"x\":1,\"yes\":true,\"day\":"
                                     "\"1969-12-31\",\"s\":\"Z\\u00fcrich\"}\r\n"
                                     "\n"
                                     "  {\"s\":\"a\\\"b\\n\\u0000c\",\"at\":\"2020-02-29 "
                                     "23:59:59.5\",\"x\":-2.5e-3,\"id\":9223372036854775807}\n"
                                     "{}\n"
                                     "{\"id\":null,\"later\":[1,{\"s\":\"inner\"}],\"s\":\"\",\"mixed\":1}\n"
                                     "{\"mixed\":\"one\",\"x\":18446744073709551616,\"id\":1,\"id\":2}",
                                     NULL));
    assert_int_equal(oct_frame_rows(t), 5);
    assert_true(oct_frame_int64s(t, "id")[0] == INT64_MIN);
    assert_true(oct_frame_int64s(t, "id")[1] == INT64_MAX);
    assert_true(oct_frame_is_null(t, "id", 2) && oct_frame_is_null(t, "id", 3));
    assert_true(oct_frame_doubles(t, "x")[0] == 1 && oct_frame_doubles(t, "x")[1] == -2.5e-3);
    assert_true(oct_frame_doubles(t, "x")[4] == 18446744073709551616.0);
    assert_int_equal(oct_frame_int64s(t, "id")[4], 2); /* the last of two */
    assert_true(oct_frame_int64s(t, "day")[0] == -86400000 && oct_frame_is_null(t, "day", 1));
    assert_true(oct_frame_int64s(t, "at")[1] == INT64_C(1583020799500000));
    assert_text(t, "s", 0, "Zürich", 7);
    assert_text(t, "s", 1, "a\"b\n\0c", 6);
    assert_text(t, "s", 3, "", 0);
    assert_true(oct_frame_is_null(t, "s", 2) && oct_frame_is_null(t, "yes", 4));
    assert_text(t, "mixed", 3, "1", 1);
    assert_text(t, "mixed", 4, "one", 3);
    size_t size;
    assert_null(oct_frame_string(t, "later", 3, &size)); /* no such column */
    oct_frame_destroy(t);
}

static const char *const bad_lines =
    "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"\n\n{\"a\":\"z\",\"b\":\"q\"}\n"
    "{\"b\":\"only\"}\n[1]\n{\"a\":7}\n";

static void a_malformed_line_is_told_with_file_line_and_what_was_expected(void **state)
{
    (void)state;
    const struct {
        const char *text, *types, *what;
    } all[] = {
        {bad_lines, NULL, "line 2: expected a JSON object: "},
        {"{\"a\":1}\n\n{\"a\":\"z\"}\n", "a int64", "line 3: column 'a' has 'z', expected an int64"},
        {"{\"a\":1.5}\n", "a int64", "line 1: column 'a' has '1.5', expected an int64"},
        {"{\"a\":[1]}\n", "a string", "line 1: column 'a' has 'an object or array', expected a string"},
        {"{\"a\":1}\n7\n", NULL, "line 2: expected a JSON object, found another value"},
        {"{\"a\":\"\xff\"}\n", "a string", "line 1: expected a JSON object: "},
        {"{\"a\":1} {\"a\":2}\n", "a int64", "line 1: expected a JSON object: "},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        oct_frame *f = frame_of(all[i].text, &(oct_jsonl_options){.types = all[i].types});
        assert_non_null(f);
        expect(oct_frame_compute(f), OCT_E_INVALID, all[i].what);
        assert_non_null(strstr(oct_last_error()->what, path));
        oct_frame_destroy(f);
    }
}

static void malformed_lines_are_skipped_and_counted_when_asked(void **state)
{
    (void)state;
    oct_frame *t =
        computed(frame_of(bad_lines, &(oct_jsonl_options){.types = "a int64", .skip_malformed = true}));
    assert_int_equal(oct_frame_rows(t), 3);
    assert_int_equal(oct_frame_skipped(t), 3);
    assert_int_equal(oct_frame_int64s(t, "a")[0], 1);
    assert_true(oct_frame_is_null(t, "a", 1)); /* and not what the line before left */
    assert_text(t, "b", 1, "only", 4);
    assert_int_equal(oct_frame_int64s(t, "a")[2], 7);
    assert_true(oct_frame_is_null(t, "b", 2));
    oct_frame_destroy(t);
}

/* Lines are read many at a time: that several of them, or a part of one, make objects does not make them
 * good. */
static void lines_that_are_objects_only_together_are_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t good, skipped;
    } all[] = {
        {"{\"a\":1}\n{\"b\":[1\n2]},{\"a\":3}\n{\"a\":4}\n", 2, 2},
        {"{\"a\":1}\n{\"b\":[1\n{\"z\":1}]},{\"a\":3}\n{\"a\":4}\n", 2, 2},
        {"{\"a\":1},{\"a\":2}\n{\"a\":4}\n", 1, 1},
        {"{\"a\":1\n\"b\":2},{}\n{\"a\":4}\n", 1, 2},
        {"{\"a\":1}]\n[{\"a\":2}\n{\"a\":4}\n", 1, 2},
        {"{\"a\":1,\"s\":\"x\n{\",\"a\":4}\n", 0, 2},
        {"{\"a\":1},\n{\"a\":4}\n", 1, 1},
        {"{\"s\":\"\\\"\",\"a\":1}\r\n\n {\t\"a\":4}\n{}\n", 3, 0},
        {"{\"\\u0061\":1}\n{\"a\":4}\n", 2, 0},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        oct_frame *t =
            computed(frame_of(all[i].text, &(oct_jsonl_options){.types = "a int64", .skip_malformed = true}));
        if (oct_frame_rows(t) != all[i].good || oct_frame_skipped(t) != all[i].skipped)
            fail_msg("text %zu has %zu rows and %zu malformed lines, not %zu and %zu", i, oct_frame_rows(t),
                     oct_frame_skipped(t), all[i].good, all[i].skipped);
        oct_frame_destroy(t);
    }
}

static void types_may_be_given_of_members_that_come_late_and_of_numbers_in_text(void **state)
{
    (void)state;
    oct_frame *t = computed(frame_of("{\"x\":\"NaN\"}\n{\"x\":\"1.5\"}\n{\"x\":2,\"yes\":\"true\"}\n",
                                     &(oct_jsonl_options){.types = "x double, yes bool, none date"}));
    assert_true(isnan(oct_frame_doubles(t, "x")[0]) && !oct_frame_is_null(t, "x", 0));
    assert_true(oct_frame_doubles(t, "x")[1] == 1.5 && oct_frame_doubles(t, "x")[2] == 2);
    assert_false(oct_frame_is_null(t, "yes", 2));
    assert_true(oct_frame_is_null(t, "none", 2));
    oct_frame_destroy(t);
}

/* A member of a row, as it is written; of each stretch of rows some values are of another kind. */
static int print_member(char *to, size_t size, int row, int column)
{
    enum { STRETCH = 300 };
    bool is_odd = row % STRETCH % 97 == 96;
    int odd = is_odd ? row / STRETCH % 8 : -1, day = 1 + row / 50 % 28;
    switch (column) {
    case 0:
        return odd == 0   ? snprintf(to, size, "\"i\":null")
               : odd == 1 ? snprintf(to, size, "\"i\":-9223372036854775808")
               : odd == 2 ? snprintf(to, size, "\"i\":%d.0", row)
                          : snprintf(to, size, "\"i\":%d", row * 7919);
    case 1:
        return odd == 3   ? snprintf(to, size, "\"d\":%d", -row)
               : odd == 4 ? snprintf(to, size, "\"d\":\"2.5\"")
                          : snprintf(to, size, "\"d\":%.4f", row / 8.0);
    case 2:
        return odd == 5 ? snprintf(to, size, "\"later\":[%d]", row)
                        : snprintf(to, size, "\"a long name\":%s", row % 3 ? "true" : "false");
    case 3:
        return odd == 6 ? snprintf(to, size, "\"s\":%d", row)
                        : snprintf(to, size, "\"s\":\"%d\\u00e9\\n%.*s\"", row, row % 9, "abcdefgh");
    case 4:
        return odd == 7 ? snprintf(to, size, "\"day\":\"2020-02-%02d\"", day) /* twice */
                        : snprintf(to, size, "\"t\":\"1969-12-%02d 23:%02d:00\"", day, row % 60);
    default:
        return snprintf(to, size, "\"day\":\"2020-02-%02d\"", day);
    }
}

/* The rows as CSV. Where they are turned, each line's members begin with another one, so that the lines are
 * rows of no table. */
static char *rows_as_csv(bool turned)
{
    enum { LINES = 5000, COLUMNS = 6, LONGEST = 400 };
    static const oct_jsonl_options options = {
        .types = "i int64, d double, `a long name` bool, s string, t timestamp, day date"};
    char *text = malloc(LINES * LONGEST), *to = text, csv[160];
    assert_non_null(text);
    for (int row = 0; row < LINES; row++) {
        for (int i = 0; i < COLUMNS; i++) {
            *to++ = i == 0 ? '{' : ',';
            to += print_member(to, 80, row, turned ? (i + row) % COLUMNS : i);
        }
        to += sprintf(to, "}\n");
    }
    oct_frame *rows = frame_of(text, &options), *ordered;
    ordered = rows ? oct_frame_select(rows, "i, d, `a long name`, s, t, day") : NULL;
    free(text);
    snprintf(csv, sizeof(csv), "%s/rows.csv", folder);
    if (!ordered || oct_frame_write_csv(ordered, csv) != OCT_OK)
        fail_msg("%s", oct_last_error()->what);
    oct_frame_destroy(ordered);
    oct_frame_destroy(rows);
    FILE *file = fopen(csv, "r");
    char *all = calloc(1, LINES * LONGEST);
    assert_true(file && all && fread(all, 1, LINES * LONGEST - 1, file) > LINES);
    fclose(file);
    return all;
}

static void rows_do_not_depend_on_the_order_of_their_members(void **state)
{
    (void)state;
    char *one = rows_as_csv(false), *other = rows_as_csv(true);
    assert_string_equal(one, other);
    free(one);
    free(other);
}

enum { ROWS = 60000 };

/* More than two chunks, cut anywhere; a loop over the same numbers gives the answer. */
static void many_files_packed_or_not_give_each_line_once(void **state)
{
    (void)state;
    double sum = 0;
    int64_t ids = 0;
    char name[192];
    write_file("a.jsonl", ""); /* has no lines to infer from */
    snprintf(name, sizeof(name), "%s/b.jsonl", folder);
    FILE *plain = fopen(name, "w");
    snprintf(name, sizeof(name), "%s/c.jsonl", folder);
    gzFile packed = gzopen(name, "w");
    for (int i = 0; i < ROWS; i++) {
        char line[256];
        double x = i % 1000 / 8.0;
        snprintf(line, sizeof(line), "{\"unused\":\"%0*d \\\"\\n{\",\"x\":%.3f,\"id\":%d}%s\n", 1 + i % 90, i,
                 x, i, i % 3 ? "" : "\r");
        sum += x;
        ids += i;
        if (i % 2)
            fputs(line, plain);
        else
            gzputs(packed, line);
    }
    fclose(plain);
    gzclose(packed);
    snprintf(name, sizeof(name), "%s/[abc].jsonl", folder);
    oct_frame *f = oct_read_jsonl(pool, name);
    oct_frame *g = oct_frame_groupby(f, "id >= 0 as k", "sum(x) as s, sum(id) as i, count() as n");
    char *plan = NULL;
    size_t size;
    FILE *to = open_memstream(&plan, &size);
    assert_int_equal(oct_frame_explain(g, to), OCT_OK);
    fclose(to);
    assert_non_null(strstr(plan, "2 of 3 columns: x id\n"));
    free(plan);
    oct_frame *n = computed(oct_frame_groupby(f, "1 as k", "count() as n")); /* of no column */
    assert_int_equal(oct_frame_int64s(n, "n")[0], ROWS);
    oct_frame_destroy(n);
    oct_frame_destroy(f);
    oct_frame *t = computed(g);
    assert_int_equal(oct_frame_rows(t), 1);
    assert_int_equal(oct_frame_int64s(t, "n")[0], ROWS);
    assert_int_equal(oct_frame_int64s(t, "i")[0], ids);
    assert_true(oct_frame_doubles(t, "s")[0] == sum);
    oct_frame_destroy(t);
}

static void files_that_cannot_be_read_say_why(void **state)
{
    (void)state;
    expect(oct_read_jsonl(pool, "/nowhere/*.jsonl"), OCT_E_NOTFOUND, "cannot open '/nowhere/*.jsonl'");
    expect(frame_of("", NULL), OCT_E_INVALID, "no line has a member that could be a column");
    expect(frame_of("{\"a\":1}", &(oct_jsonl_options){.types = "a number"}), OCT_E_INVALID,
           "'a number' is not a column and a type");
    oct_frame *empty = computed(frame_of("", &(oct_jsonl_options){.types = "a int64"}));
    assert_int_equal(oct_frame_rows(empty), 0);
    oct_frame_destroy(empty);
    write_file("cut.jsonl", "\x1f\x8b\x08"); /* gzip that ends at once */
    expect(oct_read_jsonl(pool, path), OCT_E_INVALID, path);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    oct_frame *t =
        computed(frame_of("{\"i\":1,\"x\":0.1,\"s\":\"\\u0001\\\"\",\"b\":false,\"d\":\"1900-01-01\"}\n"
                          "{\"i\":null,\"x\":1e300,\"s\":\"\",\"b\":null,\"d\":null}\n",
                          NULL));
    snprintf(path, sizeof(path), "%s/again.jsonl", folder);
    assert_int_equal(oct_frame_write_jsonl(t, path), OCT_OK);
    oct_frame *again = computed(oct_read_jsonl(pool, path));
    for (size_t row = 0; row < 2; row++)
        assert_true(oct_frame_doubles(again, "x")[row] == oct_frame_doubles(t, "x")[row]);
    assert_true(oct_frame_is_null(again, "i", 1) && oct_frame_is_null(again, "b", 1));
    assert_true(oct_frame_int64s(again, "d")[0] == oct_frame_int64s(t, "d")[0]);
    assert_text(again, "s", 0, "\001\"", 2);
    assert_text(again, "s", 1, "", 0);
    oct_frame_destroy(t);
    oct_frame_destroy(again);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_become_typed_columns_and_null_where_they_are_missing),
        cmocka_unit_test(a_malformed_line_is_told_with_file_line_and_what_was_expected),
        cmocka_unit_test(malformed_lines_are_skipped_and_counted_when_asked),
        cmocka_unit_test(lines_that_are_objects_only_together_are_malformed),
        cmocka_unit_test(types_may_be_given_of_members_that_come_late_and_of_numbers_in_text),
        cmocka_unit_test(rows_do_not_depend_on_the_order_of_their_members),
        cmocka_unit_test(many_files_packed_or_not_give_each_line_once),
        cmocka_unit_test(files_that_cannot_be_read_say_why),
        cmocka_unit_test(what_is_written_reads_back),
    };
    pool = oct_pool_open(&argc, argv);
    int failed = cmocka_run_group_tests(tests, begin, end);
    oct_pool_close(pool);
    return failed;
}
