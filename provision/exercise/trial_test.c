#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/exercise/cell.h"
#include "provision/exercise/tree.h"
#include "provision/exercise/trial.h"

static const char *here(void)
{
    return getenv("TEST_TMPDIR") ? getenv("TEST_TMPDIR") : "/tmp";
}

/* Runs a shell's script as a trial with small limits. */
static octi_trial_result run(const char *script, double seconds)
{
    octi_trial_result result;
    const char *const argv[] = {"sh", "-c", script, NULL};
    const octi_trial trial = {
        .argv = argv,
        .folder = here(),
        .seconds = seconds,
        .output = 1 << 16,
        .memory = (uint64_t)256 << 20,
        .processes = 30,
        .disk = 8 << 20,
    };
    oct_error err;
    assert_int_equal(octi_trial_run(&trial, &result, &err), OCT_OK);
    return result;
}

static size_t left_over(void)
{
    octi_tree tree;
    octi_tree_scan(&tree);
    size_t count = tree.count;
    octi_tree_deinit(&tree);
    return count;
}

static void threads_with_something_to_do_are_counted_though_they_get_no_core(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        size_t low, high; /* threads at a time */
    } cases[] = {{"sleep 0.4", 0, 1},
                 {"for i in 1 2 3; do timeout 0.4 sh -c 'while :; do :; done' & done; wait", 1, 2}};
    for (size_t i = 0; i < 2; i++) {
        const char *const argv[] = {"sh", "-c", cases[i].script, NULL};
        const octi_trial trial = {.argv = argv,
                                  .folder = here(),
                                  .seconds = 20,
                                  .output = 1 << 16,
                                  .processes = 30,
                                  .disk = 8 << 20,
                                  .most_at_once = 2};
        octi_trial_result result;
        oct_error err;
        assert_int_equal(octi_trial_run(&trial, &result, &err), OCT_OK);
        assert_true(result.looks > 0);
        assert_in_range(result.runnable, cases[i].low * result.looks, cases[i].high * result.looks);
        octi_trial_deinit(&result);
    }
}

static void output_and_status_come_back(void **state)
{
    (void)state;
    octi_trial_result result = run("echo out; echo err >&2; exit 3", 20);
    assert_int_equal(result.end, OCTI_END_EXIT);
    assert_int_equal(result.status, 3);
    assert_string_equal(result.out.data, "out\n");
    assert_string_equal(result.err.data, "err\n");
    octi_trial_deinit(&result);
}

static void a_crash_names_its_signal(void **state)
{
    (void)state;
    octi_trial_result result = run("kill -SEGV $$", 20);
    assert_int_equal(result.end, OCTI_END_SIGNAL);
    assert_int_equal(result.status, SIGSEGV);
    octi_trial_deinit(&result);
}

static void a_program_that_cannot_start_says_why(void **state)
{
    (void)state;
    octi_trial_result result = run("exec /nowhere/program", 20);
    assert_int_equal(result.end, OCTI_END_EXIT);
    assert_int_equal(result.status, 127);
    octi_trial_deinit(&result);
}

