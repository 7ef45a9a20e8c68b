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
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_BUSY);
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

static void a_program_that_is_fast_now_and_then_is_not_blamed_while_others_work(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 0.8, 1}, 2);
    scaling.rows[2].seconds[2] = 0.6;
    octi_scaling_compute(&scaling, 0.4);
    assert_true(octi_scaling_best(&scaling)->speed_up.high > scaling.wanted);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
    scaling.others = 0.2;
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_BUSY);
    scaling = looked_at(scaling, 1.0, 1);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
}

static void one_worker_that_is_faster_is_no_speed_up(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 0.5, 1, 1.1}, 2);
    assert_int_equal(octi_scaling_best(&scaling)->workers, 2);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_NOT_FASTER);
}

static void a_gain_within_the_machines_own_noise_is_none(void **state)
{
    (void)state;
    octi_scaling scaling = measured((double[]){1, 1, 0.65, 1}, 2);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_FASTER);
    for (size_t i = 0; i < scaling.row_count; i++)
        scaling.rows[i].seconds[1] *= 2;
    octi_scaling_compute(&scaling, 0.4);
    assert_true(octi_scaling_noise(&scaling) > 0.8);
    assert_float_equal(octi_scaling_best(&scaling)->speed_up.median, 1 / 0.65, 1e-9);
    assert_int_equal(octi_scaling_judge(&scaling), OCTI_BUSY);
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
        cmocka_unit_test(a_program_that_is_fast_now_and_then_is_not_blamed_while_others_work),
        cmocka_unit_test(one_worker_that_is_faster_is_no_speed_up),
        cmocka_unit_test(a_gain_within_the_machines_own_noise_is_none),
        cmocka_unit_test(what_others_took_is_what_is_busy_and_not_ours),
        cmocka_unit_test(the_table_fits_its_width),
        cmocka_unit_test(the_picture_is_a_document_whatever_the_title),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
