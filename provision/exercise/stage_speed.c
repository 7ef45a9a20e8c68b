#include <stdio.h>
#include <string.h>

#include "provision/exercise/answer.h"
#include "provision/exercise/stages.h"
#include "runtime/base/clock.h"
#include "runtime/base/cpus.h"

enum { FEW = 2, ROUNDS = 3, LINES = 8 };

static const double SECONDS = 9; /* for rounds: a check of all stages is to take less than 20 */

/* One run of a row; *right is false when the verdict says what is wrong with it. */
static oct_err measure(octi_workbench *bench, octi_scaling_row *row, unsigned cores, size_t round,
                       const char *expected, octi_verdict *verdict, bool *right, oct_error *err)
{
    char pool[32], told[256], difference[280];
    octi_trial_result result;
    snprintf(pool, sizeof(pool), "threads:%u", row->workers);
    const octi_attempt attempt = {
        .pool = pool,
        .seed = bench->lesson->seeds[0],
        .speed = true,
        .cores = cores,
        .sequential = row->workers == 0,
    };
    oct_err code = octi_workbench_run(bench, &attempt, &result, told, err);
    if (code != OCT_OK)
        return code;
    row->seconds[round] = result.seconds;
    row->cpu_seconds += result.cpu_seconds;
    row->looks += result.looks;
    row->runnable += result.runnable;
    octi_cause cause = octi_cause_of(&result);
    *right = false;
    if (cause != OCTI_CAUSE_NONE && row->workers == 0) {
        code = oct_fail(err, OCT_E_STATE, "the lesson's own sequential program %s", told);
    } else if (cause != OCTI_CAUSE_NONE) {
        octi_verdict_fail(verdict, cause, "with more data, on %u thread%s, it %s", row->workers,
                          row->workers == 1 ? "" : "s", told);
        octi_verdict_show(verdict, result.end == OCTI_END_TIME ? result.where.data : result.err.data, LINES);
    } else if (!octi_answer_same(bench->lesson->compare, bench->lesson->tolerance, expected,
                                 result.out.data ? result.out.data : "", difference, sizeof(difference))) {
        octi_verdict_fail(verdict, row->workers == 1 ? OCTI_CAUSE_WRONG : OCTI_CAUSE_WORKERS,
                          "with more data, on %u thread%s, the answer is wrong", row->workers,
                          row->workers == 1 ? "" : "s");
        octi_verdict_show(verdict, difference, 1);
    } else {
        *right = true;
    }
    octi_trial_deinit(&result);
    return code;
}

/* Where the copies do not end well (together they may need more memory than there is) the cores are taken at
 * their number. */
static oct_err measure_together(octi_workbench *bench, octi_scaling *scaling, oct_error *err)
{
    char told[256];
    octi_trial_result result;
    octi_scaling_row *together = &scaling->together;
    const octi_attempt attempt = {
        .seed = bench->lesson->seeds[0],
        .speed = true,
        .sequential = true,
        .copies = together->workers,
    };
    if (together->workers < 2)
        return OCT_OK;
    oct_err code = octi_workbench_run(bench, &attempt, &result, told, err);
    if (code != OCT_OK)
        return code;
    bool well = octi_cause_of(&result) == OCTI_CAUSE_NONE;
    together->seconds[scaling->rounds] = well ? result.seconds : 0;
    together->cpu_seconds += well ? result.cpu_seconds : 0;
    octi_trial_deinit(&result);
    return OCT_OK;
}

static oct_err measure_round(octi_workbench *bench, octi_scaling *scaling, const char *expected,
                             octi_verdict *verdict, bool *right, oct_error *err)
{
    oct_err code = OCT_OK;
    *right = true;
    for (size_t i = 0; code == OCT_OK && *right && i < scaling->row_count; i++)
        code =
            measure(bench, &scaling->rows[i], scaling->cores, scaling->rounds, expected, verdict, right, err);
    if (code == OCT_OK && *right)
        code = measure_together(bench, scaling, err);
    if (code == OCT_OK && *right) {
        scaling->given[scaling->rounds] = octi_scaling_given(scaling, scaling->rounds);
        scaling->rounds++;
        octi_scaling_compute(scaling, bench->lesson->speed);
    }
    return code;
}

