/* node/supervisor.h - a set of daemons, and the one loop that waits for all of them.
 *
 * The caller of octi_supervisor_init becomes the reaper of every orphan below it (as PID 1
 * it is already) and blocks the signals that it now takes from a descriptor. */
#ifndef OCTI_NODE_SUPERVISOR_H
#define OCTI_NODE_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"
#include "provision/node/daemon.h"

typedef struct octi_supervisor {
    octi_daemon *daemons; /* the caller's; those that are needed come first */
    size_t count;
    int poll;
    int signals;
    int watched; /* the caller's own descriptor, or -1 */
    sigset_t old_mask;
} octi_supervisor;

/* What woke octi_supervisor_wait; several at once. */
enum {
    OCTI_WOKE_END = 1,     /* SIGTERM or SIGINT: end */
    OCTI_WOKE_AGAIN = 2,   /* SIGHUP: read your files again */
    OCTI_WOKE_WATCHED = 4, /* the watched descriptor can be read */
    OCTI_WOKE_DAEMON = 8,  /* some daemon is in another state than before */
};

/* Takes initialised daemons. */
OCT_NODISCARD oct_err octi_supervisor_init(octi_supervisor *supervisor, octi_daemon *daemons, size_t count,
                                           int watched, oct_error *err);
void octi_supervisor_deinit(octi_supervisor *supervisor);

/* Waits for something to happen, at most until `until`, does all that is due for the
 * daemons, reaps every child, and tells what happened. */
unsigned octi_supervisor_wait(octi_supervisor *supervisor, int64_t until);

/* Stops all daemons, those that need others first, and returns when none is left. As PID 1
 * it then gives every other process a moment to end. Takes at most about two seconds. */
void octi_supervisor_stop(octi_supervisor *supervisor);

#endif
