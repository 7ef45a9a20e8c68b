/* cli/term.h - the user's terminal: is it one, how large, raw and back. */
#ifndef OCTI_CLI_TERM_H
#define OCTI_CLI_TERM_H

#include <stdbool.h>

#include "oct/error.h"

/* True when fd is a terminal that understands cursor movement (TERM is set, not "dumb"). */
bool cli_term_capable(int fd);

/* True when colours are wanted on fd: capable, and NO_COLOR is not set (no-color.org). */
bool cli_term_coloured(int fd);

/* Size of the terminal on fd; 24 by 80 when it does not tell. */
void cli_term_size(int fd, unsigned short *rows, unsigned short *columns);

/* Puts the terminal on fd into raw mode until cli_term_restore. */
OCT_NODISCARD oct_err cli_term_raw(int fd, oct_error *err);

/* Keys come at once and unseen until cli_term_restore; output, Ctrl-C and the rest stay as they are. */
OCT_NODISCARD oct_err cli_term_keys(int fd, oct_error *err);

/* Hides the cursor of the terminal on fd until cli_term_restore. */
void cli_term_hide_cursor(int fd);

/* Undoes both. Also called at exit; may be called from a signal handler, and repeatedly. */
void cli_term_restore(void);

/* In a child: the terminal stays as its parent has it, however the child ends. */
void cli_term_leave(void);

/* True when reading fd cannot stop us: it is no terminal, or we are its foreground. */
bool cli_term_may_read(int fd);

#endif
