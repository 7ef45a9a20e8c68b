#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/job.h"
#include "provision/cli/lesson.h"
#include "provision/cli/report.h"
#include "provision/cli/term.h"
#include "runtime/base/clock.h"

/* Seconds that each part took, for --times and --json. */
struct times {
    double cluster, compile, run;
};

static double seconds_since(int64_t start_ns)
{
    return (double)(octi_clock_ns() - start_ns) / 1e9;
}

/* Standard output is the program's, so this goes to standard error even as JSON. */
static void print_times(const cli_job *job, const cli_program *program, const cli_build *build,
                        const struct times *times, int status)
{
    const cli_context *cli = job->cli;
    const cli_attempts *attempts = &job->attempts;
    if (cli->json) {
        json_t *seconds = json_pack("{s:f, s:f, s:f}", "cluster", times->cluster, "compile", times->compile,
                                    "run", times->run);
        json_t *object = json_pack("{s:i, s:s, s:i, s:b, s:o, s:i, s:i, s:o}", "version", 1, "program",
                                   program->name, "status", status, "cached", build->cached, "seconds",
                                   seconds, "attempts", (int)attempts->count, "healed", (int)attempts->healed,
                                   "losses", attempts->losses ? json_incref(attempts->losses) : json_array());
        char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
        fprintf(stderr, "%s\n", line ? line : "error: out of memory");
        free(line);
        json_decref(object);
    } else if (cli_given(cli, "times")) {
        cli_say(cli, "%s: cluster %.2f s, compiling %.2f s%s, running %.2f s", program->name, times->cluster,
                times->compile, build->cached ? " (nothing to do)" : "", times->run);
    }
}

static oct_err run_program(cli_job *job, const cli_program *program, bool apart, const char *const *arguments,
                           int *status, oct_error *err)
{
    struct times times = {0};
    cli_build build;
    int64_t start_ns = octi_clock_ns();
    oct_err code = cli_job_cluster(job, err);
    times.cluster = seconds_since(start_ns);

    start_ns = octi_clock_ns();
    if (code == OCT_OK)
        code = cli_job_build(job, program, &build, err);
    times.compile = seconds_since(start_ns);

    start_ns = octi_clock_ns();
    cli_launch launch = {.apart = apart, .input_fd = cli_term_may_read(STDIN_FILENO) ? STDIN_FILENO : -1};
    if (code == OCT_OK) {
        launch.ranks = cli_job_ranks(job);
        code = cli_job_launch(job, &build, arguments, &launch, status, err);
    }
    times.run = seconds_since(start_ns);
    if (code == OCT_OK)
        print_times(job, program, &build, &times, *status);
    return code;
}

static int say_plan(const cli_context *cli, const cli_program *program, const char *what)
{
    if (program->source_count > 0)
        cli_say(cli,
                "would compile %zu file%s of '%s' in '%s', starting that if it is not up, and run the result",
                program->source_count, program->source_count == 1 ? "" : "s", what, cli->spec.name);
    else
        cli_say(cli, "would run '%s' in '%s', starting that if it is not up", what, cli->spec.name);
    return CLI_EXIT_OK;
}

int cli_run(cli_context *cli, const char *what, bool apart, int argc, char **argv)
{
    cli_program program = {0};
    cli_job job = {.cli = cli};
    int status = 0;
    oct_error err = OCT_ERROR_INIT;
    bool exercise = cli_given(cli, "exercise");
    cli_lesson_part part = exercise ? CLI_LESSON_EXERCISE : CLI_LESSON_SOLUTION;
    oct_err code = cli_program_find(what, cli->root, part, &program, &err);
    if (code == OCT_OK && cli->dry_run) {
        status = say_plan(cli, &program, what);
    } else if (code == OCT_OK) {
        const char *const *arguments = (const char *const *)argv; /* main's argv ends in NULL */
        if (program.lesson[0] && !exercise)
            code = cli_lesson_run(&job, program.lesson, arguments, &status, &err);
        else
            code = run_program(&job, &program, apart,
                               argc == 0 && program.arguments ? (const char *const *)program.arguments
                                                              : arguments,
                               &status, &err);
    }
    if (code != OCT_OK)
        status = cli_fail(cli, &err, job.evidence.data);
    cli_program_deinit(&program);
    cli_job_deinit(&job);
    return status;
}

static int run_command(cli_context *cli, int argc, char **argv)
{
    if (argc == 0)
        return cli_usage(cli, "'run' needs something to run: a lesson, a .c file, a folder, or a program");
    return cli_run(cli, argv[0], false, argc - 1, argv + 1);
}

static const cli_option options[] = {
    {"pool", 'p', "POOL", "give --pool=POOL to the program; threads and processes use one node"},
    {"exercise", 'e', NULL, "of a lesson, run your exercise instead of the solution"},
    {"fresh", 0, NULL, "forget the results that an earlier run of the same left"},
    {"no-journal", 0, NULL, "keep no results for an attempt that follows a lost node"},
    {"no-heal", 0, NULL, "go on without a lost node instead of replacing it"},
    {"times", 0, NULL, "say where the time went"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_run = {
    .name = "run",
    .operands = "WHAT [args...]",
    .summary = "run a lesson, a C file, a folder or a program on all nodes",
    .about =
        "Runs a program on the cluster, one rank a node, starting a cluster if none is up. WHAT is a "
        "lesson, a .c file or "
        "a folder of them, which are compiled in the cluster, or a program that is there already. Its "
        "input, output and "
        "exit status are ours; Ctrl-C cancels it and leaves the cluster up. When a node is lost or a rank is "
        "killed, the node is replaced and the program started again: its pool gets the results back that "
        "it had, which are kept for a week unless the program succeeds.",
    .examples =
        {
            {"octavo run 01-map", "a lesson"},
            {"octavo run -n 4 search.c --size 100", "your own file on four nodes, with an argument"},
            {"octavo run hostname", "a program in the cluster"},
        },
    .options = options,
    .takes_program = true,
    .takes_files = true,
    .run = run_command,
};