bool octi_speed_undecided(const octi_scaling *scaling, double seconds)
{
    if (scaling->rounds < FEW)
        return true;
    octi_judgement now = octi_scaling_judge(scaling);
    bool possible = octi_scaling_most(scaling, octi_scaling_best(scaling)) >= scaling->wanted;
    if (scaling->rounds < ROUNDS)
        return now != OCTI_NOT_FASTER || possible;
    bool open = now == OCTI_BUSY || now == OCTI_NO_ROOM || now == OCTI_UNSURE;
    double a_round = seconds / (double)scaling->rounds;
    return open && possible && scaling->rounds < OCTI_SCALING_ROUNDS && seconds + a_round < SECONDS;
}

/* What the threads of the program tell, whatever others did. */
static void tell_promise(const octi_scaling *scaling, const octi_scaling_row *best, octi_verdict *verdict)
{
    char text[120];
    double promise = octi_scaling_promise(scaling, best);
    if (promise <= 0)
        return;
    snprintf(text, sizeof(text),
             "%.1f of its threads had work at a time: about %.1f times as fast on an idle machine",
             (double)best->runnable / (double)best->looks, promise);
    octi_verdict_show(verdict, text, 1);
}

static void leave_for_later(const octi_scaling *scaling, const octi_scaling_row *best, const char *lesson,
                            octi_verdict *verdict)
{
    const octi_spread *s = &best->speed_up;
    const char *when = "another time";
    switch (octi_scaling_judge(scaling)) {
    case OCTI_BUSY:
        octi_verdict_defer(
            verdict, "%.2f times as fast as the loop, but the machine was busy: it gave %.1f of %u cores",
            s->median, scaling->capacity, scaling->cores);
        tell_promise(scaling, best, verdict);
        when = "when it has less to do";
        break;
    case OCTI_NO_ROOM:
        octi_verdict_defer(verdict,
                           "%.2f times as fast as the loop, but all %u cores gave the loop itself only %.1f "
                           "times as much as one",
                           s->median, scaling->cores, scaling->capacity);
        break;
    default:
        octi_verdict_defer(verdict,
                           "%.2f times as fast as the loop (%.2f-%.2f), %.2f is enough here: the rounds "
                           "differ too much to tell",
                           s->median, s->low, s->high, scaling->wanted);
        break;
    }
    octi_verdict_next(verdict, "'octavo exercise check %s --from speed' %s", lesson, when);
}

void octi_speed_judge(const octi_scaling *scaling, const char *lesson, octi_verdict *verdict)
{
    const octi_scaling_row *best = octi_scaling_best(scaling);
    const octi_spread *s = &best->speed_up;
    switch (octi_scaling_judge(scaling)) {
    case OCTI_FASTER:
        octi_verdict_pass(verdict, "%.2f times as fast as the loop (%.2f-%.2f), on %u workers", s->median,
                          s->low, s->high, best->workers);
        break;
    case OCTI_NOT_FASTER:
        if (s->median < scaling->wanted)
            octi_verdict_fail(verdict, OCTI_CAUSE_SLOW,
                              "%.2f times as fast as the loop (%.2f-%.2f): %.2f is enough here", s->median,
                              s->low, s->high, scaling->wanted);
        else
            octi_verdict_fail(
                verdict, OCTI_CAUSE_SLOW,
                "%.2f times as fast as the loop (%.2f-%.2f), but by chance: its threads take turns",
                s->median, s->low, s->high);
        if (scaling->others > 0.1 || s->median >= scaling->wanted)
            tell_promise(scaling, best, verdict);
        break;
    case OCTI_FEW_CORES:
        octi_verdict_skip(
            verdict, "%.2f times as fast as the loop: this machine has one core to be fast with", s->median);
        break;
    case OCTI_BUSY:
    case OCTI_NO_ROOM:
    case OCTI_UNSURE:
        leave_for_later(scaling, best, lesson, verdict);
        break;
    }
}

oct_err octi_stage_speed(octi_workbench *bench, octi_scaling *scaling, octi_verdict *verdict, oct_error *err)
{
    const char *expected;
    bool right = true;
    octi_scaling_plan(scaling, (unsigned)octi_usable_cpus());
    oct_err code = octi_workbench_expected(bench, bench->lesson->seeds[0], true, &expected, err);
    octi_cores_time before = octi_scaling_clock();
    int64_t start_ns = octi_clock_ns();
    while (code == OCT_OK && right &&
           octi_speed_undecided(scaling, (double)(octi_clock_ns() - start_ns) / 1e9)) {
        code = measure_round(bench, scaling, expected, verdict, &right, err);
        octi_cores_time after = octi_scaling_clock();
        scaling->others = octi_scaling_others(&before, &after);
    }
    if (code == OCT_OK && right)
        octi_speed_judge(scaling, bench->lesson->name, verdict);
    return code;
}
