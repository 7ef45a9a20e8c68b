/* core/command.h - another program, run to its end for what it says. */
#ifndef OCTI_COMMAND_H
#define OCTI_COMMAND_H

#include <stddef.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

/* Zero-initialise, then set argv. The program's standard error is ours. */
typedef struct octi_command {
    const char *const *argv;    /* NULL-terminated; argv[0] found on the PATH */
    void (*prepare)(void *ctx); /* in the child, before it becomes the program; or NULL */
    void *ctx;
    const char *input; /* its standard input, less than a pipe holds (4 KB); NULL: ours */
    double seconds;    /* more, and it is killed: OCT_E_TIMEOUT */
    size_t most;       /* bytes that it may say; more, and it is killed: OCT_E_EXHAUSTED */
} octi_command;

/* OCT_OK when it ended by itself, with any *status: its own, 127 when it could not be run, 128 and the
 * number of a signal. What it said is appended to *said; who asks for secrets wipes that. */
OCT_NODISCARD oct_err octi_command_run(const octi_command *command, octi_buffer *said, int *status,
                                       oct_error *err);

#endif
