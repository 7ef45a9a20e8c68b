/* cli/stream.h - writing a remote program's output to our own. */
#ifndef OCTI_CLI_STREAM_H
#define OCTI_CLI_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"

/* Writes all bytes to fd, also to a slow or non-blocking one. OCT_E_IO, with errno, when
 * its reader is gone or the disk is full. */
OCT_NODISCARD oct_err cli_stream_write(int fd, const void *bytes, size_t size);

/* Whether a write has failed because its reader went away, as in 'octavo logs | head': what
 * follows from that is no failure that anybody wants to hear of. */
bool cli_stream_abandoned(void);

/* An octi_exec's output function: stream 1 to standard output, 2 to standard error. */
oct_err cli_stream_output(void *ctx, int stream, const void *bytes, size_t size);

#endif
