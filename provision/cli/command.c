#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/suggest.h"

/* One a line: */
/* clang-format off */
const cli_command *const cli_commands[] = {
    &cli_command_up,
    &cli_command_down,
    &cli_command_heal,
    &cli_command_scale,
    &cli_command_status,
    &cli_command_run,
    &cli_command_exec,
    &cli_command_shell,
    &cli_command_logs,
    &cli_command_cp,
    &cli_command_exercise,
    &cli_command_prep,
    &cli_command_bench,
    &cli_command_image,
    &cli_command_install,
    &cli_command_doctor,
    &cli_command_version,
    &cli_command_completion,
    &cli_command_help,
    NULL,
};
/* clang-format on */

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *const *command = cli_commands; *command; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

const char *cli_command_nearest(const char *name)
{
    const char *names[sizeof(cli_commands) / sizeof(cli_commands[0])];
    size_t count = 0;
    for (; cli_commands[count]; count++)
        names[count] = cli_commands[count]->name;
    return cli_nearest(name, names, count);
}
