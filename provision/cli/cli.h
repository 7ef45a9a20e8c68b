/* cli/cli.h - what a command knows when it runs: its options, and the cluster asked for. */
#ifndef OCTI_CLI_H
#define OCTI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "provision/cli/command.h"
#include "provision/cli/progress.h"
#include "provision/core/cluster.h"

/* Exit statuses besides a program's own. */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_NOTFOUND = 3,
    CLI_EXIT_DENIED = 4,
    CLI_EXIT_TIMEOUT = 5,
    CLI_EXIT_INTERRUPTED = 130,
};

enum { CLI_OPTIONS_MAX = 40 };

struct cli_context {
    const cli_command *command;

    /* The value of each option given ("" for a flag), the common ones first. Commands ask
     * cli_value and cli_given, by name. */
    const char *values[CLI_OPTIONS_MAX];

    octi_spec spec; /* defaults, then --file, then flags */
    bool json;
    bool quiet;
    bool yes;
    bool dry_run;
    cli_progress_mode progress;
    const char *root; /* the repository's folder (OCTAVO_ROOT), or NULL */
};

/* Parses argv into *cli and stores the operands' place in *rest. With no command,
 * cli->command is NULL. Afterwards cli_settle turns values into fields. */
OCT_NODISCARD oct_err cli_parse(cli_context *cli, int argc, char **argv, int *rest, oct_error *err);

/* Overwrites in *spec what options of the command line name. */
OCT_NODISCARD oct_err cli_apply_options(const cli_context *cli, octi_spec *spec, oct_error *err);

/* Fills spec and the common fields from the values: file over defaults, flags over file. */
OCT_NODISCARD oct_err cli_settle(cli_context *cli, oct_error *err);

/* An option by its long name: its value ("" for a flag), or NULL when it was not given or
 * the command has none of that name. */
const char *cli_value(const cli_context *cli, const char *name);
bool cli_given(const cli_context *cli, const char *name);

/* A value that must be a whole number from low to high; `fallback` when it was not given. */
OCT_NODISCARD oct_err cli_number(const cli_context *cli, const char *name, long low, long high, long fallback,
                                 long *out, oct_error *err);

/* Takes the cluster's name from the only operand, if there is one: OCT_E_INVALID for more of
 * them, for a bad name, or for one that --name contradicts. */
OCT_NODISCARD oct_err cli_take_name(cli_context *cli, int argc, char **argv, oct_error *err);

#endif
