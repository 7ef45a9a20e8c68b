/* node/inquiry.h - a request of PID 1 to Slurm. libslurm stays in its own program, octavo-slurm,
 * and PID 1 does not wait for it. */
#ifndef OCTI_NODE_INQUIRY_H
#define OCTI_NODE_INQUIRY_H

#include <sys/types.h>

/* Starts octavo-slurm with a request (shorter than what a pipe holds) and its answer going to
 * `output`, or to this process's own output when that is -1. Returns its process, which whoever
 * reaps orphans reaps; -1 when it cannot be started. */
pid_t octi_inquiry_start(const char *request, int output);

#endif
