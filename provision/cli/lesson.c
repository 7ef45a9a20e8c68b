#include <string.h>

#include "provision/cli/lesson.h"
#include "provision/cli/report.h"
#include "runtime/base/clock.h"

/* What `octavo prep` leaves beside a data set that is complete. */
static const char data_script[] =
    "for set; do [ -e \"data/$set/prep.json\" ] || { echo \"$set\"; exit 0; }; done";

struct lesson {
    cli_job *job;
    const char *name;
    const char *const *arguments;
    double cluster, compile, data, loop, map; /* seconds */
};

static double seconds_since(int64_t start_ns)
{
    return (double)(octi_clock_ns() - start_ns) / 1e9;
}

/* --- data --- */

/* The first of the data sets that is not there, into name; "" when all are. */
static oct_err first_missing(const struct lesson *lesson, const cli_program *program, char *name, size_t size,
                             oct_error *err)
{
    enum { SETS_MAX = 16 };
    const char *argv[SETS_MAX + 5] = {"sh", "-c", data_script, "octavo-data"};
    octi_buffer answer = {0};
    int status;
    for (size_t i = 0; i < program->data_count && i < SETS_MAX; i++)
        argv[4 + i] = program->data[i];
    oct_err code = cli_session_ask(&lesson->job->session, argv, NULL, 0, 30, &answer, NULL, &status, err);
    snprintf(name, size, "%.*s", answer.data ? (int)strcspn(answer.data, "\n") : 0,
             answer.data ? answer.data : "");
    octi_buffer_deinit(&answer);
    return code;
}

/* What the head has, every node must have where each has a home of its own: one that was made anew since, or
 * added, began with an empty one. It is not made unasked, as nobody knows of which size the head's is. */
static oct_err others_have(const struct lesson *lesson, const char *set, oct_error *err)
{
    const octi_provider *provider = &lesson->job->session.provider;
    const octi_cluster *cluster = &lesson->job->session.cluster;
    char path[128];
    if (!cluster->own_homes || !provider->ops->exec_workers)
        return OCT_OK;
    snprintf(path, sizeof(path), "data/%s/prep.json", set);
    const char *argv[] = {"test", "-e", path, NULL};
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.timeout = 30;
    oct_err code = provider->ops->exec_workers(provider->self, cluster, &exec, err);
    if (code != OCT_E_STATE)
        return code;
    oct_prefix(err, "the head has the data set '%s', and another node has not", set);
    return oct_hint(
        err, "'octavo prep %s', with the --size and --seed that it was made with, makes it on all", set);
}

static oct_err make_data(struct lesson *lesson, const char *set, oct_error *err)
{
    static cli_program prep = {.name = "octavo-prep", .remote = "octavo-prep"};
    const char *const arguments[] = {set, NULL};
    cli_build build;
    cli_launch launch = {.ranks = lesson->job->session.cluster.wanted, .apart = true, .input_fd = -1};
    int status = 0;
    cli_say(lesson->job->cli, "%s: making the data set '%s'", lesson->name, set);
    oct_err code = cli_job_build(lesson->job, &prep, &build, err);
    if (code == OCT_OK)
        code = cli_job_launch(lesson->job, &build, arguments, &launch, &status, err);
    if (code == OCT_OK && status != 0) {
        oct_fail(err, OCT_E_TASK, "cannot make the data set '%s' (exit status %d)", set, status);
        code = oct_hint(err, "'octavo prep %s' tries again, and keeps what is there", set);
    }
    return code;
}

static oct_err ensure_data(struct lesson *lesson, const cli_program *program, oct_error *err)
{
    int64_t start_ns = octi_clock_ns();
    oct_err code = OCT_OK;
    for (size_t made = 0; code == OCT_OK && made <= program->data_count && program->data_count > 0; made++) {
        char set[64];
        code = first_missing(lesson, program, set, sizeof(set), err);
        if (code != OCT_OK || !*set)
            break;
        code = made < program->data_count
                   ? make_data(lesson, set, err)
                   : oct_fail(err, OCT_E_STATE, "the data set '%s' is still not there after making it", set);
    }
    for (size_t i = 0; code == OCT_OK && i < program->data_count; i++)
        code = others_have(lesson, program->data[i], err);
    lesson->data = seconds_since(start_ns);
    return code;
}

/* --- the two programs --- */

static oct_err run_part(struct lesson *lesson, const cli_program *program, unsigned ranks, cli_launch *launch,
                        double *seconds, int *status, oct_error *err)
{
    cli_build build;
    int64_t start_ns = octi_clock_ns();
    oct_err code = cli_job_build(lesson->job, program, &build, err);
    lesson->compile += seconds_since(start_ns);
    if (code != OCT_OK)
        return code;
    const char *const *arguments =
        lesson->arguments[0] ? lesson->arguments : (const char *const *)program->arguments;
    static const char *const none[] = {NULL};
    launch->ranks = ranks;
    launch->input_fd = -1;
    start_ns = octi_clock_ns();
    code = cli_job_launch(lesson->job, &build, arguments ? arguments : none, launch, status, err);
    *seconds = seconds_since(start_ns);
    return code;
}

static void tell(const struct lesson *lesson, bool compared, bool same)
{
    const cli_context *cli = lesson->job->cli;
    if (compared)
        cli_say(cli, "%s: %s: %.1f s for the loop, %.1f s for the map", lesson->name,
                same ? "both results are the same" : "the results differ", lesson->loop, lesson->map);
    cli_say(cli, "%s: where the time went: cluster %.1f s, data %.1f s, compiling %.1f s, running %.1f s",
            lesson->name, lesson->cluster, lesson->data, lesson->compile, lesson->loop + lesson->map);
}

static oct_err run_both(struct lesson *lesson, int *status, oct_error *err)
{
    const cli_context *cli = lesson->job->cli;
    cli_program loop = {0}, map = {0};
    cli_launch loop_launch = {.sequential = true}, map_launch = {0};
    bool has_loop = cli_program_find(lesson->name, cli->root, CLI_LESSON_EXERCISE, &loop, NULL) == OCT_OK;
    oct_err code = cli_program_find(lesson->name, cli->root, CLI_LESSON_SOLUTION, &map, err);
    if (code == OCT_OK)
        code = ensure_data(lesson, &map, err);
    if (code == OCT_OK && has_loop) {
        cli_say(cli, "%s: %s on one node", lesson->name, loop.sources[0]);
        code = run_part(lesson, &loop, 1, &loop_launch, &lesson->loop, status, err);
    }
    if (code == OCT_OK && *status == 0) {
        unsigned ranks = cli_job_ranks(lesson->job);
        cli_say(cli, "%s: %s on %u node%s", lesson->name, map.sources[0], ranks, ranks == 1 ? "" : "s");
        code = run_part(lesson, &map, cli_job_ranks(lesson->job), &map_launch, &lesson->map, status, err);
    }
    if (code == OCT_OK && *status == 0) {
        bool same = loop_launch.output_digest == map_launch.output_digest;
        tell(lesson, has_loop, same);
        if (has_loop && !same)
            *status = CLI_EXIT_FAILED;
    }
    cli_program_deinit(&loop);
    cli_program_deinit(&map);
    return code;
}

oct_err cli_lesson_run(cli_job *job, const char *name, const char *const *arguments, int *status,
                       oct_error *err)
{
    struct lesson lesson = {.job = job, .name = name, .arguments = arguments};
    int64_t start_ns = octi_clock_ns();
    oct_err code = cli_job_cluster(job, err);
    lesson.cluster = seconds_since(start_ns);
    *status = 0;
    return code == OCT_OK ? run_both(&lesson, status, err) : code;
}
