#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "provision/exercise/sanitizer.h"

static const octi_lesson lesson = {.sources = {"prices.c"}};
static const octi_workbench bench = {.lesson = &lesson, .source = "exercise.c"};

#define RACE(own)                                                                                            \
    "==================\n"                                                                                   \
    "WARNING: ThreadSanitizer: data race (pid=27604)\n"                                                      \
    "  Read of size 8 at 0x5627b4430330 by thread T2:\n"                                                     \
    "    #0 convert " own ":15 (program-thread+0x7330)\n"                                                    \
    "    #1 octi__loop_convert " own ":11 (program-thread+0x7331)\n"                                         \
    "    #2 octi_loop_run runtime/exec/loop.c:80 (liboctavo.so.0+0x11)\n\n"                                  \
    "  Previous write of size 8 at 0x5627b4430330 by thread T1:\n"                                           \
    "    #0 convert " own ":16 (program-thread+0x7330)\n\n"                                                  \
    "SUMMARY: ThreadSanitizer: data race " own ":15 in convert\n"

static void a_race_of_the_students_is_shortened(void **state)
{
    (void)state;
    octi_buffer out = {0};
    assert_true(octi_sanitizer_races(RACE("/home/me/01-map/exercise.c"), &bench, &out));
    assert_string_equal(out.data, "WARNING: ThreadSanitizer: data race (pid=27604)\n"
                                  "Read of size 8 at 0x5627b4430330 by thread T2:\n"
                                  "  convert at exercise.c:15\n"
                                  "  convert at exercise.c:11\n"
                                  "Previous write of size 8 at 0x5627b4430330 by thread T1:\n"
                                  "  convert at exercise.c:16\n");
    octi_buffer_deinit(&out);
}

static void a_race_of_a_librarys_is_not_his(void **state)
{
    (void)state;
    octi_buffer out = {0};
    assert_false(octi_sanitizer_races(RACE("/build/hdf5/H5.c"), &bench, &out));
    assert_false(octi_sanitizer_races(RACE("/home/me/01-map/not_exercise.c"), &bench, &out));
    assert_false(octi_sanitizer_races(NULL, &bench, &out));
    assert_null(out.data);
}

static void the_first_report_of_his_is_found_behind_others(void **state)
{
    (void)state;
    octi_buffer out = {0};
    assert_true(octi_sanitizer_races(RACE("/build/hdf5/H5.c") RACE("/x/prices.c"), &bench, &out));
    assert_non_null(strstr(out.data, "prices.c:16"));
    assert_null(strstr(out.data, "H5.c"));
    octi_buffer_deinit(&out);
}

static const char leaks[] = "=================================================================\n"
                            "==17==ERROR: LeakSanitizer: detected memory leaks\n\n"
                            "Direct leak of 64 byte(s) in 1 object(s) allocated from:\n"
                            "    #0 0x7f0 in __interceptor_malloc ../../../../src/asan_malloc_linux.cpp:69\n"
                            "    #1 0x7f1 in H5FL_malloc (/usr/lib/libhdf5.so+0x1)\n\n"
                            "Direct leak of 626 byte(s) in 24 object(s) allocated from:\n"
                            "    #0 0x7f0 in __interceptor_strdup ../../../../src/asan_interceptors.cpp:439\n"
                            "    #1 0x55 in convert /tmp/01-map/exercise.c:15\n\n"
                            "SUMMARY: AddressSanitizer: 690 byte(s) leaked in 25 allocation(s).\n";

static void a_leak_is_his_where_his_file_allocated(void **state)
{
    (void)state;
    octi_buffer out = {0};
    assert_true(octi_sanitizer_leaks(leaks, &bench, &out));
    assert_string_equal(out.data, "Direct leak of 626 byte(s) in 24 object(s) allocated from:\n"
                                  "  convert at exercise.c:15\n");
    octi_buffer_deinit(&out);
    static const octi_workbench other = {.lesson = &lesson, .source = "other.c"};
    assert_false(octi_sanitizer_leaks(leaks, &other, &out));
    assert_true(octi_sanitizer_of_others(leaks));
}

static void a_wrong_access_tells_its_lines(void **state)
{
    (void)state;
    static const char report[] =
        "==9==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000 (pc 0x55)\n"
        "==9==The signal is caused by a WRITE memory access.\n"
        "    #0 0x55 in main /tmp/01-map/exercise.c:42\n"
        "SUMMARY: AddressSanitizer: SEGV\n";
    octi_buffer out = {0};
    assert_true(octi_sanitizer_bad_access(report, &bench, &out));
    assert_non_null(strstr(out.data, "ERROR: AddressSanitizer: SEGV on unknown address"));
    assert_non_null(strstr(out.data, "\n  main at exercise.c:42\n"));
    octi_buffer_deinit(&out);
}

static void only_threads_in_his_files_are_kept(void **state)
{
    (void)state;
    octi_buffer out = {0};
    octi_sanitizer_own_threads(
        "thread 1\n  syscall at syscall.S:38\n  octi_map at map.c:152\n  main at exercise.c:43\n"
        "  _start\nthread 2\n  syscall at syscall.S:38\n  octi_idle at park.c:9\n"
        "thread 3\n  lock at lock.c:1\n  octi__loop_convert at exercise.c:16\n",
        &bench, &out);
    assert_string_equal(
        out.data, "thread 1\n  syscall at syscall.S:38\n  octi_map at map.c:152\n  main at exercise.c:43\n"
                  "thread 3\n  lock at lock.c:1\n  convert at exercise.c:16\n");
    octi_buffer_deinit(&out);
    octi_sanitizer_own_threads("thread 1\n  a at b.c:1\n", &bench, &out);
    assert_null(out.data);
}

static void a_sanitizer_that_cannot_work_is_recognised(void **state)
{
    (void)state;
    assert_true(octi_sanitizer_unusable("==5==LeakSanitizer has encountered a fatal error.\n"));
    assert_false(octi_sanitizer_unusable("error: no data\n"));
    assert_false(octi_sanitizer_unusable(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_race_of_the_students_is_shortened),
        cmocka_unit_test(a_race_of_a_librarys_is_not_his),
        cmocka_unit_test(the_first_report_of_his_is_found_behind_others),
        cmocka_unit_test(a_leak_is_his_where_his_file_allocated),
        cmocka_unit_test(a_wrong_access_tells_its_lines),
        cmocka_unit_test(only_threads_in_his_files_are_kept),
        cmocka_unit_test(a_sanitizer_that_cannot_work_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
