#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "provision/exercise/stages.h"

/* Three rounds on two cores, in which the loop took a second and two workers `seconds`. */
static octi_verdict judged(double seconds, double others)
{
    octi_scaling scaling;
    octi_verdict verdict = {.stage = OCTI_STAGE_SPEED};
    octi_scaling_plan(&scaling, 2);
    scaling.rounds = 3;
    scaling.others = others;
    for (size_t round = 0; round < 3; round++) {
        scaling.given[round] = 2;
        for (size_t i = 0; i < scaling.row_count; i++)
            scaling.rows[i].seconds[round] = scaling.rows[i].workers == 2 ? seconds : 1;
    }
    octi_scaling_compute(&scaling, 0.4);
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
        cmocka_unit_test(what_is_told_needs_no_second_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
