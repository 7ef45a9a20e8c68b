#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/exercise/ahead.h"
#include "provision/exercise/tree.h"

static const bool both[OCTI_VARIANTS] = {[OCTI_THREAD] = true, [OCTI_ADDRESS] = true};

static oct_err run(const char *script, bool (*stop)(void), octi_trial_result *result, oct_error *err)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *here = getenv("TEST_TMPDIR");
    const octi_trial trial = {
        .argv = argv,
        .folder = here ? here : "/tmp",
        .seconds = 20,
        .output = 1 << 20,
        .processes = 30,
        .disk = 8 << 20,
        .stop = stop,
    };
    return octi_trial_run(&trial, result, err);
}

/* ctx: a script for each variant. */
static oct_err make(void *ctx, octi_variant variant, bool (*stop)(void), octi_trial_result *result,
                    oct_error *err)
{
    const char *const *scripts = ctx;
    return run(scripts[variant], stop, result, err);
}

static void what_was_made_is_taken_in_any_order_with_its_messages(void **state)
{
    (void)state;
    const char *scripts[OCTI_VARIANTS] = {
        [OCTI_THREAD] = "printf '%0200000d' 7 >&2; exit 3", /* more than a pipe holds */
        [OCTI_ADDRESS] = "echo a warning >&2",
    };
    octi_trial_result result;
    octi_ahead *ahead = octi_ahead_start(both, make, scripts);
    assert_non_null(ahead);
    assert_true(octi_ahead_take(ahead, OCTI_ADDRESS, NULL, &result));
    assert_int_equal(result.status, 0);
    assert_string_equal(result.err.data, "a warning\n");
    octi_trial_deinit(&result);
    assert_true(octi_ahead_take(ahead, OCTI_THREAD, NULL, &result));
    assert_int_equal(result.end, OCTI_END_EXIT);
    assert_int_equal(result.status, 3);
    assert_int_equal(result.err.size, 200000);
    octi_trial_deinit(&result);
    assert_false(octi_ahead_take(ahead, OCTI_ADDRESS, NULL, &result)); /* it was taken */
    assert_false(octi_ahead_take(ahead, OCTI_PLAIN, NULL, &result));   /* nobody wanted it */
    octi_ahead_end(ahead);
}

static void a_trial_meanwhile_neither_sees_nor_ends_it(void **state)
{
    (void)state;
    const char *scripts[OCTI_VARIANTS] = {
        [OCTI_THREAD] = "echo begun >begun; while [ ! -e go ]; do sleep 0.01; done; echo whole >&2",
        [OCTI_ADDRESS] = "true",
    };
    octi_trial_result result;
    octi_tree tree;
    octi_ahead *ahead = octi_ahead_start(both, make, scripts);
    assert_non_null(ahead);
    assert_int_equal(run("while [ ! -e begun ]; do sleep 0.01; done", NULL, &result, NULL), OCT_OK);
    assert_int_equal(result.end, OCTI_END_EXIT);
    octi_trial_deinit(&result);
    octi_tree_scan(&tree);
    assert_int_equal(tree.count, 0);
    octi_tree_deinit(&tree);
    assert_int_equal(run("echo >go", NULL, &result, NULL), OCT_OK);
    octi_trial_deinit(&result);
    assert_true(octi_ahead_take(ahead, OCTI_THREAD, NULL, &result));
    assert_string_equal(result.err.data, "whole\n");
    octi_trial_deinit(&result);
    octi_ahead_end(ahead);
}

static bool at_once(void)
{
    return true;
}

static void nothing_of_it_is_left_when_it_is_ended_early(void **state)
{
    (void)state;
    const char *scripts[OCTI_VARIANTS] = {
        [OCTI_THREAD] = "echo >started; exec sleep 20.125",
        [OCTI_ADDRESS] = "echo >second",
    };
    octi_trial_result result;
    octi_ahead *ahead = octi_ahead_start(both, make, scripts);
    assert_non_null(ahead);
    assert_int_equal(run("while [ ! -e started ]; do sleep 0.01; done", NULL, &result, NULL), OCT_OK);
    octi_trial_deinit(&result);
    assert_false(octi_ahead_take(ahead, OCTI_THREAD, at_once, &result));
    octi_ahead_end(ahead);
    assert_int_equal(run("[ ! -e second ]", NULL, &result, NULL), OCT_OK);
    assert_int_equal(result.status, 0);
    octi_trial_deinit(&result);
    assert_int_equal(system("pgrep -x -f 'sleep 20.125'"), 256); /* outside a cell: all are seen */
    octi_ahead_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_made_is_taken_in_any_order_with_its_messages),
        cmocka_unit_test(a_trial_meanwhile_neither_sees_nor_ends_it),
        cmocka_unit_test(nothing_of_it_is_left_when_it_is_ended_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
