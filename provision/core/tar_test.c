#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/core/tar.h"
#include "runtime/base/buffer.h"

static char folder[64];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/octavo-tar-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, 256, "%s/%s", folder, name);
    return out;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    fchmod(fd, mode);
    close(fd);
}

static void expect_file(const char *path, const char *text)
{
    char have[256];
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        fail_msg("%s is missing", path);
    ssize_t size = read(fd, have, sizeof(have) - 1);
    assert_true(size >= 0);
    have[size] = '\0';
    close(fd);
    assert_string_equal(have, text);
}

/* Packs path and gives the stream to an unpack, as an exec would. */
static oct_err carry(const char *path, const char *name, const char *to, const char *as, oct_error *err)
{
    octi_tar *pack, *unpack;
    char piece[1000];
    ssize_t got;
    oct_err code = octi_tar_pack(path, name, &pack, err);
    if (code != OCT_OK)
        return code;
    assert_int_equal(octi_tar_unpack(to, name, as, &unpack, err), OCT_OK);
    while ((got = read(octi_tar_fd(pack), piece, sizeof(piece))) > 0)
        if (octi_tar_write(unpack, piece, (size_t)got) != OCT_OK)
            break;
    code = octi_tar_finish(pack, err);
    oct_err other = octi_tar_finish(unpack, code == OCT_OK ? err : NULL);
    return code == OCT_OK ? other : code;
}

static void a_tree_arrives_as_it_was_under_its_new_name(void **state)
{
    (void)state;
    struct stat info;
    char target[64];
    assert_int_equal(mkdir(in_folder("tree"), 0755), 0);
    assert_int_equal(mkdir(in_folder("tree/deep"), 0700), 0);
    assert_int_equal(mkdir(in_folder("tree/empty"), 0755), 0);
    assert_int_equal(mkdir(in_folder("to"), 0755), 0);
    write_file(in_folder("tree/run"), "#!/bin/sh\n", 0755);
    write_file(in_folder("tree/deep/a b\nc"), "odd", 0600);
    write_file(in_folder("tree/none"), "", 0644);
    assert_int_equal(symlink("deep/nowhere", in_folder("tree/link")), 0);

    oct_error err = OCT_ERROR_INIT;
    if (carry(in_folder("tree/"), "tree", in_folder("to"), "copy", &err) != OCT_OK)
        fail_msg("%s", err.what);
    expect_file(in_folder("to/copy/run"), "#!/bin/sh\n");
    expect_file(in_folder("to/copy/deep/a b\nc"), "odd");
    expect_file(in_folder("to/copy/none"), "");
    assert_int_equal(stat(in_folder("to/copy/run"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0755);
    assert_int_equal(stat(in_folder("to/copy/empty"), &info), 0);
    ssize_t length = readlink(in_folder("to/copy/link"), target, sizeof(target));
    assert_int_equal(length, strlen("deep/nowhere"));
}

static void one_file_arrives_too(void **state)
{
    (void)state;
    write_file(in_folder("one"), "text", 0644);
    assert_int_equal(mkdir(in_folder("to"), 0755), 0);
    assert_int_equal(carry(in_folder("one"), "one", in_folder("to"), "other", NULL), OCT_OK);
    expect_file(in_folder("to/other"), "text");
}

static void what_is_not_there_cannot_be_packed(void **state)
{
    (void)state;
    octi_tar *tar;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_tar_pack(in_folder("nothing"), "x", &tar, &err), OCT_E_NOTFOUND);
    assert_non_null(strstr(err.what, "nothing': No such file"));
}

static void a_reader_that_stops_ends_a_pack_quietly(void **state)
{
    (void)state;
    octi_tar *tar;
    FILE *file = fopen(in_folder("big"), "w");
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), 50 << 20), 0);
    fclose(file);
    assert_int_equal(octi_tar_pack(in_folder("big"), "big", &tar, NULL), OCT_OK);
    assert_int_equal(octi_tar_finish(tar, NULL), OCT_OK);
}

/* An archive of entries made as an attacker would. */
struct forged {
    const char *name;
    mode_t type;
    const char *link; /* of a symbolic link; with AE_IFREG: of a hard one */
    const char *text;
};

