#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/exercise/answer.h"
#include "provision/exercise/sanitizer.h"
#include "provision/exercise/stages.h"

enum { LINES = 14 };

/* --- compiling --- */

oct_err octi_stage_compile(octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    char path[OCTI_PATH];
    octi_trial_result result;
    if (!octi_has_file(octi_path(path, bench->student, bench->source))) {
        octi_verdict_fail(verdict, OCTI_CAUSE_MISSING, "there is no %s in %s", bench->source, bench->student);
        return OCT_OK;
    }
    oct_err code = octi_workbench_build(bench, OCTI_PLAIN, &result, err);
    if (code != OCT_OK)
        return code;
    octi_cause cause = octi_cause_of(&result);
    if (result.end == OCTI_END_STOPPED) {
        code = oct_fail(err, OCT_E_CANCELLED, "stopped");
    } else if (result.end == OCTI_END_EXIT && result.status == 127) {
        const char *compiler = getenv("OCTCC");
        code = oct_fail(err, OCT_E_NOTFOUND, "the compiler '%.60s' cannot be started",
                        compiler ? compiler : "cc");
        oct_hint(err, "'octavo doctor' tells what is missing on this machine");
    } else if (cause != OCTI_CAUSE_NONE) {
        octi_verdict_fail(verdict, cause == OCTI_CAUSE_STATUS ? OCTI_CAUSE_COMPILE : cause,
                          "%s does not compile", bench->source);
        octi_verdict_show(verdict, result.err.data, LINES);
    } else {
        bool warned = result.err.data && strstr(result.err.data, "warning: ");
        octi_verdict_pass(verdict, "%s compiles%s", bench->source, warned ? ", with warnings" : "");
        octi_verdict_show(verdict, result.err.data, LINES);
    }
    octi_trial_deinit(&result);
    return code;
}

/* --- answers --- */

struct round {
    const char *pool; /* as users write it */
    const char *told; /* as messages say it */
    unsigned ranks;
    size_t seed; /* index */
};

struct answers {
    octi_workbench *bench;
    octi_verdict *verdict;
    octi_cause wrong; /* what it means when this is the first wrong one */
};

/* What the backtrace says is only read where the student's own files are in it. */
static void show_where(const octi_workbench *bench, octi_verdict *verdict, const char *where)
{
    enum { WHERE_LINES = 24 };
    octi_buffer kept = {0};
    octi_sanitizer_own_threads(where, bench, &kept);
    octi_verdict_show(verdict, kept.data ? kept.data : where, WHERE_LINES);
    octi_buffer_deinit(&kept);
}

/* A crash says more under the address sanitizer: there the run is repeated once. */
static oct_err explain_crash(octi_workbench *bench, const octi_attempt *attempt, octi_verdict *verdict,
                             oct_error *err)
{
    octi_trial_result built, result;
    char told[256];
    if (!octi_kit_has(&bench->kit, OCTI_ADDRESS) || attempt->ranks > 0)
        return OCT_OK;
    oct_err code = octi_workbench_build(bench, OCTI_ADDRESS, &built, err);
    if (code != OCT_OK)
        return code;
    octi_trial_deinit(&built);
    if (!bench->built[OCTI_ADDRESS])
        return OCT_OK;
    octi_attempt again = *attempt;
    again.variant = OCTI_ADDRESS;
    code = octi_workbench_run(bench, &again, &result, told, err);
    if (code != OCT_OK)
        return code;
    octi_buffer kept = {0};
    octi_sanitizer_summary(result.err.data, bench, &kept);
    octi_verdict_show(verdict, kept.data, LINES);
    octi_buffer_deinit(&kept);
    octi_trial_deinit(&result);
    return OCT_OK;
}

/* Fills the verdict of a run that did not end well. */
static oct_err judge_end(octi_workbench *bench, const octi_attempt *attempt, const char *where,
                         const octi_trial_result *result, const char *told, octi_verdict *verdict,
                         oct_error *err)
{
    octi_cause cause = attempt->ranks > 0 ? octi_cause_on_nodes(result) : octi_cause_of(result);
    octi_verdict_fail(verdict, cause, "%s, it %s", where, told);
    if (result->end == OCTI_END_TIME)
        show_where(bench, verdict, result->where.data);
    else if (result->end != OCTI_END_OUTPUT)
        octi_verdict_show(verdict, result->err.data, LINES);
    return result->end == OCTI_END_SIGNAL ? explain_crash(bench, attempt, verdict, err) : OCT_OK;
}

