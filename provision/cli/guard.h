/* cli/guard.h - sees that a node fails while a program runs on it.
 *
 * The engine is asked which nodes run and have an address, and the head's PID 1 whether it still
 * answers (probe/probe.h). The head itself watches the other nodes and tells Slurm, which is asked
 * when a step has ended. The engine is asked over a connection of its own, since the first is
 * busy with the program. Where whoever gave the nodes watches them, that is asked, and only then. */
#ifndef OCTI_CLI_GUARD_H
#define OCTI_CLI_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "provision/cli/session.h"

/* What ended a step other than the program itself. */
typedef struct cli_loss {
    char node[64]; /* "": nothing did */
    char cause[256];
    bool rank; /* only a rank's process has ended: the node is well */
    bool head;
    bool left; /* 'octavo scale' has taken it */
    bool all;  /* the cluster has ended as a whole, and `node` is its name */
} cli_loss;

typedef struct cli_guard {
    const cli_session *session;
    octi_provider control; /* opened when it is first needed */
    unsigned ranks;
    int64_t next_look_ns;
    int64_t heard_ns; /* when the head's PID 1 answered last, or 0 */
    unsigned unheard; /* how often it has not before its first answer */
    int64_t lost_ns;  /* when the loss was seen, or 0 */
    cli_loss loss;
} cli_guard;

/* Nodes of the session that are not STARTING or READY are none of its business. */
void cli_guard_init(cli_guard *guard, const cli_session *session, unsigned ranks);
void cli_guard_deinit(cli_guard *guard);

/* The second connection, or NULL when there is none to be had. */
octi_provider *cli_guard_control(cli_guard *guard);

/* Looks, if it is time to, and tells Slurm of a loss at once, so that it ends the step. True
 * when there is nothing to wait for: the head is lost, or Slurm has not ended the step. */
bool cli_guard_look(cli_guard *guard);

/* After a step that failed: looks for a loss that has not been seen yet. Where srun itself was killed the
 * head may be ending, which takes it a second or two: that is waited for. */
void cli_guard_judge(cli_guard *guard, bool killed);

#endif
