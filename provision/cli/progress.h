/* cli/progress.h - what a long command shows while it works.
 *
 * On a terminal a table with a line for each node, redrawn in place; elsewhere plain
 * lines; or JSON lines for another program. All of it goes to one stream (standard
 * error), so data on standard output stays clean. Any thread may call. */
#ifndef OCTI_CLI_PROGRESS_H
#define OCTI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

typedef enum cli_progress_mode {
    CLI_PROGRESS_AUTO, /* tty on a terminal, plain elsewhere */
    CLI_PROGRESS_TTY,
    CLI_PROGRESS_PLAIN,
    CLI_PROGRESS_QUIET,
    CLI_PROGRESS_JSON,
} cli_progress_mode;

/* False when there is no mode of that name. */
bool cli_progress_mode_parse(const char *name, cli_progress_mode *out);

typedef enum cli_progress_state { CLI_WORKING, CLI_DONE, CLI_FAILED } cli_progress_state;

typedef struct cli_progress cli_progress;

/* Starts to show on out, which outlives it. NULL (out of memory) is taken by all calls
 * below: they then do nothing. */
cli_progress *cli_progress_create(cli_progress_mode mode, FILE *out, const char *title);

/* Erases the table and frees. */
void cli_progress_destroy(cli_progress *progress);

/* Leaves the table as it is on the terminal and shows no more of it, so that a message
 * can follow. */
void cli_progress_freeze(cli_progress *progress);

/* The step of the whole: "creating 8 nodes". Text is copied. */
void cli_progress_phase(cli_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The step of one node. */
void cli_progress_node(cli_progress *progress, const char *node, cli_progress_state state, const char *step);

/* One line that stays: above the table, or among the plain lines. */
void cli_progress_note(cli_progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the step of the whole is at just now: behind it on a terminal, nowhere else. */
void cli_progress_detail(cli_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How a terminal looks, for cli_progress_render. */
typedef struct cli_progress_view {
    unsigned short rows, columns;
    bool colour;
    bool unicode;
    double now; /* seconds since create */
} cli_progress_view;

/* Appends the table as lines, none wider than the view, never more than its rows. */
OCT_NODISCARD oct_err cli_progress_render(const cli_progress *progress, const cli_progress_view *view,
                                          octi_buffer *out);

#endif
