#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"

/* Hands over to <root>/tests/bench/run, which takes the same arguments. */
static int bench(cli_context *cli, int argc, char **argv)
{
    char path[4200];
    oct_error err = OCT_ERROR_INIT;
    snprintf(path, sizeof(path), "%s/tests/bench/run", cli->root ? cli->root : "");
    if (!cli->root || access(path, X_OK) != 0) {
        oct_fail(&err, OCT_E_NOTFOUND, "cannot find the benchmarks: %s",
                 cli->root ? path : "OCTAVO_ROOT is not set");
        oct_hint(&err, "run './octavo bench' from a clone of the repository");
        return cli_fail(cli, &err, NULL);
    }
    const char **command = calloc((size_t)argc + 3, sizeof(*command));
    if (!command)
        return CLI_EXIT_FAILED;
    int count = 0;
    command[count++] = path;
    for (int i = 0; i < argc; i++)
        command[count++] = argv[i];
    if (cli->json)
        command[count++] = "--json";
    cli_interrupt_reset();
    execv(path, (char *const *)command);
    oct_fail(&err, OCT_E_IO, "cannot run '%s': %s", path, strerror(errno));
    free(command);
    return cli_fail(cli, &err, NULL);
}

const cli_command cli_command_bench = {
    .name = "bench",
    .operands = "[SUITE] [args...]",
    .summary = "measure octavo on this machine",
    .about = "Runs the benchmarks of a suite (provision, runtime, collections) on this machine. With --json "
             "each result "
             "is a line with "
             "bench, value and unit.",
    .examples =
        {
            {"octavo bench provision", "how long up, down, run and status take"},
            {"octavo bench runtime --json", "the runtime's figures and its peers'"},
            {"octavo bench", "which suites there are"},
        },
    .takes_program = true,
    .run = bench,
};
