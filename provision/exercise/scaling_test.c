#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "provision/exercise/scaling.h"

/* Three rounds on two cores; `times` are the seconds of the loop and of 1, 2 and 8 workers. */
static octi_scaling measured(const double times[4], double capacity)
{
    octi_scaling scaling;
    octi_scaling_plan(&scaling, 2);
    scaling.rounds = 3;
    for (size_t round = 0; round < 3; round++)
        scaling.given[round] = capacity;
    for (size_t i = 0; i < 4; i++)
        for (size_t round = 0; round < 3; round++)
            scaling.rows[i].seconds[round] = times[i] * (1 + 0.1 * (double)round);
    octi_scaling_compute(&scaling, 0.4);
    return scaling;
}

static void the_plan_doubles_up_to_the_cores_and_has_eight(void **state)
{
    (void)state;
    static const unsigned on_two[] = {0, 1, 2, 8}, on_six[] = {0, 1, 2, 4, 6, 8}, on_one[] = {0, 1, 8};
    octi_scaling scaling;
    octi_scaling_plan(&scaling, 2);
    assert_int_equal(scaling.row_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(scaling.rows[i].workers, on_two[i]);
    octi_scaling_plan(&scaling, 6);
    assert_int_equal(scaling.row_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(scaling.rows[i].workers, on_six[i]);
    octi_scaling_plan(&scaling, 1);
    assert_int_equal(scaling.row_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(scaling.rows[i].workers, on_one[i]);
    octi_scaling_plan(&scaling, 1024);
    assert_true(scaling.row_count <= OCTI_SCALING_ROWS);
    assert_int_equal(scaling.rows[scaling.row_count - 1].workers, 1024);
}

static void a_speed_up_is_the_median_of_its_rounds(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 0.5, 0.5}, 2);
    /* A machine that was busy in one round was busy for both programs. */
    assert_float_equal(scaling.rows[2].speed_up.median, 2, 1e-9);
    assert_float_equal(scaling.rows[2].speed_up.low, 2, 1e-9);
    assert_float_equal(scaling.rows[2].time.high, 0.6, 1e-9);
    assert_float_equal(scaling.wanted, 1.4, 1e-9);
    assert_int_equal(octi_scaling_best(&scaling)->workers, 2);
}

static void enough_is_judged_by_what_the_machine_gives(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 0.6, 0.7}, 2);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_FASTER);
    scaling = measured((double[]){1, 1, 1, 1.2}, 2);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
    scaling.others = 0.5;
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_BUSY);
    scaling.others = 0;
    scaling.capacity = 1.1;
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NO_ROOM);
    /* What is wanted is of what there was while it ran. */
    scaling = measured((double[]){1, 1, 0.8, 0.85}, 2);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
    scaling = measured((double[]){1, 1, 0.8, 0.85}, 1.5);
    assert_float_equal(scaling.wanted, 1.2, 1e-9);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_FASTER);
    scaling.given[0] = 1.1;
    scaling.given[1] = 1.9;
    octi_scaling_compute(&scaling, 0.4);
    assert_float_equal(scaling.capacity, 1.5, 1e-9);
    scaling.cores = 1;
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_FEW_CORES);
}

/* Looked at twenty times in each row; `runnable` threads had something to do at a time. */
static octi_scaling looked_at(octi_scaling scaling, double runnable, double cpu_of_loop)
{
    for (size_t i = 0; i < scaling.row_count; i++) {
        scaling.rows[i].looks = 20;
        scaling.rows[i].runnable = (size_t)(20 * runnable);
        scaling.rows[i].cpu_seconds = i == 0 ? 1 : cpu_of_loop;
    }
    return scaling;
}

