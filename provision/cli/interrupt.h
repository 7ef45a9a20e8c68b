/* cli/interrupt.h - Ctrl-C, SIGTERM and SIGHUP.
 *
 * While a cluster is made or removed, leaving at once is safe: the next command resumes.
 * While a program runs, its job has to be cancelled first, so signals are only counted. */
#ifndef OCTI_CLI_INTERRUPT_H
#define OCTI_CLI_INTERRUPT_H

#include <stdbool.h>

/* Installs the handlers; until cli_interrupt_count, a signal leaves at once. SIGPIPE is
 * ignored, so that a closed pipe is an error of write. */
void cli_interrupt_install(void);

/* What a signal that leaves at once says last; NULL: nothing. Kept, not copied. */
void cli_interrupt_message(const char *message);

/* From now on signals are counted; false goes back to leaving at once. */
void cli_interrupt_count(bool counted);

/* Signals counted so far, and the last one's number. */
int cli_interrupts(void);
int cli_interrupt_signal(void);

/* True once after each change of the terminal's size. */
bool cli_interrupt_resized(void);

/* Forks' children and exec'ed programs want the defaults. */
void cli_interrupt_reset(void);

#endif
