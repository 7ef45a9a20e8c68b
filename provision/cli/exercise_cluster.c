#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "provision/cli/exercise.h"
#include "provision/cli/session.h"
#include "provision/exercise/answer.h"

/* A run on the cluster is `octavo run` of this program in a trial of its own: it compiles there, shows what
 * the nodes say, and cancels the job when the trial's time is over. */

enum { SECONDS = 120, GRACE = 20, WORDS = 40, LINES = 14 };

struct command {
    const char *words[WORDS];
    size_t count;
    char texts[OCTI_LESSON_LIST][256];
    size_t text_count;
};

static void add(struct command *command, const char *word)
{
    if (command->count + 1 < WORDS)
        command->words[command->count++] = word;
    command->words[command->count] = NULL;
}

static const char *text(struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *text(struct command *command, const char *format, ...)
{
    if (command->text_count == OCTI_LESSON_LIST)
        return "";
    char *out = command->texts[command->text_count++];
    va_list args;
    va_start(args, format);
    vsnprintf(out, sizeof(command->texts[0]), format, args);
    va_end(args);
    return out;
}

static void begin(struct command *command, const cli_context *cli, const char *verb)
{
    *command = (struct command){0};
    add(command, "/proc/self/exe");
    add(command, verb);
    add(command, "--name");
    add(command, cli->spec.name);
    add(command, "--on");
    add(command, cli->spec.provider);
    add(command, "--quiet");
}

static oct_err run(const octi_workbench *bench, const struct command *command, octi_trial_result *result,
                   char told[256], oct_error *err)
{
    const octi_trial trial = {
        .argv = command->words,
        .folder = bench->folder,
        .seconds = SECONDS,
        .grace = GRACE,
        .output = 16 << 20,
        .processes = 64,
        .disk = (uint64_t)2 << 30,
        .look_every = 0.1,
        .stop = bench->stop,
    };
    oct_err code = octi_trial_run(&trial, result, err);
    if (code != OCT_OK)
        return code;
    octi_trial_tell(&trial, result, told, 256);
    if (result->end != OCTI_END_STOPPED)
        return OCT_OK;
    octi_trial_deinit(result);
    return oct_fail(err, OCT_E_CANCELLED, "stopped");
}

/* Where the home that all nodes share has a data set for exercises. */
static const char *place_of(struct command *command, const octi_lesson *lesson, const octi_lesson_data *data)
{
    return text(command, "exercise/%.60s-%.20s-%" PRIu64, data->name, data->size, lesson->seeds[0]);
}

/* Makes the data there; what is there already costs one look. */
static oct_err prepare(const cli_context *cli, const octi_workbench *bench, const octi_lesson_data *data,
                       oct_error *err)
{
    struct command command;
    octi_trial_result result;
    char told[256];
    begin(&command, cli, "prep");
    add(&command, data->name);
    add(&command, "--size");
    add(&command, data->size);
    add(&command, "--seed");
    add(&command, text(&command, "%" PRIu64, bench->lesson->seeds[0]));
    add(&command, "--to");
    add(&command, place_of(&command, bench->lesson, data));
    oct_err code = run(bench, &command, &result, told, err);
    if (code != OCT_OK)
        return code;
    if (octi_cause_of(&result) != OCTI_CAUSE_NONE)
        code = oct_fail(err, OCT_E_STATE, "cannot make the data on the cluster: 'octavo prep' %s: %.120s",
                        told, result.err.data ? result.err.data : "");
    octi_trial_deinit(&result);
    return code;
}

/* The lesson's arguments name data as it lies on this machine: "data/stocks". */
static const char *there(struct command *command, const octi_lesson *lesson, const char *argument)
{
    for (size_t i = 0; i < lesson->data_count; i++) {
        size_t length = strlen(lesson->data[i].name);
        if (strncmp(argument, "data/", 5) == 0 && strncmp(argument + 5, lesson->data[i].name, length) == 0 &&
            (argument[5 + length] == '/' || argument[5 + length] == '\0'))
            return text(command, "%s%s", place_of(command, lesson, &lesson->data[i]), argument + 5 + length);
    }
    return argument;
}

static oct_err try_program(const cli_context *cli, octi_workbench *bench, unsigned nodes,
                           octi_verdict *verdict, oct_error *err)
{
    const octi_lesson *lesson = bench->lesson;
    struct command command;
    octi_trial_result result;
    const char *expected;
    char told[256], difference[280], source[OCTI_PATH];
    oct_err code = octi_workbench_expected(bench, lesson->seeds[0], false, &expected, err);
    for (size_t i = 0; code == OCT_OK && i < lesson->data_count; i++)
        code = prepare(cli, bench, &lesson->data[i], err);
    begin(&command, cli, "run");
    add(&command, "--no-journal");
    add(&command, octi_path(source, bench->student, bench->source));
    for (size_t i = 0; lesson->arguments[i]; i++)
        add(&command, there(&command, lesson, lesson->arguments[i]));
    if (code == OCT_OK)
        code = run(bench, &command, &result, told, err);
    if (code == OCT_OK) {
        octi_cause cause = octi_cause_on_nodes(&result);
        if (cause != OCTI_CAUSE_NONE) {
            octi_verdict_fail(verdict, cause, "on the %u nodes of '%s', it %s", nodes, cli->spec.name, told);
            octi_verdict_show(verdict, result.err.data, LINES);
        } else if (!octi_answer_same(lesson->compare, lesson->tolerance, expected,
                                     result.out.data ? result.out.data : "", difference,
                                     sizeof(difference))) {
            octi_verdict_fail(verdict, OCTI_CAUSE_NODES, "on the %u nodes of '%s' the answer is wrong", nodes,
                              cli->spec.name);
            octi_verdict_show(verdict, difference, 1);
        } else {
            octi_verdict_pass(verdict, "right on the %u nodes of '%s'", nodes, cli->spec.name);
        }
        octi_trial_deinit(&result);
    }
    return code;
}

oct_err cli_exercise_cluster(const cli_context *cli, octi_workbench *bench, octi_verdict *verdict,
                             oct_error *err)
{
    cli_session session = {0};
    bool up = cli_session_find(cli, &session, NULL) == OCT_OK && cli_session_complete(&session);
    unsigned nodes = session.cluster.wanted;
    cli_session_close(&session);
    if (up)
        return try_program(cli, bench, nodes, verdict, err);
    oct_err code = octi_stage_ranks(bench, verdict, err);
    size_t length = strlen(verdict->said);
    bool usual = strcmp(cli->spec.provider, "docker") == 0;
    if (code == OCT_OK && verdict->outcome != OCTI_FAILED)
        snprintf(verdict->said + length, sizeof(verdict->said) - length,
                 "; with '%s' up ('octavo up%s%s') it runs there", cli->spec.name, usual ? "" : " --on ",
                 usual ? "" : cli->spec.provider);
    return code;
}
