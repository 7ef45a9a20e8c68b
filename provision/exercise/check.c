#include "provision/exercise/check.h"
#include "runtime/base/clock.h"

/* A program that does not end well does not do so under a sanitizer either; one whose answer is
 * wrong is still worth a look for races, which may be the reason. */
static bool makes_sense(const octi_check *check, octi_stage stage)
{
    for (size_t i = 0; i < check->count; i++) {
        const octi_verdict *verdict = &check->verdicts[i];
        if (verdict->outcome != OCTI_FAILED)
            continue;
        bool wrong = verdict->cause == OCTI_CAUSE_WORKERS || verdict->cause == OCTI_CAUSE_UNSTEADY ||
                     verdict->cause == OCTI_CAUSE_WRONG || verdict->cause == OCTI_CAUSE_SEED;
        bool about_memory = stage == OCTI_STAGE_RACE || stage == OCTI_STAGE_LEAK;
        bool sanitizers = verdict->stage == OCTI_STAGE_RACE || verdict->stage == OCTI_STAGE_LEAK;
        bool elsewhere = verdict->stage == OCTI_STAGE_PROCESSES || verdict->stage == OCTI_STAGE_CLUSTER;
        if (!((wrong || elsewhere) && about_memory) && !sanitizers &&
            !(elsewhere && stage != OCTI_STAGE_CLUSTER))
            return false;
    }
    return true;
}

static oct_err run_stage(octi_workbench *bench, const octi_check_options *options, octi_check *check,
                         octi_verdict *verdict, oct_error *err)
{
    switch (verdict->stage) {
    case OCTI_STAGE_COMPILE:
        return octi_stage_compile(bench, verdict, err);
    case OCTI_STAGE_ANSWER:
        return octi_stage_answer(bench, verdict, err);
    case OCTI_STAGE_PROCESSES:
        return octi_stage_processes(bench, verdict, err);
    case OCTI_STAGE_CLUSTER:
        return options->cluster ? options->cluster(options->ctx, bench, verdict, err)
                                : octi_stage_ranks(bench, verdict, err);
    case OCTI_STAGE_RACE:
        return octi_stage_race(bench, verdict, err);
    case OCTI_STAGE_LEAK:
        return octi_stage_leak(bench, verdict, err);
    case OCTI_STAGE_SPEED:
        return octi_stage_speed(bench, &check->scaling, verdict, err);
    case OCTI_STAGES:
        break;
    }
    return OCT_OK;
}

static bool is_wanted(const octi_lesson *lesson, const octi_check_options *options, octi_stage stage)
{
    bool asked = stage == OCTI_STAGE_COMPILE || (stage >= options->first && stage <= options->last);
    return asked && lesson->stages[stage];
}

/* What the sanitizers need is compiled while the stages before them run. */
static void build_ahead(octi_workbench *bench, const octi_check_options *options)
{
    const bool wanted[OCTI_VARIANTS] = {
        [OCTI_THREAD] =
            is_wanted(bench->lesson, options, OCTI_STAGE_RACE) && octi_kit_has(&bench->kit, OCTI_THREAD),
        [OCTI_ADDRESS] =
            is_wanted(bench->lesson, options, OCTI_STAGE_LEAK) && octi_kit_has(&bench->kit, OCTI_ADDRESS),
    };
    octi_workbench_build_ahead(bench, wanted);
}

oct_err octi_check_run(const octi_lesson *lesson, const octi_kit *kit, const char *student,
                       const char *source, const octi_check_options *options, octi_check *out, oct_error *err)
{
    octi_workbench bench;
    *out = (octi_check){.lesson = lesson};
    oct_err code = octi_workbench_open(&bench, lesson, kit, student, source, options->stop, err);
    bool all = true, later = false;
    if (code == OCT_OK)
        out->digest = octi_workbench_digest(&bench);
    for (octi_stage stage = 0; code == OCT_OK && stage < OCTI_STAGES; stage++) {
        if (!lesson->stages[stage])
            continue;
        if (!is_wanted(lesson, options, stage) || !makes_sense(out, stage)) {
            all = false;
            continue;
        }
        octi_verdict *verdict = &out->verdicts[out->count];
        *verdict = (octi_verdict){.stage = stage};
        if (options->begin)
            options->begin(options->ctx, stage);
        int64_t start_ns = octi_clock_ns();
        code = run_stage(&bench, options, out, verdict, err);
        verdict->seconds = (double)(octi_clock_ns() - start_ns) / 1e9;
        if (code != OCT_OK) {
            octi_verdict_deinit(verdict);
            break;
        }
        out->count++;
        if (stage == OCTI_STAGE_COMPILE && verdict->outcome != OCTI_FAILED)
            build_ahead(&bench, options);
        all = all && verdict->outcome != OCTI_FAILED;
        later = later || verdict->later;
        if (options->end)
            options->end(options->ctx, verdict);
    }
    out->right = code == OCT_OK && all;
    out->passed = out->right && !later;
    octi_workbench_close(&bench);
    return code;
}

void octi_check_deinit(octi_check *check)
{
    for (size_t i = 0; i < check->count; i++)
        octi_verdict_deinit(&check->verdicts[i]);
    check->count = 0;
}

const octi_verdict *octi_check_verdict(const octi_check *check, octi_stage stage)
{
    for (size_t i = 0; i < check->count; i++)
        if (check->verdicts[i].stage == stage)
            return &check->verdicts[i];
    return NULL;
}