static void on_a_busy_machine_it_counts_how_many_threads_had_work(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 1, 1.2}, 2);
    scaling.others = 0.5;
    octi_scaling parallel = looked_at(scaling, 1.9, 1.05), serial = looked_at(scaling, 1.0, 1.05);
    octi_scaling wasteful = looked_at(scaling, 1.9, 2.5);
    assert_int_equal(octi_scaling_judge(&parallel), OCTI_BUSY);
    assert_float_equal(octi_scaling_promise(&parallel, octi_scaling_best(&parallel)), 1.9 / 1.05, 1e-9);
    assert_int_equal(octi_scaling_judge(&serial), OCTI_NOT_FASTER);
    assert_int_equal(octi_scaling_judge(&wasteful), OCTI_NOT_FASTER);
    /* An idle machine's own times are better than any promise. */
    parallel.others = 0;
    assert_int_equal(octi_scaling_judge(&parallel), OCTI_NOT_FASTER);
    parallel.others = 0.5;
    parallel.rows[2].looks = parallel.rows[3].looks = 3;
    assert_int_equal(octi_scaling_judge(&parallel), OCTI_BUSY);
}

/* On two cores that give what they have: the loop takes a second, two workers what makes these speed-ups. */
static octi_scaling sped_up(const double *speed_ups, size_t rounds)
{
    octi_scaling scaling;
    octi_scaling_plan(&scaling, 2);
    scaling.rounds = rounds;
    for (size_t round = 0; round < rounds; round++) {
        scaling.given[round] = 2;
        for (size_t i = 0; i < scaling.row_count; i++)
            scaling.rows[i].seconds[round] = scaling.rows[i].workers == 2 ? 1 / speed_ups[round] : 1.5;
        scaling.rows[0].seconds[round] = 1;
    }
    octi_scaling_compute(&scaling, 0.35);
    return scaling;
}

static void rounds_that_differ_widely_accuse_nobody(void **state)
{
    (void)state;
    octi_scaling wide = sped_up((double[]){1.09, 0.80, 1.66, 1.02, 1.31, 0.95, 1.12}, 7);
    assert_float_equal(octi_scaling_best(&wide)->speed_up.median, 1.09, 1e-9);
    assert_int_equal(octi_scaling_judge(&wide), OCTI_UNSURE);
    /* None of them was enough, but they are few and differ. */
    octi_scaling few = sped_up((double[]){1.00, 1.20, 1.30}, 3);
    assert_true(octi_scaling_most(&few, octi_scaling_best(&few)) > few.wanted);
    assert_int_equal(octi_scaling_judge(&few), OCTI_UNSURE);
    /* A thread that never had company is told from one that was disturbed. */
    wide = looked_at(wide, 1.0, 1);
    assert_int_equal(octi_scaling_judge(&wide), OCTI_NOT_FASTER);
}

static void rounds_that_agree_accuse(void **state)
{
    (void)state;
    octi_scaling close = sped_up((double[]){1.00, 1.02, 1.05}, 3);
    /* The mean of the logarithms is 0.0229, their deviation 0.0245, and t 2.920. */
    assert_float_equal(octi_scaling_most(&close, octi_scaling_best(&close)), 1.0663, 1e-3);
    assert_int_equal(octi_scaling_judge(&close), OCTI_NOT_FASTER);
    octi_scaling two = sped_up((double[]){0.50, 0.52}, 2), one = sped_up((double[]){0.50}, 1);
    assert_int_equal(octi_scaling_judge(&two), OCTI_NOT_FASTER);
    assert_int_equal(octi_scaling_judge(&one), OCTI_UNSURE);
    octi_scaling seven = sped_up((double[]){1.10, 0.90, 1.20, 1.00, 1.15, 0.95, 1.05}, 7);
    assert_int_equal(octi_scaling_judge(&seven), OCTI_NOT_FASTER);
}

/* As a matrix product does on two threads of one core: each copy of the loop needs nearly twice the time. */
static octi_scaling on_one_core(octi_scaling scaling)
{
    for (size_t round = 0; round < scaling.rounds; round++) {
        scaling.together.seconds[round] = 1.8 * scaling.rows[0].seconds[round];
        scaling.given[round] = octi_scaling_given(&scaling, round);
    }
    octi_scaling_compute(&scaling, 0.35);
    scaling = looked_at(scaling, 1.9, 1.85);
    scaling.together.cpu_seconds = 2 * 1.8;
    return scaling;
}

