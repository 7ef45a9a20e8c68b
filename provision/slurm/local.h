/* slurm/local.h - one command on this machine, as octi_exec describes it.
 *
 * The login node is the head of a pilot, so what other providers do through an engine is a
 * child process here. The child has a session of its own: a Ctrl-C in the terminal is ours
 * to handle, and the child ends when we do. */
#ifndef OCTI_SLURM_LOCAL_H
#define OCTI_SLURM_LOCAL_H

#include "provision/core/provider.h"

/* Runs exec->argv with `environment` (NULL-terminated "NAME=value", all of it). A child that
 * is left early, by an interruption, a time-out or a refused output, is told to end and, 2 s
 * later, killed. OCT_E_NOTFOUND when there is no such program. */
OCT_NODISCARD oct_err octi_local_run(const octi_exec *exec, char *const *environment, int *exit_status,
                                     oct_error *err);

#endif
