#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/cli.h"
#include "provision/cli/help.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"

static int without_command(const cli_context *cli)
{
    if (!cli_given(cli, "help")) {
        cli_help_all(stderr);
        return CLI_EXIT_USAGE;
    }
    cli_help_all(stdout);
    return CLI_EXIT_OK;
}

/* The repository, by the launcher's word; of an installed program, the folder beside it that
 * has the lessons. NULL where there is neither. */
static const char *find_root(void)
{
    static char folder[4096 + 32];
    const char *told = getenv("OCTAVO_ROOT");
    if (told)
        return told;
    ssize_t length = readlink("/proc/self/exe", folder, 4096);
    if (length <= 0)
        return NULL;
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    strcpy(slash ? slash : folder, "/../share/octavo");
    return access(folder, R_OK | X_OK) == 0 ? folder : NULL;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    cli_interrupt_install();

    cli_context cli = {.root = find_root()};
    oct_error err = OCT_ERROR_INIT;
    int rest;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        argv[1] = "version";
    oct_err code = cli_parse(&cli, argc, argv, &rest, &err);
    cli.json = cli_given(&cli, "json"); /* errors too are told as was asked */
    if (code != OCT_OK)
        return cli_fail(&cli, &err, NULL);
    if (!cli.command)
        return without_command(&cli);
    if (cli_given(&cli, "help")) {
        cli_help_command(stdout, cli.command);
        return CLI_EXIT_OK;
    }
    if (cli_settle(&cli, &err) != OCT_OK)
        return cli_fail(&cli, &err, NULL);
    return cli.command->run(&cli, argc - rest, argv + rest);
}