static void what_cores_cannot_give_is_not_asked_for(void **state)
{
    (void)state;
    octi_scaling scaling = on_one_core(sped_up((double[]){1.05, 1.04, 1.06}, 3));
    assert_float_equal(scaling.capacity, 2 / 1.8, 1e-9);
    assert_float_equal(octi_scaling_ideal(&scaling), 2 / 1.8, 1e-9);
    assert_true(octi_scaling_promise(&scaling, octi_scaling_best(&scaling)) < 1.1);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NO_ROOM);
    assert_float_equal(scaling.wanted, 1.1, 1e-9); /* what is said to be enough is */
    scaling = on_one_core(sped_up((double[]){1.12, 1.15, 1.14}, 3));
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_FASTER);
    /* Whoever takes turns where there is room for two is caught all the same. */
    scaling = looked_at(sped_up((double[]){1.0, 1.3, 1.1}, 3), 1.0, 1);
    scaling.together.cpu_seconds = 2 * 1.05;
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
}

static void what_the_cores_give_is_told_by_copies_of_the_loop(void **state)
{
    (void)state;
    octi_scaling scaling;
    octi_scaling_plan(&scaling, 16);
    assert_int_equal(scaling.together.workers, 8);
    scaling.rows[0].seconds[0] = 1;
    scaling.together.seconds[0] = 1.6;
    assert_float_equal(octi_scaling_given(&scaling, 0), 10, 1e-9);
    scaling.together.seconds[0] = 0.9;
    assert_float_equal(octi_scaling_given(&scaling, 0), 16, 1e-9);
    scaling.together.seconds[0] = 40;
    assert_float_equal(octi_scaling_given(&scaling, 0), 1, 1e-9);
    scaling.together.seconds[0] = 0; /* it was not to be had */
    assert_float_equal(octi_scaling_given(&scaling, 0), 16, 1e-9);
}

/* A host that gives a core now all of its own and now half, as virtual ones are: nobody else is at work here.
 */
static void a_core_whose_speed_changes_accuses_nobody(void **state)
{
    (void)state;
    octi_scaling scaling = sped_up((double[]){1.0, 1.0, 1.0}, 3);
    for (size_t i = 0; i < scaling.row_count; i++)
        for (size_t round = 1; round < 3; round++)
            scaling.rows[i].seconds[round] *= 1.8;
    octi_scaling_compute(&scaling, 0.35);
    assert_true(octi_scaling_noise(&scaling) > 0.7);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_UNSURE);
}

static void one_long_run_is_no_noise(void **state)
{
    (void)state;
    octi_scaling scaling = sped_up((double[]){1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2}, 7);
    for (size_t round = 0; round < 7; round++)
        scaling.rows[0].seconds[round] = round == 3 ? 2 : 1 + 0.01 * (double)round;
    octi_scaling_compute(&scaling, 0.35);
    assert_true(octi_scaling_noise(&scaling) < 0.05);
}

static void one_worker_that_is_faster_is_no_speed_up(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 0.5, 1, 1.1}, 2);
    assert_int_equal(octi_scaling_best(&scaling)->workers, 2);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
}