/* One run and its comparison; leaves the verdict alone when it is right. *right tells. */
static oct_err run_round(struct answers *answers, const struct round *round, bool trace, bool *right,
                         oct_error *err)
{
    octi_workbench *bench = answers->bench;
    const octi_lesson *lesson = bench->lesson;
    octi_attempt attempt = {
        .pool = round->pool, .ranks = round->ranks, .seed = lesson->seeds[round->seed], .trace = trace};
    octi_trial_result result;
    char told[256], where[96], difference[280];
    const char *expected;
    oct_err code = octi_workbench_expected(bench, attempt.seed, false, &expected, err);
    if (code == OCT_OK)
        code = octi_workbench_run(bench, &attempt, &result, told, err);
    if (code != OCT_OK)
        return code;
    snprintf(where, sizeof(where), "on %s", round->told);
    *right = false;
    if (octi_cause_of(&result) != OCTI_CAUSE_NONE) {
        code = judge_end(bench, &attempt, where, &result, told, answers->verdict, err);
    } else if (!octi_answer_same(lesson->compare, lesson->tolerance, expected,
                                 result.out.data ? result.out.data : "", difference, sizeof(difference))) {
        octi_verdict_fail(answers->verdict, answers->wrong, "%s the answer is wrong", where);
        octi_verdict_show(answers->verdict, difference, 1);
    } else {
        *right = true;
    }
    octi_trial_deinit(&result);
    return code;
}

/* A wrong answer that is right when asked again says so. */
static oct_err ask_again(struct answers *answers, const struct round *round, oct_error *err)
{
    enum { TIMES = 3 };
    if (answers->verdict->cause != OCTI_CAUSE_WORKERS)
        return OCT_OK;
    for (int i = 0; i < TIMES; i++) {
        octi_verdict again = {0};
        struct answers once = *answers;
        once.verdict = &again;
        bool right;
        oct_err code = run_round(&once, round, false, &right, err);
        octi_verdict_deinit(&again);
        if (code != OCT_OK || right) {
            answers->verdict->cause = right ? OCTI_CAUSE_UNSTEADY : answers->verdict->cause;
            return code;
        }
    }
    return OCT_OK;
}

static oct_err run_rounds(struct answers *answers, const struct round *rounds, size_t count, size_t *done,
                          oct_error *err)
{
    bool right = true;
    for (*done = 0; *done < count; ++*done) {
        oct_err code = run_round(answers, &rounds[*done], false, &right, err);
        if (code == OCT_OK && !right)
            code = ask_again(answers, &rounds[*done], err);
        if (code != OCT_OK || !right)
            return code;
    }
    return OCT_OK;
}

oct_err octi_stage_answer(octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    struct answers answers = {.bench = bench, .verdict = verdict, .wrong = OCTI_CAUSE_WRONG};
    const struct round first = {"threads:1", "1 thread", 0, 0};
    size_t other = bench->lesson->seed_count > 1;
    const struct round more[] = {
        {"threads:2", "2 threads", 0, 0},
        {"threads:8", "8 threads", 0, 0},
        {"threads:2", "2 threads", 0, 0},
        {"threads:8", "8 threads", 0, 0},
    };
    const struct round seeds[] = {
        {"threads:1", "1 thread, with other data", 0, other},
        {"threads:8", "8 threads, with other data", 0, other},
    };
    bool right = false;
    size_t done = 0, done_seeds = 0;
    oct_err code = run_round(&answers, &first, true, &right, err);
    if (code == OCT_OK && right && octi_workbench_tasks(bench) == 0) {
        /* A loop is one on any number of threads: who begins is told at once. */
        octi_verdict_fail(verdict, OCTI_CAUSE_LOOP, "the answer is right, but no task ran on a pool");
        return OCT_OK;
    }
    answers.wrong = OCTI_CAUSE_WORKERS;
    if (code == OCT_OK && right)
        code = run_rounds(&answers, more, sizeof(more) / sizeof(more[0]), &done, err);
    answers.wrong = OCTI_CAUSE_SEED;
    if (code == OCT_OK && done == sizeof(more) / sizeof(more[0]))
        code = run_rounds(&answers, seeds, sizeof(seeds) / sizeof(seeds[0]), &done_seeds, err);
    if (code == OCT_OK && done_seeds == sizeof(seeds) / sizeof(seeds[0]))
        octi_verdict_pass(verdict, "right on 1, 2 and 8 threads, 7 times");
    return code;
}

oct_err octi_stage_processes(octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    struct answers answers = {.bench = bench, .verdict = verdict, .wrong = OCTI_CAUSE_SHARED};
    const struct round rounds[] = {
        {"processes:1", "1 process", 0, 0},
        {"processes:2", "2 processes", 0, 0},
        {"processes:8", "8 processes", 0, 0},
    };
    size_t done = 0;
    oct_err code = run_rounds(&answers, rounds, sizeof(rounds) / sizeof(rounds[0]), &done, err);
    if (code == OCT_OK && done == sizeof(rounds) / sizeof(rounds[0]))
        octi_verdict_pass(verdict, "right on 1, 2 and 8 processes");
    return code;
}

