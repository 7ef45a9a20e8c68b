/* node/daemon.h - one supervised daemon: started when what it needs is ready, restarted
 * when it dies, stopped when told.
 *
 * A daemon has no thread and no loop of its own. Its supervisor calls `tick` when the time
 * that tick returned has come, `reaped` when its process has ended, and `read` when its
 * output can be read. Times are octi_clock_ns(). */
#ifndef OCTI_NODE_DAEMON_H
#define OCTI_NODE_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "oct/error.h"

typedef enum octi_daemon_state {
    OCTI_DAEMON_OFF,     /* not wanted, not there */
    OCTI_DAEMON_WAITING, /* wanted; for what it needs, or for its back-off to pass */
    OCTI_DAEMON_RUNNING,
    OCTI_DAEMON_STOPPING, /* told to end, not gone yet */
} octi_daemon_state;

typedef struct octi_daemon {
    /* The owner's, set before the first tick, never changed. */
    const char *name;
    const char *const *argv;
    const char *socket;              /* ready when somebody listens there; NULL: when it runs */
    const struct octi_daemon *needs; /* NULL: nothing */
    int64_t patience_ns;             /* until one that was told to end is killed; 0: a second */

    /* For others to read. */
    octi_daemon_state state;
    pid_t pid; /* 0 when there is no process */
    bool ready;
    unsigned restarts;    /* times it ended without being told to */
    char last_exit[64];   /* "exited with status 1", or "" */
    char last_words[256]; /* its last line that speaks of an error, or of anything */

    /* Its own. */
    bool wanted;
    unsigned failures; /* in a row, each soon after its start */
    int64_t started;
    int64_t due;   /* of the next start, or of the kill */
    int output[2]; /* kept over restarts, so nothing that was said is lost */
    char line[1024];
    unsigned line_size;
} octi_daemon;

/* After the owner's members are set. Makes the output pipe. */
OCT_NODISCARD oct_err octi_daemon_init(octi_daemon *daemon, oct_error *err);

/* Closes the pipe; the process must be gone. */
void octi_daemon_deinit(octi_daemon *daemon);

/* From now on it shall run, or not. The next tick acts on it. */
void octi_daemon_want(octi_daemon *daemon, bool wanted);

/* Ends a running one so that it starts again at once, with what it finds then; no
 * failure is counted. */
void octi_daemon_renew(octi_daemon *daemon, int64_t now);

/* Does what is due and returns when to call again; INT64_MAX: not for the clock. */
int64_t octi_daemon_tick(octi_daemon *daemon, int64_t now);

/* Its process ended with this wait status. */
void octi_daemon_reaped(octi_daemon *daemon, int status, int64_t now);

/* Moves what it has written to the log, line by line, under its name. */
void octi_daemon_read(octi_daemon *daemon);

/* Writes "exited with status 3" or "killed by signal 11 (Segmentation fault)". */
void octi_describe_exit(int status, char *out, size_t size);

#endif