static void on_a_busy_machine_a_gain_within_chance_is_none(void **state)
{
    (void)state;
    octi_scaling chance = sped_up((double[]){1.45, 0.70, 1.50}, 3),
                 gain = sped_up((double[]){1.55, 1.50, 1.60}, 3);
    assert_int_equal(octi_scaling_judge(&chance), OCTI_FASTER);
    chance.others = gain.others = 0.5;
    assert_true(octi_scaling_least(&chance, octi_scaling_best(&chance)) < 1);
    assert_int_equal(octi_scaling_judge(&chance), OCTI_BUSY);
    assert_true(octi_scaling_least(&gain, octi_scaling_best(&gain)) > gain.wanted_idle);
    assert_int_equal(octi_scaling_judge(&gain), OCTI_FASTER);
    /* Two threads got more of what there was than the loop's one, while main did the work: lesson 18's wrong
     * answer, with others at two thirds of the machine. */
    octi_scaling share = sped_up((double[]){1.14, 1.26, 1.43}, 3);
    share.others = 0.68;
    for (size_t round = 0; round < 3; round++)
        share.given[round] = 1;
    octi_scaling_compute(&share, 0.45);
    assert_true(octi_scaling_least(&share, octi_scaling_best(&share)) > 1);
    assert_int_equal(octi_scaling_judge(&share), OCTI_BUSY);
    octi_scaling waiting = looked_at(gain, 1.2, 1);
    assert_int_equal(octi_scaling_judge(&waiting), OCTI_BUSY);
    /* It takes turns: what was measured was luck. */
    gain = looked_at(gain, 1.0, 1);
    assert_int_equal(octi_scaling_judge(&gain), OCTI_NOT_FASTER);
}

static void what_others_took_is_what_is_busy_and_not_ours(void **state)
{
    (void)state;
    const octi_cores_time before = {10, 100, 1}, after = {18, 110, 3}, idle = {12, 110, 3};
    assert_float_equal(octi_scaling_others(&before, &after), 0.6, 1e-9);
    assert_float_equal(octi_scaling_others(&before, &idle), 0, 1e-9);
    assert_float_equal(octi_scaling_others(&before, &before), 0, 1e-9);
}

static void the_table_fits_its_width(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 0.5, 0.55}, 2);
    octi_buffer text = {0};
    assert_int_equal(octi_scaling_table(&scaling, 80, false, &text), OCT_OK);
    for (const char *line = text.data; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    assert_non_null(strstr(text.data, "\n  2          0.55 (0.50-0.60)"));
    assert_non_null(strstr(text.data, "2.00 (2.00-2.00)   ########"));
    assert_non_null(strstr(text.data, "8 workers on 2 cores take turns"));
    octi_buffer_deinit(&text);
}

static void the_picture_is_a_document_whatever_the_title(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 0.5, 0.55}, 2);
    octi_buffer text = {0};
    assert_int_equal(octi_scaling_svg(&scaling, "a < b & c", &text), OCT_OK);
    assert_int_equal(strncmp(text.data, "<svg ", 5), 0);
    assert_non_null(strstr(text.data, "a &lt; b &amp; c"));
    assert_string_equal(text.data + text.size - 7, "</svg>\n");
    assert_null(strstr(text.data, "nan"));
    octi_buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_doubles_up_to_the_cores_and_has_eight),
        cmocka_unit_test(a_speed_up_is_the_median_of_its_rounds),
        cmocka_unit_test(enough_is_judged_by_what_the_machine_gives),
        cmocka_unit_test(on_a_busy_machine_it_counts_how_many_threads_had_work),
        cmocka_unit_test(rounds_that_differ_widely_accuse_nobody),
        cmocka_unit_test(rounds_that_agree_accuse),
        cmocka_unit_test(what_cores_cannot_give_is_not_asked_for),
        cmocka_unit_test(what_the_cores_give_is_told_by_copies_of_the_loop),
        cmocka_unit_test(a_core_whose_speed_changes_accuses_nobody),
        cmocka_unit_test(one_long_run_is_no_noise),
        cmocka_unit_test(one_worker_that_is_faster_is_no_speed_up),
        cmocka_unit_test(on_a_busy_machine_a_gain_within_chance_is_none),
        cmocka_unit_test(what_others_took_is_what_is_busy_and_not_ours),
        cmocka_unit_test(the_table_fits_its_width),
        cmocka_unit_test(the_picture_is_a_document_whatever_the_title),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
