/* cli/heal.h - makes a cluster whole again. */
#ifndef OCTI_CLI_HEAL_H
#define OCTI_CLI_HEAL_H

#include "provision/cli/bring.h"

/* Whether the engine says that a node runs and can be reached. */
bool cli_node_works(const octi_node *node);

/* Inspects the session's cluster, discards the node called `also` (NULL: none) and those that
 * run but cannot be reached, makes what is missing as the cluster's labels say, and joins. */
OCT_NODISCARD oct_err cli_heal(const cli_context *cli, cli_session *session, const char *also,
                               cli_bring_report *report, octi_buffer *evidence, oct_error *err);

#endif
