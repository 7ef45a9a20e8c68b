#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"

static const char program[] = "octavo-prep";

/* Runs it on this machine: the one built in the repository, else the one on the PATH. */
static int prep_here(const cli_context *cli, int argc, char **argv)
{
    char built[4200];
    oct_error err = OCT_ERROR_INIT;
    snprintf(built, sizeof(built), "%s/bazel-bin/examples/prep/%s", cli->root ? cli->root : "", program);
    const char **line = calloc((size_t)argc + 2, sizeof(*line));
    if (!line)
        return CLI_EXIT_FAILED;
    line[0] = cli->root && access(built, X_OK) == 0 ? built : program;
    memcpy(line + 1, argv, (size_t)argc * sizeof(*line));
    cli_interrupt_reset();
    execvp(line[0], (char *const *)line);
    oct_fail(&err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot run '%s': %s", line[0],
             strerror(errno));
    oct_hint(&err, "build it with 'bazel build //examples/prep:%s'", program);
    free(line);
    return cli_fail(cli, &err, NULL);
}

/* What follows the data set's name goes to the program, but "--here" is ours wherever it
 * stands. Removes it. */
static bool take_here(int *argc, char **argv)
{
    int kept = 0;
    for (int i = 0; i < *argc; i++)
        if (strcmp(argv[i], "--here") != 0)
            argv[kept++] = argv[i];
    bool found = kept < *argc;
    argv[kept] = NULL;
    *argc = kept;
    return found;
}

static int prep(cli_context *cli, int argc, char **argv)
{
    bool here = take_here(&argc, argv) || cli_given(cli, "here");
    if (argc == 0)
        return cli_usage(cli, "'prep' needs the name of a data set, such as stocks");
    return here ? prep_here(cli, argc, argv) : cli_run(cli, program, true, argc, argv);
}

static const cli_option options[] = {
    {"here", 0, NULL, "on this machine, not on the cluster"},
    {"pool", 'p', "POOL", "give --pool=POOL to the program"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_prep = {
    .name = "prep",
    .operands = "DATA [args...]",
    .summary = "make the lessons' data",
    .about =
        "Makes a data set (stocks, taxi, digits, events) in the cluster's home folder, all nodes together "
        "(each of them all of it where they share none), or here with --here. What is there already is kept, "
        "so the same command resumes after an interruption. With --from the taxi's trips are the real ones: "
        "of a folder or file that the nodes have ('octavo cp' brings it), of an address, or of their public "
        "one.",
    .examples =
        {
            {"octavo prep stocks --size 1g", "a gigabyte of minute prices of stocks"},
            {"octavo prep taxi --from public --months 1", "January's real taxi trips, 700 MB"},
            {"octavo prep --here stocks", "on this machine, for programs run without a cluster"},
        },
    .options = options,
    .takes_program = true,
    .run = prep,
};