static oct_err unpack_forged(const struct forged *entries, size_t count, oct_error *err)
{
    enum { ROOM = 1 << 20 };
    char *bytes = malloc(ROOM);
    size_t used = 0;
    struct archive *out = archive_write_new();
    archive_write_set_format_pax(out);
    assert_int_equal(archive_write_open_memory(out, bytes, ROOM, &used), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, entries[i].name);
        archive_entry_set_filetype(entry, entries[i].type);
        archive_entry_set_perm(entry, 04755);
        if (entries[i].link && entries[i].type == AE_IFLNK)
            archive_entry_set_symlink(entry, entries[i].link);
        else if (entries[i].link)
            archive_entry_set_hardlink(entry, entries[i].link);
        archive_entry_set_size(entry, entries[i].text ? (la_int64_t)strlen(entries[i].text) : 0);
        assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
        if (entries[i].text)
            archive_write_data(out, entries[i].text, strlen(entries[i].text));
        archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);

    octi_tar *tar;
    mkdir(in_folder("to"), 0755);
    assert_int_equal(octi_tar_unpack(in_folder("to"), "top", "top", &tar, err), OCT_OK);
    oct_err sent = octi_tar_write(tar, bytes, used);
    assert_true(sent == OCT_OK || sent == OCT_E_CANCELLED); /* it may have given up before the end */
    free(bytes);
    return octi_tar_finish(tar, err);
}

static void an_archive_cannot_write_outside_its_folder(void **state)
{
    (void)state;
    static const struct forged attacks[][2] = {
        {{"../escaped", AE_IFREG, NULL, "x"}},
        {{"top/../../escaped", AE_IFREG, NULL, "x"}},
        {{"/tmp/octavo-escaped", AE_IFREG, NULL, "x"}},
        {{"other", AE_IFREG, NULL, "x"}},
        {{"topmost", AE_IFREG, NULL, "x"}},
        {{"top", AE_IFLNK, "..", NULL}, {"top/escaped", AE_IFREG, NULL, "x"}},
        {{"top/a", AE_IFLNK, "../..", NULL}, {"top/a/escaped", AE_IFREG, NULL, "x"}},
        {{"top/a", AE_IFREG, "../victim", NULL}, {"top/a", AE_IFREG, NULL, "x"}},
        {{"top/a", AE_IFREG, "/etc/hostname", NULL}, {"top/a", AE_IFREG, NULL, "x"}},
        {{"top/fifo", AE_IFIFO, NULL, NULL}},
        {{"top/device", AE_IFCHR, NULL, NULL}},
    };
    write_file(in_folder("victim"), "safe", 0644);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        oct_error err = OCT_ERROR_INIT;
        oct_err code = unpack_forged(attacks[i], attacks[i][1].name ? 2 : 1, &err);
        if (code == OCT_OK)
            fail_msg("attack %zu was not noticed", i);
        if (access(in_folder("escaped"), F_OK) == 0 || access("/tmp/octavo-escaped", F_OK) == 0)
            fail_msg("attack %zu escaped: %s", i, err.what);
        expect_file(in_folder("victim"), "safe");
        nftw(in_folder("to"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static void zeros_after_the_archive_are_taken_too(void **state)
{
    (void)state;
    octi_tar *tar;
    char zeros[10240] = "";
    assert_int_equal(octi_tar_unpack(folder, "top", "top", &tar, NULL), OCT_OK);
    for (int i = 0; i < 200; i++)
        assert_int_equal(octi_tar_write(tar, zeros, sizeof(zeros)), OCT_OK);
    assert_int_equal(octi_tar_finish(tar, NULL), OCT_OK);
}

static void set_user_bits_do_not_arrive(void **state)
{
    (void)state;
    static const struct forged entry = {"top", AE_IFREG, NULL, "x"};
    struct stat info;
    assert_int_equal(unpack_forged(&entry, 1, NULL), OCT_OK);
    assert_int_equal(stat(in_folder("to/top"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0755);
}

static void garbage_and_cut_archives_are_protocol_errors(void **state)
{
    (void)state;
    octi_tar *tar;
    char bytes[2000];
    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(octi_tar_unpack(folder, "top", "top", &tar, NULL), OCT_OK);
    oct_err sent = octi_tar_write(tar, bytes, sizeof(bytes));
    assert_true(sent == OCT_OK || sent == OCT_E_CANCELLED);
    assert_int_equal(octi_tar_finish(tar, NULL), OCT_E_PROTOCOL);

    /* nothing at all: what a tar that failed at once leaves; its own failure is told */
    assert_int_equal(octi_tar_unpack(folder, "top", "top", &tar, NULL), OCT_OK);
    assert_int_equal(octi_tar_finish(tar, NULL), OCT_OK);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_tree_arrives_as_it_was_under_its_new_name),
        IN_FOLDER(one_file_arrives_too),
        IN_FOLDER(what_is_not_there_cannot_be_packed),
        IN_FOLDER(a_reader_that_stops_ends_a_pack_quietly),
        IN_FOLDER(an_archive_cannot_write_outside_its_folder),
        IN_FOLDER(zeros_after_the_archive_are_taken_too),
        IN_FOLDER(set_user_bits_do_not_arrive),
        IN_FOLDER(garbage_and_cut_archives_are_protocol_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
