/* probe/probe.h - what every node answers at its port 6816, without an exec.
 *
 * An exec in a container costs its engine a tenth of a second, and an engine says that a node
 * runs whose processes are all stopped. So PID 1 of a node answers itself:
 *
 *   UDP   ask "OCTP" 0   answer "OCTP" 1 + the number of the folder that is full, or 1
 *         An answer is as long as what asked for it, so that nobody can have traffic multiplied.
 *   TCP   whoever connects is told Slurm's nodes and jobs, as octavo-slurm's "status" gives them:
 *         what squeue shows everybody. Nothing is read from him.
 *
 * Only where the nodes' addresses are this machine's own (octi_cluster's `near`) does an answer
 * come from the node that was meant. */
#ifndef OCTI_PROBE_H
#define OCTI_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

enum { OCTI_PROBE_PORT = 6816 }; /* Slurm has 6817 and 6818 */

/* The datagrams. */
enum { OCTI_PROBE_SIZE = 5, OCTI_PROBE_ASK = 0, OCTI_PROBE_WELL = 1 };
#define OCTI_PROBE_MARK "OCTP"

/* Asks the node at this IPv4 address and waits: true when it answers within `timeout_ms`. */
bool octi_probe_alive(const char *address, uint16_t port, int timeout_ms);

/* Appends Slurm's status, JSON text that is not checked. OCT_E_UNREACHABLE when nobody takes the
 * call within 200 ms, OCT_E_TIMEOUT when the answer has not come within `timeout_ms`,
 * OCT_E_PROTOCOL for one beyond reason. */
OCT_NODISCARD oct_err octi_probe_status(const char *address, uint16_t port, int timeout_ms,
                                        octi_buffer *answer, oct_error *err);

#endif
