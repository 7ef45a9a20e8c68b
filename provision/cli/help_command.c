#include "provision/cli/commands.h"
#include "provision/cli/help.h"
#include "provision/cli/report.h"

static int help(cli_context *cli, int argc, char **argv)
{
    if (argc == 0) {
        cli_help_all(stdout);
        return CLI_EXIT_OK;
    }
    const cli_command *command = cli_command_find(argv[0]);
    if (!command) {
        const char *nearest = cli_command_nearest(argv[0]);
        oct_error err = OCT_ERROR_INIT;
        oct_fail(&err, OCT_E_INVALID, "there is no command '%s'", argv[0]);
        if (nearest)
            oct_hint(&err, "did you mean 'octavo help %s'?", nearest);
        return cli_fail(cli, &err, NULL);
    }
    cli_help_command(stdout, command);
    return CLI_EXIT_OK;
}

const cli_command cli_command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "show help",
    .about = "Shows the commands, or a command's options and examples.",
    .examples =
        {
            {"octavo help", "the commands"},
            {"octavo help run", "one command"},
            {"octavo run --help", "the same"},
        },
    .run = help,
};
