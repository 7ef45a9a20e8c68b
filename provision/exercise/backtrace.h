/* exercise/backtrace.h - where another process is just now, thread by thread. */
#ifndef OCTI_BACKTRACE_H
#define OCTI_BACKTRACE_H

#include <sys/types.h>

#include "runtime/base/buffer.h"

/* Stops the process, appends for each thread a line "thread ID" and under it its frames, such as
 * "  convert at exercise.c:17", the innermost first, and lets it go on. Appends nothing where the system
 * does not allow looking (ptrace(2)). Frames without a source line are told by name alone. */
void octi_backtrace(pid_t pid, octi_buffer *out);

#endif
