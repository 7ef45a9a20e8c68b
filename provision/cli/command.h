/* cli/command.h - a command of the octavo program: one row in one table, one file each.
 *
 * Help, parsing, suggestions and shell completion are all made from these rows. */
#ifndef OCTI_CLI_COMMAND_H
#define OCTI_CLI_COMMAND_H

#include <stdbool.h>

typedef struct cli_context cli_context;

typedef struct cli_option {
    const char *name;     /* long name; NULL ends a list */
    char letter;          /* short name, or 0 */
    const char *argument; /* what help calls its value; NULL: a flag */
    const char *help;
} cli_option;

typedef struct cli_example {
    const char *line; /* as typed */
    const char *does;
} cli_example;

typedef struct cli_command {
    const char *name;
    const char *operands; /* "WHAT [args...]", or "" */
    const char *summary;  /* for the list of commands */
    const char *about;    /* a sentence or a few */
    cli_example examples[3];
    const cli_option *options; /* its own, besides the common ones; NULL: none */

    /* Options end at the first operand, so that those of the user's program stay its own. */
    bool takes_program;
    bool takes_files; /* operands may be files here, for completion */

    /* Gets the operands, argv[0] being the first. Returns the exit status, see cli_exit. */
    int (*run)(cli_context *cli, int argc, char **argv);
} cli_command;

/* All commands in the order of help, ended by a NULL. */
extern const cli_command *const cli_commands[];

/* Those that every command takes. */
extern const cli_option cli_common_options[];

/* NULL when there is none of that name. */
const cli_command *cli_command_find(const char *name);

/* The known name nearest to a mistyped one, or NULL when none is near. */
const char *cli_command_nearest(const char *name);

#endif
