#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "runtime/io/unpack.h"

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/unpack_test.XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* A new file each time: one is known by its number, size and time. */
static void write_file(const void *bytes, size_t size)
{
    unlink(path);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, size, to), size);
    assert_int_equal(fclose(to), 0);
}

/* As gzip or zstd would; malloc'ed. */
static unsigned char *pack(bool zstd, const char *text, size_t size, size_t *packed)
{
    *packed = zstd ? ZSTD_compressBound(size) : size + size / 100 + 100;
    unsigned char *out = malloc(*packed);
    if (zstd) {
        *packed = ZSTD_compress(out, *packed, text, size, 3);
        assert_false(ZSTD_isError(*packed));
        return out;
    }
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)*packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *packed = z.total_out;
    deflateEnd(&z);
    return out;
}

/* Lines that do not pack to nothing. */
static char *make_text(size_t size)
{
    char *text = malloc(size + 1);
    uint32_t x = 1;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        text[i] = i % 40 == 39 ? '\n' : (char)('a' + (x >> 27));
    }
    return text;
}

static void expect_text(const char *text, size_t size)
{
    int fd = -1;
    uint64_t got = 0;
    oct_error err = OCT_ERROR_INIT;
    if (octi_text_open(path, &fd, &got, &err) != OCT_OK)
        fail_msg("%s", err.what);
    assert_int_equal(got, size);
    char *read_back = malloc(size + 1);
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, read_back + done, size - done, (off_t)done);
        assert_true(n > 0);
        done += (size_t)n;
    }
    assert_memory_equal(read_back, text, size);
    free(read_back);
    close(fd);
}

static void expect_failure(oct_err code, const char *what)
{
    int fd = -1;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_text_open(path, &fd, NULL, &err), code);
    assert_int_equal(fd, -1);
    if (!strstr(err.what, what) || !strstr(err.what, path))
        fail_msg("'%s' does not say '%s' of '%s'", err.what, what, path);
}

static void text_is_the_same_plain_and_packed(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 3, 1000, (1 << 18) - 1, 1 << 18, 3 << 19};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *text = make_text(sizes[i]);
        write_file(text, sizes[i]);
        expect_text(text, sizes[i]);
        for (int zstd = 0; zstd < 2; zstd++) {
            size_t packed;
            unsigned char *bytes = pack(zstd, text, sizes[i], &packed);
            write_file(bytes, packed);
            expect_text(text, sizes[i]);
            expect_text(text, sizes[i]); /* and again, from what was unpacked */
            free(bytes);
        }
        free(text);
    }
}

static void packed_files_under_each_other_are_one_text(void **state)
{
    (void)state;
    for (int zstd = 0; zstd < 2; zstd++) {
        size_t first, second;
        unsigned char *a = pack(zstd, "one\n", 4, &first), *b = pack(zstd, "two\n", 4, &second);
        unsigned char both[512] = {0};
        memcpy(both, a, first);
        memcpy(both + first, b, second);
        write_file(both, first + second);
        expect_text("one\ntwo\n", 8);
        if (!zstd) { /* a tape's zeroes */
            write_file(both, first + second + 100);
            expect_text("one\ntwo\n", 8);
        }
        free(a);
        free(b);
    }
}

static void a_file_that_is_cut_off_says_so_wherever_it_is(void **state)
{
    (void)state;
    char *text = make_text(500);
    for (int zstd = 0; zstd < 2; zstd++) {
        size_t packed;
        unsigned char *bytes = pack(zstd, text, 500, &packed);
        for (size_t size = 4; size < packed; size++) {
            write_file(bytes, size);
            expect_failure(OCT_E_INVALID, "is cut off");
        }
        write_file(bytes, packed);
        expect_text(text, 500);
        free(bytes);
    }
    free(text);
}

static void damage_is_found(void **state)
{
    (void)state;
    char *text = make_text(5000);
    size_t packed;
    unsigned char *bytes = pack(false, text, 5000, &packed);
    bytes[packed - 6] ^= 1; /* of the check sum */
    write_file(bytes, packed);
    expect_failure(OCT_E_INVALID, "is damaged near byte");
    static const char rubbish[] = "\x28\xb5\x2f\xfd garbage and more of it";
    write_file(rubbish, sizeof(rubbish));
    expect_failure(OCT_E_INVALID, "is damaged near byte");
    bytes[packed - 6] ^= 1;
    bytes = realloc(bytes, packed + 8);
    memcpy(bytes + packed, "rubbish!", 8);
    write_file(bytes, packed + 8);
    expect_failure(OCT_E_INVALID, "is damaged near byte");
    free(bytes);
    free(text);
}

static void a_folder_without_room_is_named(void **state)
{
    (void)state;
    size_t packed;
    unsigned char *bytes = pack(false, "one\n", 4, &packed);
    write_file(bytes, packed);
    setenv("TMPDIR", "/nonexistent", 1);
    expect_failure(OCT_E_IO, "into '/nonexistent'");
    setenv("TMPDIR", "/tmp", 1);
    expect_text("one\n", 4);
    free(bytes);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    FILE *stream = NULL;
    unlink(path);
    expect_failure(OCT_E_NOTFOUND, "cannot open");
    assert_int_equal(octi_text_stream(path, &stream, NULL), OCT_E_NOTFOUND);
    write_file("", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_the_same_plain_and_packed),
        cmocka_unit_test(packed_files_under_each_other_are_one_text),
        cmocka_unit_test(a_file_that_is_cut_off_says_so_wherever_it_is),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(a_folder_without_room_is_named),
        cmocka_unit_test(what_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