static bool on_path(const char *program)
{
    const char *path = getenv("PATH");
    for (const char *at = path ? path : ""; *at;) {
        char file[OCTI_PATH];
        size_t length = strcspn(at, ":");
        snprintf(file, sizeof(file), "%.*s/%s", (int)length, at, program);
        if (octi_has_file(file))
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

oct_err octi_stage_ranks(octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    struct answers answers = {.bench = bench, .verdict = verdict, .wrong = OCTI_CAUSE_NODES};
    const struct round rounds[] = {{"cluster:1", "3 ranks", 3, 0}, {"cluster:1", "3 ranks", 3, 0}};
    char plugin[OCTI_PATH];
    size_t done = 0;
    if (!on_path("mpirun") ||
        !octi_has_file(octi_path(plugin, bench->kit.folder, "lib/liboctavo-cluster.so"))) {
        octi_verdict_skip(verdict, "Open MPI is not installed here, so there are no nodes to try");
        return OCT_OK;
    }
    oct_err code = run_rounds(&answers, rounds, sizeof(rounds) / sizeof(rounds[0]), &done, err);
    if (code == OCT_OK && done == sizeof(rounds) / sizeof(rounds[0]))
        octi_verdict_pass(verdict, "right on 3 nodes: ranks of this machine, by mpirun");
    return code;
}

/* --- sanitizers --- */

/* Compiles with a sanitizer; false when the verdict says already why not. */
static oct_err build_with(octi_workbench *bench, octi_variant variant, octi_verdict *verdict, bool *built,
                          oct_error *err)
{
    octi_trial_result result;
    *built = false;
    if (!octi_kit_has(&bench->kit, variant)) {
        octi_verdict_skip(verdict, "Octavo with the %s sanitizer is not installed here",
                          variant == OCTI_THREAD ? "thread" : "address");
        return OCT_OK;
    }
    oct_err code = octi_workbench_build(bench, variant, &result, err);
    if (code != OCT_OK)
        return code;
    *built = bench->built[variant];
    if (!*built) {
        octi_verdict_skip(verdict, "this compiler has no %s sanitizer",
                          variant == OCTI_THREAD ? "thread" : "address");
        octi_verdict_show(verdict, result.err.data, LINES);
    }
    octi_trial_deinit(&result);
    return OCT_OK;
}

oct_err octi_stage_race(octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    enum { TIMES = 2 };
    bool built;
    oct_err code = build_with(bench, OCTI_THREAD, verdict, &built, err);
    if (code != OCT_OK || !built)
        return code;
    for (int i = 0; i < TIMES; i++) {
        const octi_attempt attempt = {
            .variant = OCTI_THREAD, .pool = "threads:4", .seed = bench->lesson->seeds[0]};
        octi_trial_result result;
        octi_buffer report = {0};
        char told[256];
        code = octi_workbench_run(bench, &attempt, &result, told, err);
        if (code != OCT_OK)
            return code;
        bool failed = true;
        if (octi_sanitizer_races(result.err.data, bench, &report)) {
            octi_verdict_fail(verdict, OCTI_CAUSE_RACE, "the thread sanitizer saw a data race");
            octi_verdict_show(verdict, report.data, LINES);
        } else if (result.end == OCTI_END_EXIT && octi_sanitizer_unusable(result.err.data)) {
            octi_verdict_skip(verdict, "the thread sanitizer does not work on this machine");
        } else if (octi_cause_of(&result) != OCTI_CAUSE_NONE) {
            code = judge_end(bench, &attempt, "with the thread sanitizer, on 4 threads", &result, told,
                             verdict, err);
        } else {
            failed = false;
        }
        octi_buffer_deinit(&report);
        octi_trial_deinit(&result);
        if (code != OCT_OK || failed)
            return code;
    }
    octi_verdict_pass(verdict, "no data race on 4 threads, by the thread sanitizer");
    return OCT_OK;
}

oct_err octi_stage_leak(octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    bool built;
    oct_err code = build_with(bench, OCTI_ADDRESS, verdict, &built, err);
    if (code != OCT_OK || !built)
        return code;
    const octi_attempt attempt = {
        .variant = OCTI_ADDRESS, .pool = "threads:2", .seed = bench->lesson->seeds[0]};
    octi_trial_result result;
    octi_buffer report = {0};
    char told[256];
    code = octi_workbench_run(bench, &attempt, &result, told, err);
    if (code != OCT_OK)
        return code;
    octi_cause cause = octi_cause_of(&result);
    if (octi_sanitizer_bad_access(result.err.data, bench, &report)) {
        octi_verdict_fail(verdict, OCTI_CAUSE_BAD_ACCESS, "the address sanitizer saw a wrong use of memory");
        octi_verdict_show(verdict, report.data, LINES);
    } else if (octi_sanitizer_leaks(result.err.data, bench, &report)) {
        octi_verdict_fail(verdict, OCTI_CAUSE_LEAK, "memory leaks");
        octi_verdict_show(verdict, report.data, LINES);
    } else if (octi_sanitizer_unusable(result.err.data)) {
        octi_verdict_skip(verdict, "the leak sanitizer may not look at processes on this machine");
    } else if (cause != OCTI_CAUSE_NONE && !octi_sanitizer_of_others(result.err.data)) {
        code = judge_end(bench, &attempt, "with the address sanitizer, on 2 threads", &result, told, verdict,
                         err);
    } else {
        octi_verdict_pass(verdict, "no leak and no wrong access, by the address sanitizer");
    }
    octi_buffer_deinit(&report);
    octi_trial_deinit(&result);
    return code;
}
