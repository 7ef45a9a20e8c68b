/* cli/commands.h - every command's row; command.c puts them in order. */
#ifndef OCTI_CLI_COMMANDS_H
#define OCTI_CLI_COMMANDS_H

#include "provision/cli/cli.h"
#include "provision/cli/command.h"

extern const cli_command cli_command_bench;
extern const cli_command cli_command_completion;
extern const cli_command cli_command_cp;
extern const cli_command cli_command_doctor;
extern const cli_command cli_command_down;
extern const cli_command cli_command_exec;
extern const cli_command cli_command_exercise;
extern const cli_command cli_command_heal;
extern const cli_command cli_command_help;
extern const cli_command cli_command_image;
extern const cli_command cli_command_install;
extern const cli_command cli_command_logs;
extern const cli_command cli_command_prep;
extern const cli_command cli_command_run;
extern const cli_command cli_command_scale;
extern const cli_command cli_command_shell;
extern const cli_command cli_command_status;
extern const cli_command cli_command_up;
extern const cli_command cli_command_version;

/* What `run` does, for commands that are a program of their own. argv ends in a NULL. With `apart`, nodes
 * that share no folder run it each for itself. */
int cli_run(cli_context *cli, const char *what, bool apart, int argc, char **argv);

#endif
