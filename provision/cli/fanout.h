/* cli/fanout.h - the same thing on several nodes at once, each line of output led by its
 * node's name. */
#ifndef OCTI_CLI_FANOUT_H
#define OCTI_CLI_FANOUT_H

#include "provision/cli/session.h"

/* What to do on one node, on a provider of its own, with output (both streams) and
 * interruption set in *exec. Stores an exit status. */
typedef oct_err (*cli_fanout_fn)(void *ctx, const octi_provider *provider, const octi_node *node,
                                 const octi_exec *exec, int *status, oct_error *err);

enum { CLI_FANOUT_MAX = 64 };

/* Calls fn for each of count nodes from at most CLI_FANOUT_MAX threads, and waits for all. A node
 * that failed is told on standard error as it happens. Returns the first failure; *worst
 * is the highest exit status. An interrupt ends all with OCT_E_CANCELLED. */
OCT_NODISCARD oct_err cli_fanout(const cli_session *session, const octi_node *const *nodes, size_t count,
                                 cli_fanout_fn fn, void *ctx, int *worst, oct_error *err);

#endif
