#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/journal/journal.h"

enum { BUILD_ID = 42 };

static int make_path(void **state)
{
    static char path[64];
    snprintf(path, sizeof(path), "/tmp/octavo-journal-XXXXXX");
    int file = mkstemp(path);
    if (file < 0)
        return -1;
    close(file);
    unlink(path);
    *state = path;
    return 0;
}

static int remove_path(void **state)
{
    unlink(*state);
    return 0;
}

static octi_journal *open_it(const char *path)
{
    octi_journal *journal = NULL;
    oct_error err = OCT_ERROR_INIT;
    if (octi_journal_open(path, BUILD_ID, &journal, &err) != OCT_OK)
        fail_msg("%s", err.what);
    return journal;
}

static octi_journal_key key_of(octi_journal *journal, const char *text)
{
    octi_journal_key key;
    assert_int_equal(octi_journal_key_of(journal, text, strlen(text), &key), OCT_OK);
    return key;
}

static void record(octi_journal *journal, const char *name, const char *payload)
{
    octi_journal_key key = key_of(journal, name);
    octi_journal_append(journal, &key, payload, strlen(payload));
}

static void assert_recorded(octi_journal *journal, const char *name, const char *payload)
{
    octi_journal_key key = key_of(journal, name);
    octi_buffer found = {0};
    assert_int_equal(octi_journal_find(journal, &key, &found), payload ? OCT_OK : OCT_E_NOTFOUND);
    if (payload) {
        assert_int_equal(found.size, strlen(payload));
        assert_memory_equal(found.data, payload, found.size);
    }
    octi_buffer_deinit(&found);
}

static long size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static void what_was_recorded_is_found_by_the_next_program(void **state)
{
    octi_journal *journal = open_it(*state);
    record(journal, "a", "first");
    record(journal, "b", "");
    record(journal, "a", "second");
    octi_journal_close(journal);
    journal = open_it(*state);
    assert_int_equal(octi_journal_count(journal), 3);
    assert_recorded(journal, "a", "first");
    assert_recorded(journal, "a", "second");
    assert_recorded(journal, "a", NULL);
    assert_recorded(journal, "b", "");
    assert_recorded(journal, "c", NULL);
    octi_journal_close(journal);
}

/* Cut at every length, and damaged at every byte: what is whole before that stays. */
static void a_torn_or_damaged_tail_is_cut_off(void **state)
{
    octi_journal *journal = open_it(*state);
    record(journal, "a", "first");
    octi_journal_close(journal);
    long one = size_of(*state);
    journal = open_it(*state);
    record(journal, "b", "second");
    octi_journal_close(journal);
    long two = size_of(*state);
    char bytes[256];
    FILE *file = fopen(*state, "r");
    assert_int_equal(fread(bytes, 1, sizeof(bytes), file), two);
    fclose(file);
    for (long at = one; at < 2 * two - one; at++) {
        char torn[256];
        long size = at < two ? at : two;
        memcpy(torn, bytes, sizeof(torn));
        if (at >= two)
            torn[at - two + one] ^= 0x40;
        file = fopen(*state, "w");
        assert_int_equal(fwrite(torn, 1, (size_t)size, file), size);
        fclose(file);
        journal = open_it(*state);
        assert_int_equal(size_of(*state), one);
        assert_recorded(journal, "a", "first");
        assert_recorded(journal, "b", NULL);
        octi_journal_close(journal);
    }
}

static void two_programs_are_refused_and_two_pools_share(void **state)
{
    octi_journal *journal = open_it(*state), *again = open_it(*state);
    assert_ptr_equal(journal, again);
    octi_journal_close(again);
    pid_t pid = fork();
    if (pid == 0) {
        /* A fork is another process to the lock, and must not take the parent's for its own. */
        execl("/proc/self/exe", "journal_test", "--open", (char *)*state, (char *)NULL);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), OCT_E_EXISTS);
    octi_journal_close(journal);
}

static void what_is_not_this_programs_journal_is_left_alone(void **state)
{
    octi_journal *journal = open_it(*state), *other = NULL;
    oct_error err = OCT_ERROR_INIT;
    record(journal, "a", "first");
    octi_journal_close(journal);
    long size = size_of(*state);
    assert_int_equal(octi_journal_open(*state, BUILD_ID + 1, &other, &err), OCT_E_INVALID);
    assert_non_null(strstr(err.what, "another build"));
    assert_int_equal(size_of(*state), size);
    FILE *file = fopen(*state, "w");
    fputs("somebody's only copy of a poem", file);
    fclose(file);
    assert_int_equal(octi_journal_open(*state, BUILD_ID, &other, &err), OCT_E_INVALID);
    assert_int_equal(size_of(*state), 30);
    assert_int_equal(octi_journal_open("/nowhere/j", BUILD_ID, &other, &err), OCT_E_IO);
    assert_int_equal(octi_journal_open("/dev/null", BUILD_ID, &other, &err), OCT_E_INVALID);
}

/* A limit on the file's size fails writes as a full disk does. */
static void a_full_disk_ends_recording_and_keeps_what_there_is(void **state)
{
    octi_journal *journal = open_it(*state);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    record(journal, "a", "fits");
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_journal_failed(journal, &err), OCT_OK);
    for (int i = 0; i < 10; i++)
        record(journal, "b", "does not fit, nor does it when it is written once more");
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(octi_journal_failed(journal, &err), OCT_E_IO);
    record(journal, "c", "too late");
    octi_journal_close(journal);
    journal = open_it(*state);
    assert_int_equal(octi_journal_count(journal), 1);
    assert_recorded(journal, "a", "fits");
    octi_journal_close(journal);
}

static int open_only(const char *path)
{
    octi_journal *journal = NULL;
    oct_err code = octi_journal_open(path, BUILD_ID, &journal, NULL);
    octi_journal_close(journal);
    return (int)code;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--open") == 0)
        return open_only(argv[2]);
    const struct CMUnitTest tests[] = {
#define ON_PATH(test) cmocka_unit_test_setup_teardown(test, make_path, remove_path)
        ON_PATH(what_was_recorded_is_found_by_the_next_program),
        ON_PATH(a_torn_or_damaged_tail_is_cut_off),
        ON_PATH(two_programs_are_refused_and_two_pools_share),
        ON_PATH(what_is_not_this_programs_journal_is_left_alone),
        ON_PATH(a_full_disk_ends_recording_and_keeps_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
