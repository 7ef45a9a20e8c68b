#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glob.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "oct/hdf5.h"
#include "oct/oct.h"

static oct_pool *pool;
static char folder[64], path[128];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static oct_frame *frame_of(const char *text)
{
    FILE *file = fopen(in_folder("in.csv"), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    oct_frame *frame = oct_read_csv(pool, path);
    assert_non_null(frame);
    return frame;
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/hdf5_test.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void assert_text(const oct_frame *frame, const char *column, size_t row, const char *wanted)
{
    size_t size = 0;
    const char *text = oct_frame_string(frame, column, row, &size);
    assert_non_null(text);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(text, wanted, size);
}

static void expect(oct_err code, const oct_error *err, oct_err wanted, const char *what)
{
    if (code != wanted || err->code != wanted || !strstr(err->what, what))
        fail_msg("%d: '%s', expected %d: '%s'", code, err->what, wanted, what);
}

static void a_frame_reads_back_with_types_nulls_and_order(void **state)
{
    (void)state;
    oct_frame *f = frame_of("z,i,b,s,d,t\n"
                            "0.1,-9223372036854775808,true,Zürich,1969-12-31,1969-12-31 23:59:59.999999\n"
                            "nan,,false,\"\",,\n"
                            ",9223372036854775807,,\"a\nb\",2020-02-29,2020-02-29 12:00:00\n"
                            "-1e300,0,true,,1900-01-01,1900-01-01 00:00:00\n");
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(oct_hdf5_write_frame(f, in_folder("a.h5"), &err), OCT_OK);
    oct_frame *t = oct_frame_compute(f), *again = oct_hdf5_read_frame(pool, path, NULL, &err);
    if (!again)
        fail_msg("%s", err.what);
    static const char *const names[] = {"z", "i", "b", "s", "d", "t"};
    assert_int_equal(oct_frame_rows(again), 4);
    for (size_t c = 0; c < 6; c++)
        for (size_t row = 0; row < 4; row++)
            assert_int_equal(oct_frame_is_null(again, names[c], row), oct_frame_is_null(t, names[c], row));
    assert_true(oct_frame_doubles(again, "z")[0] == 0.1 && isnan(oct_frame_doubles(again, "z")[1]));
    assert_true(oct_frame_int64s(again, "i")[0] == INT64_MIN && oct_frame_int64s(again, "i")[2] == INT64_MAX);
    assert_true(oct_frame_int64s(again, "d")[0] == -86400000);
    assert_true(oct_frame_int64s(again, "t")[0] == -1 &&
                oct_frame_int64s(again, "t")[3] == oct_frame_int64s(t, "t")[3]);
    assert_text(again, "s", 0, "Zürich");
    assert_text(again, "s", 1, "");
    assert_text(again, "s", 2, "a\nb");
    oct_frame *typed = oct_frame_where(again, "b and year(d) = 1900 and t < d + 0 * 1");
    assert_null(typed); /* d is a date, and no number */
    typed = oct_frame_where(again, "b and year(d) = 1900 and year(t) = 1900");
    oct_frame *one = oct_frame_compute(typed);
    assert_int_equal(oct_frame_rows(one), 1);
    char *table = NULL;
    size_t size;
    FILE *to = open_memstream(&table, &size);
    assert_int_equal(oct_frame_print(again, to), OCT_OK);
    fclose(to);
    char first[8], second[8], last[8];
    assert_int_equal(sscanf(table, "%7s %7s %*s %*s %*s %7s", first, second, last), 3);
    assert_string_equal(first, "z");
    assert_string_equal(second, "i");
    assert_string_equal(last, "t");
    free(table);
    oct_frame *all[] = {f, t, again, typed, one};
    for (int i = 0; i < 5; i++)
        oct_frame_destroy(all[i]);
}

static void columns_are_chosen_and_a_frame_without_rows_is_one(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    oct_frame *f = frame_of("a,b,s\n1,2.5,x\n"), *none = oct_frame_where(f, "a > 1");
    assert_int_equal(oct_hdf5_write_frame(none, in_folder("none.h5"), &err), OCT_OK);
    oct_frame *again = oct_hdf5_read_frame(pool, path, "s, a", &err);
    assert_non_null(again);
    assert_int_equal(oct_frame_rows(again), 0);
    assert_non_null(oct_frame_int64s(again, "a"));
    assert_null(oct_frame_doubles(again, "b"));
    oct_frame *all[] = {f, none, again};
    for (int i = 0; i < 3; i++)
        oct_frame_destroy(all[i]);
}

static void put(hid_t file, const char *name, int dimensions, const hsize_t *shape, hid_t type,
                const void *values)
{
    hid_t space = H5Screate_simple(dimensions, shape, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Sclose(space);
    H5Dclose(set);
}

/* What others write: narrow and unsigned numbers, text of a fixed size, what can be no column. */
static void write_foreign(void)
{
    const hsize_t three = 3, two = 2, square[] = {2, 3};
    hid_t file = H5Fcreate(in_folder("foreign.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    put(file, "short", 1, &three, H5T_NATIVE_SHORT, (short[]){-1, 0, 7});
    put(file, "float", 1, &three, H5T_NATIVE_FLOAT, (float[]){0.5F, -2, 3});
    put(file, "text", 1, &three, text, "ab\0\0abcd\0\0\0");
    put(file, "two", 1, &two, H5T_NATIVE_INT, (int[]){1, 2});
    put(file, "large", 1, &three, H5T_NATIVE_UINT64, (uint64_t[]){1, UINT64_MAX, 3});
    put(file, "square", 2, square, H5T_NATIVE_DOUBLE, (double[]){1, 2, 3, 4, 5, 6});
    H5Tclose(text);
    H5Fclose(file);
}

static void files_of_others_are_read_and_told_why_not(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    write_foreign();
    oct_frame *f = oct_hdf5_read_frame(pool, path, "short, float, text", &err);
    if (!f)
        fail_msg("%s", err.what);
    assert_int_equal(oct_frame_int64s(f, "short")[0], -1);
    assert_true(oct_frame_doubles(f, "float")[1] == -2);
    assert_text(f, "text", 0, "ab");
    assert_text(f, "text", 1, "abcd");
    assert_text(f, "text", 2, "");
    oct_frame_destroy(f);
    const struct {
        const char *columns, *what;
        oct_err code;
    } all[] = {
        {"short, two", "'short' has 3 rows, and 'two' 2", OCT_E_INVALID},
        {"square", "'square' of", OCT_E_TYPE},
        {"shirt", "has no dataset 'shirt'", OCT_E_NOTFOUND},
        {"large", "'large' has 18446744073709551615 in row 2, more than an int64 holds", OCT_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        err = (oct_error)OCT_ERROR_INIT;
        assert_null(oct_hdf5_read_frame(pool, path, all[i].columns, &err));
        expect(err.code, &err, all[i].code, all[i].what);
    }
    assert_null(oct_hdf5_read_frame(pool, "/nowhere/x.h5", NULL, &err));
    expect(err.code, &err, OCT_E_NOTFOUND, "cannot open '/nowhere/x.h5'");
    oct_frame_destroy(frame_of("a\n1\n"));
    assert_null(oct_hdf5_read_frame(pool, path, NULL, &err));
    expect(err.code, &err, OCT_E_INVALID, "is not an HDF5 file");
}

static void arrays_keep_their_shape(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    double *values = NULL, wanted[6];
    size_t rows = 0, columns = 0;
    oct_array *a = oct_array_random(pool, 2, 3, 7);
    assert_int_equal(oct_array_gather(a, wanted), OCT_OK);
    assert_int_equal(oct_hdf5_write_array(a, in_folder("array.h5"), "/group/a", &err), OCT_OK);
    assert_int_equal(oct_hdf5_read_array(path, "group/a", &values, &rows, &columns, &err), OCT_OK);
    assert_true(rows == 2 && columns == 3);
    assert_memory_equal(values, wanted, sizeof(wanted));
    free(values);
    oct_array_destroy(a);
    expect(oct_hdf5_read_array(path, "b", &values, &rows, &columns, &err), &err, OCT_E_NOTFOUND,
           "has no dataset 'b'");
}

static size_t files_like(const char *pattern)
{
    glob_t found = {0};
    size_t count = glob(in_folder(pattern), 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

/* A file that may not grow is a disk that is full. */
static void nothing_half_written_is_left(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    oct_frame *f = frame_of("a\n1\n2\n"), *bad = oct_frame_select(f, "a as `x/y`");
    expect(oct_hdf5_write_frame(bad, in_folder("bad.h5"), &err), &err, OCT_E_INVALID,
           "cannot be called 'x/y'");
    expect(oct_hdf5_write_frame(f, "/nowhere/bad.h5", &err), &err, OCT_E_NOTFOUND, "cannot create");
    assert_int_not_equal(oct_hdf5_write_frame(NULL, in_folder("bad.h5"), &err), OCT_OK);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 512, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    oct_err code = oct_hdf5_write_frame(f, in_folder("bad.h5"), &err);
    setrlimit(RLIMIT_FSIZE, &before);
    expect(code, &err, OCT_E_IO, "cannot write");
    assert_int_equal(files_like("bad*"), 0);
    assert_int_equal(oct_hdf5_write_frame(f, in_folder("bad.h5"), &err), OCT_OK);
    assert_int_equal(files_like("bad*"), 1);
    oct_frame_destroy(bad);
    oct_frame_destroy(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_reads_back_with_types_nulls_and_order),
        cmocka_unit_test(columns_are_chosen_and_a_frame_without_rows_is_one),
        cmocka_unit_test(files_of_others_are_read_and_told_why_not),
        cmocka_unit_test(arrays_keep_their_shape),
        cmocka_unit_test(nothing_half_written_is_left),
    };
    pool = oct_pool_open(&argc, argv);
    int failed = cmocka_run_group_tests(tests, begin, end);
    oct_pool_close(pool);
    return failed;
}