static void a_hang_ends_at_its_limit_with_all_it_started(void **state)
{
    (void)state;
    octi_trial_result result = run("setsid sleep 1000 & sleep 1000", 0.3);
    assert_int_equal(result.end, OCTI_END_TIME);
    assert_true(result.seconds >= 0.3);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

static void what_a_program_leaves_behind_is_ended_too(void **state)
{
    (void)state;
    octi_trial_result result = run("setsid sleep 1000 & exit 0", 20);
    assert_int_equal(result.end, OCTI_END_EXIT);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

static void with_grace_a_program_ends_by_itself(void **state)
{
    (void)state;
    octi_trial_result result;
    const char *const argv[] = {"sh", "-c", "trap 'echo cancelled; exit 0' TERM; sleep 1000 & wait", NULL};
    const octi_trial trial = {.argv = argv,
                              .folder = here(),
                              .seconds = 0.5,
                              .grace = 20,
                              .output = 1 << 16,
                              .processes = 9,
                              .disk = 1 << 30};
    oct_error err;
    assert_int_equal(octi_trial_run(&trial, &result, &err), OCT_OK);
    assert_int_equal(result.end, OCTI_END_TIME);
    assert_string_equal(result.out.data, "cancelled\n");
    assert_true(result.seconds < 15);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

static void endless_output_is_cut(void **state)
{
    (void)state;
    octi_trial_result result = run("yes", 20);
    assert_int_equal(result.end, OCTI_END_OUTPUT);
    assert_true(result.out.size < 1 << 20);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

static void many_processes_are_stopped(void **state)
{
    (void)state;
    octi_trial_result result = run("for i in $(seq 100); do sleep 1000 & done; wait", 20);
    assert_int_equal(result.end, OCTI_END_PROCESSES);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

/* Twenty doublings a second, so that a machine that is slow to look still ends it before it holds
 * up all else that runs there. */
static void a_bomb_that_doubles_is_ended(void **state)
{
    (void)state;
    octi_trial_result result = run("bomb() { sleep 0.05; bomb & bomb & wait; }; bomb", 20);
    assert_int_equal(result.end, OCTI_END_PROCESSES);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

static void a_bomb_whose_every_process_leaves_is_ended(void **state)
{
    (void)state;
    if (geteuid() == 0 && !octi_cell_possible())
        skip(); /* nothing holds root back here */
    octi_trial_result result = run("cat >bomb.sh <<'END'\nsleep 0.05; setsid sh ./bomb.sh & setsid sh "
                                   "./bomb.sh & wait\nEND\nsh ./bomb.sh",
                                   20);
    assert_int_equal(result.end, OCTI_END_PROCESSES);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

static void a_file_without_end_is_stopped(void **state)
{
    (void)state;
    octi_trial_result result = run("exec dd if=/dev/zero of=endless bs=64k 2>/dev/null", 20);
    assert_int_equal(result.end, OCTI_END_DISK);
    octi_trial_deinit(&result);
}

static void files_without_end_are_stopped(void **state)
{
    (void)state;
    octi_trial_result result =
        run("i=0; while :; do i=$((i + 1)); dd if=/dev/zero of=file$i bs=64k count=16 2>/dev/null; done", 20);
    assert_int_equal(result.end, OCTI_END_DISK);
    octi_trial_deinit(&result);
}

static void memory_without_end_is_stopped(void **state)
{
    (void)state;
    octi_trial_result result = run("exec dd if=/dev/zero of=/dev/null bs=2000M count=100 2>/dev/null", 20);
    assert_int_equal(result.end, OCTI_END_MEMORY);
    octi_trial_deinit(&result);
}

static bool at_once(void)
{
    return true;
}

static void a_trial_stops_when_told(void **state)
{
    (void)state;
    octi_trial_result result;
    const char *const argv[] = {"sleep", "1000", NULL};
    const octi_trial trial = {.argv = argv,
                              .folder = here(),
                              .seconds = 100,
                              .output = 1,
                              .processes = 9,
                              .disk = 1 << 30,
                              .stop = at_once};
    oct_error err;
    assert_int_equal(octi_trial_run(&trial, &result, &err), OCT_OK);
    assert_int_equal(result.end, OCTI_END_STOPPED);
    octi_trial_deinit(&result);
    assert_int_equal(left_over(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status_come_back),
        cmocka_unit_test(threads_with_something_to_do_are_counted_though_they_get_no_core),
        cmocka_unit_test(a_crash_names_its_signal),
        cmocka_unit_test(a_program_that_cannot_start_says_why),
        cmocka_unit_test(a_hang_ends_at_its_limit_with_all_it_started),
        cmocka_unit_test(what_a_program_leaves_behind_is_ended_too),
        cmocka_unit_test(with_grace_a_program_ends_by_itself),
        cmocka_unit_test(endless_output_is_cut),
        cmocka_unit_test(many_processes_are_stopped),
        cmocka_unit_test(a_bomb_that_doubles_is_ended),
        cmocka_unit_test(a_bomb_whose_every_process_leaves_is_ended),
        cmocka_unit_test(a_file_without_end_is_stopped),
        cmocka_unit_test(files_without_end_are_stopped),
        cmocka_unit_test(memory_without_end_is_stopped),
        cmocka_unit_test(a_trial_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
