/* cli/help.h - help, made from the tables. */
#ifndef OCTI_CLI_HELP_H
#define OCTI_CLI_HELP_H

#include <stdio.h>

#include "provision/cli/command.h"

/* What octavo is, three examples, the commands. */
void cli_help_all(FILE *out);

/* A command's sentence, three examples, its options and the common ones. */
void cli_help_command(FILE *out, const cli_command *command);

#endif
