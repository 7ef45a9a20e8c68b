#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oct/oct.h"

static oct_pool *pool;

static const char table[] = "n,x,yes,s,d,t\n"
                            "-9223372036854775808,1.5,true,Zürich,1969-12-31,1969-12-31 23:59:59.5\n"
                            ",,,,,\n"
                            "9223372036854775807,nan,false,\"\",2019-02-28,2019-02-28 00:00:00\n";

static oct_frame *read_table(void)
{
    char path[] = "/tmp/arrow_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, table, sizeof(table) - 1) == (ssize_t)sizeof(table) - 1);
    close(fd);
    oct_frame *frame = oct_read_csv(pool, path), *computed = oct_frame_compute(frame);
    assert_non_null(computed);
    oct_frame_destroy(frame);
    unlink(path);
    return computed;
}

static void what_is_exported_is_laid_out_as_arrow_says(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray array;
    oct_frame *frame = read_table();
    assert_int_equal(oct_frame_to_arrow(frame, &schema, &array), OCT_OK);
    oct_frame_destroy(frame); /* what was exported lives on */
    static const char *const formats[] = {"l", "g", "b", "u", "tdm", "tsu:"};
    static const char *const names[] = {"n", "x", "yes", "s", "d", "t"};
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, 6);
    assert_int_equal(array.n_children, 6);
    assert_int_equal(array.length, 3);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(schema.children[i]->format, formats[i]);
        assert_string_equal(schema.children[i]->name, names[i]);
        assert_int_equal(*(const uint8_t *)array.children[i]->buffers[0] & 7, 5); /* row 1 is null */
    }
    assert_true(((const int64_t *)array.children[0]->buffers[1])[2] == INT64_MAX);
    assert_true(((const double *)array.children[1]->buffers[1])[0] == 1.5);
    assert_int_equal(*(const uint8_t *)array.children[2]->buffers[1] & 5, 1);
    assert_int_equal(((const int32_t *)array.children[3]->buffers[1])[3], 7);
    assert_memory_equal(array.children[3]->buffers[2], "Zürich", 7);
    assert_true(((const int64_t *)array.children[4]->buffers[1])[0] == -86400000);
    assert_true(((const int64_t *)array.children[5]->buffers[1])[0] == -500000);
    struct ArrowArray moved = *array.children[0]; /* a child may outlive its parent */
    array.children[0]->release = NULL;
    array.release(&array);
    schema.release(&schema);
    assert_null(array.release);
    assert_true(((const int64_t *)moved.buffers[1])[0] == INT64_MIN);
    moved.release(&moved);
}

static void what_is_imported_again_is_the_same(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray array;
    oct_frame *frame = read_table();
    assert_int_equal(oct_frame_to_arrow(frame, &schema, &array), OCT_OK);
    oct_frame *again = oct_frame_from_arrow(pool, &schema, &array);
    assert_non_null(again);
    assert_null(array.release);
    char *texts[2] = {0};
    for (int i = 0; i < 2; i++) {
        size_t size;
        FILE *to = open_memstream(&texts[i], &size);
        assert_int_equal(oct_frame_print(i ? again : frame, to), OCT_OK);
        fclose(to);
    }
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    oct_frame_destroy(frame);
    oct_frame_destroy(again);
}

static int released;

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
    released++;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
    released++;
}

/* A table of one column with an offset of its own and one of the table, as slices have. */
static oct_frame *import_one(const char *format, const void *valid, const void *values, const void *text,
                             int64_t rows, int64_t offset)
{
    const void *buffers[] = {valid, values, text}, *none[] = {NULL};
    struct ArrowSchema child_schema = {.format = format, .name = "c", .release = release_schema};
    struct ArrowSchema *child_schemas[] = {&child_schema};
    struct ArrowSchema schema = {
        .format = "+s", .name = "", .n_children = 1, .children = child_schemas, .release = release_schema};
    struct ArrowArray child = {.length = rows + offset - 1,
                               .null_count = -1,
                               .offset = 1,
                               .n_buffers = text ? 3 : 2,
                               .buffers = buffers,
                               .release = release_array};
    struct ArrowArray *children[] = {&child};
    struct ArrowArray array = {.length = rows,
                               .offset = offset - 1,
                               .n_buffers = 1,
                               .n_children = 1,
                               .buffers = none,
                               .children = children,
                               .release = release_array};
    released = 0;
    oct_frame *frame = oct_frame_from_arrow(pool, &schema, &array);
    assert_int_equal(released, frame ? 2 : 0); /* on failure both are untouched */
    return frame;
}

static void slices_of_narrow_types_are_widened(void **state)
{
    (void)state;
    const int16_t shorts[] = {9, 9, -7, 8};
    oct_frame *f = import_one("s", NULL, shorts, NULL, 2, 2);
    assert_int_equal(oct_frame_rows(f), 2);
    assert_int_equal(oct_frame_int64s(f, "c")[0], -7);
    oct_frame_destroy(f);
    const float floats[] = {9, 0.5f, 2};
    const uint8_t valid = 0x3; /* the last one is null */
    f = import_one("f", &valid, floats, NULL, 2, 1);
    assert_true(oct_frame_doubles(f, "c")[0] == 0.5);
    assert_true(oct_frame_is_null(f, "c", 1));
    oct_frame_destroy(f);
    const int64_t offsets[] = {0, 1, 3, 3};
    size_t size = 9;
    f = import_one("U", NULL, offsets, "abc", 2, 1);
    assert_memory_equal(oct_frame_string(f, "c", 0, &size), "bc", 2);
    assert_non_null(oct_frame_string(f, "c", 1, &size));
    assert_int_equal(size, 0);
    oct_frame_destroy(f);
    const int32_t days[] = {0, -1};
    f = import_one("tdD", NULL, days, NULL, 1, 1);
    assert_int_equal(oct_frame_int64s(f, "c")[0], -86400000);
    oct_frame_destroy(f);
    const int64_t nanos[] = {0, -1};
    f = import_one("tsn:Europe/Berlin", NULL, nanos, NULL, 1, 1);
    assert_int_equal(oct_frame_int64s(f, "c")[0], -1);
    oct_frame_destroy(f);
}

static void what_cannot_be_imported_is_told_and_untouched(void **state)
{
    (void)state;
    const uint64_t large[] = {0, UINT64_MAX};
    assert_null(import_one("L", NULL, large, NULL, 1, 1));
    assert_non_null(strstr(oct_last_error()->what, "row 0 of column 'c' does not fit"));
    assert_null(import_one("d:10,2", NULL, large, NULL, 1, 1));
    assert_int_equal(oct_last_error()->code, OCT_E_UNSUPPORTED);
    assert_non_null(strstr(oct_last_error()->what, "'d:10,2'"));
    const int32_t offsets[] = {0, 3, 1};
    assert_null(import_one("u", NULL, offsets, "abc", 1, 1));
    assert_non_null(strstr(oct_last_error()->what, "do not ascend"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_exported_is_laid_out_as_arrow_says),
        cmocka_unit_test(what_is_imported_again_is_the_same),
        cmocka_unit_test(slices_of_narrow_types_are_widened),
        cmocka_unit_test(what_cannot_be_imported_is_told_and_untouched),
    };
    pool = oct_pool_open(&argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    oct_pool_close(pool);
    return failed;
}
