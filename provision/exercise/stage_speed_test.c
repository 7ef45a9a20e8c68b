#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "provision/exercise/stages.h"

/* So many rounds on two cores, in which the loop took a second and two workers `seconds`. */
static octi_scaling measured(const double *seconds, size_t rounds, double others)
{
    octi_scaling scaling;
    octi_scaling_plan(&scaling, 2);
    scaling.rounds = rounds;
    scaling.others = others;
    for (size_t round = 0; round < rounds; round++) {
        scaling.given[round] = 2;
        for (size_t i = 0; i < scaling.row_count; i++)
            scaling.rows[i].seconds[round] = scaling.rows[i].workers == 2 ? seconds[round] : 1;
    }
    octi_scaling_compute(&scaling, 0.4);
    return scaling;
}

static octi_verdict judged(double seconds, double others)
{
    octi_scaling scaling = measured((double[]){seconds, seconds, seconds}, 3, others);
    octi_verdict verdict = {.stage = OCTI_STAGE_SPEED};
    octi_speed_judge(&scaling, "01-one", &verdict);
    return verdict;
}

static void what_cannot_be_told_just_now_says_how_to_ask_again(void **state)
{
    (void)state;
    octi_verdict verdict = judged(0.95, 0.5);
    assert_int_equal(verdict.outcome, OCTI_SKIPPED);
    assert_true(verdict.later);
    assert_non_null(strstr(verdict.said, "the machine was busy"));
    assert_non_null(strstr(verdict.next, "'octavo exercise check 01-one --from speed'"));
    octi_verdict_deinit(&verdict);
}

static void what_differs_too_much_is_measured_again_and_left_for_later(void **state)
{
    (void)state;
    octi_scaling wide = measured((double[]){0.92, 1.25, 0.60, 0.98}, 4, 0);
    octi_verdict verdict = {.stage = OCTI_STAGE_SPEED};
    octi_speed_judge(&wide, "01-one", &verdict);
    assert_int_equal(verdict.outcome, OCTI_SKIPPED);
    assert_true(verdict.later);
    assert_non_null(strstr(verdict.said, "the rounds differ too much to tell"));
    assert_non_null(strstr(verdict.next, "'octavo exercise check 01-one --from speed'"));
    assert_true(octi_speed_undecided(&wide, 5));
    assert_false(
        octi_speed_undecided(&wide, 8)); /* a check has its time too, and a round would take two more */
    octi_verdict_deinit(&verdict);
}

static void what_other_rounds_could_not_change_is_not_measured_again(void **state)
{
    (void)state;
    octi_scaling slow = measured((double[]){1.9, 2.0, 2.0}, 2, 0),
                 fast = measured((double[]){0.5, 0.5, 0.5}, 2, 0);
    assert_false(octi_speed_undecided(&slow, 1));
    assert_true(octi_speed_undecided(&fast, 1)); /* two may be luck */
    fast.rounds = 3;
    for (size_t i = 0; i < fast.row_count; i++)
        fast.rows[i].seconds[2] = fast.rows[i].seconds[1];
    fast.given[2] = 2;
    octi_scaling_compute(&fast, 0.4);
    assert_false(octi_speed_undecided(&fast, 1));
}

static void where_nobody_is_faster_the_cores_are_named(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){0.95, 0.95, 0.95}, 3, 0);
    octi_verdict verdict = {.stage = OCTI_STAGE_SPEED};
    for (size_t round = 0; round < 3; round++)
        scaling.given[round] = 1.1;
    octi_scaling_compute(&scaling, 0.4);
    octi_speed_judge(&scaling, "01-one", &verdict);
    assert_int_equal(verdict.outcome, OCTI_SKIPPED);
    assert_true(verdict.later);
    assert_non_null(strstr(verdict.said, "2 cores gave the loop itself only 1.1 times as much as one"));
    octi_verdict_deinit(&verdict);
}

static void luck_on_a_busy_machine_is_called_so(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){0.65, 0.6, 0.62}, 3, 0.6);
    octi_verdict verdict = {.stage = OCTI_STAGE_SPEED};
    for (size_t i = 0; i < scaling.row_count; i++) {
        scaling.rows[i].looks = scaling.rows[i].runnable = 20;
        scaling.rows[i].cpu_seconds = 1;
    }
    octi_speed_judge(&scaling, "01-one", &verdict);
    assert_int_equal(verdict.outcome, OCTI_FAILED);
    assert_non_null(strstr(verdict.said, "by chance: its threads take turns"));
    assert_non_null(strstr(verdict.seen.data, "1.0 of its threads had work at a time"));
    octi_verdict_deinit(&verdict);
}

static void what_is_told_needs_no_second_time(void **state)
{
    (void)state;
    octi_verdict fast = judged(0.5, 0.5), slow = judged(0.95, 0);
    assert_int_equal(fast.outcome, OCTI_PASSED);
    assert_int_equal(slow.outcome, OCTI_FAILED);
    assert_false(fast.later || slow.later);
    assert_string_equal(fast.next, "");
    assert_string_equal(slow.next, "");
    octi_verdict_deinit(&fast);
    octi_verdict_deinit(&slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_told_just_now_says_how_to_ask_again),
        cmocka_unit_test(what_differs_too_much_is_measured_again_and_left_for_later),
        cmocka_unit_test(what_other_rounds_could_not_change_is_not_measured_again),
        cmocka_unit_test(where_nobody_is_faster_the_cores_are_named),
        cmocka_unit_test(luck_on_a_busy_machine_is_called_so),
        cmocka_unit_test(what_is_told_needs_no_second_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
