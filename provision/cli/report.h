/* cli/report.h - how results and errors are told.
 *
 * Results go to standard output, everything else to standard error. With --json, one
 * object ends standard output, also on failure. */
#ifndef OCTI_CLI_REPORT_H
#define OCTI_CLI_REPORT_H

#include <jansson.h>

#include "provision/cli/cli.h"

/* The exit status that a code means. */
int cli_exit_of(oct_err code);

/* Tells the error and its hint; returns its exit status. `evidence`, lines of somebody's
 * log or NULL, is shown indented between them. */
int cli_fail(const cli_context *cli, const oct_error *err, const char *evidence);

/* As cli_fail, for a command used wrongly. */
int cli_usage(const cli_context *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A message for people; nothing with --quiet. */
void cli_say(const cli_context *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints an object as one line on standard output, with "version": 1 put first, and
 * drops the reference. NULL (out of memory while making it) is told on standard error. */
void cli_print_json(json_t *object);

/* An error as {"code", "what", "hint"}; a new reference. */
json_t *cli_error_json(const oct_error *err);

/* Asks a yes-or-no question on the terminal. True at once with --yes, or when there is
 * nobody to ask. */
bool cli_confirm(const cli_context *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False with --yes and where there is no terminal: then cli_confirm does not ask. */
bool cli_may_ask(const cli_context *cli);

/* Writes text to out as one argument of a POSIX shell, quoted if it has to be. */
void cli_print_quoted(FILE *out, const char *text);

#endif
