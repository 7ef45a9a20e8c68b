/* cli/session.h - a provider that is open, and the cluster a command works on. */
#ifndef OCTI_CLI_SESSION_H
#define OCTI_CLI_SESSION_H

#include "provision/cli/cli.h"
#include "provision/core/provider.h"

typedef struct cli_session {
    octi_provider provider;
    octi_cluster cluster; /* empty until found */
} cli_session;

/* Opens the provider of cli's spec. */
OCT_NODISCARD oct_err cli_session_open(const cli_context *cli, cli_session *session, oct_error *err);

/* Also finds the cluster named in cli's spec; OCT_E_NOTFOUND, naming those that are there. */
OCT_NODISCARD oct_err cli_session_find(const cli_context *cli, cli_session *session, oct_error *err);

/* Tells what the cluster's user should know before starting something on it, if anything. */
void cli_session_warn(const cli_context *cli, const cli_session *session);

/* Safe on a zeroed session, and repeatedly. */
void cli_session_close(cli_session *session);

/* The node that text names: an index, a name, or "head". OCT_E_NOTFOUND. */
OCT_NODISCARD oct_err cli_session_node(const cli_session *session, const char *text, const octi_node **out,
                                       oct_error *err);

/* Where no cluster was named, takes it from a node's full name: "dev-3" is of "dev". */
void cli_session_name_from_node(cli_context *cli, const char *node);

/* True when every node that the cluster should have runs. */
bool cli_session_complete(const cli_session *session);

/* Runs argv on the head with input_size bytes of input, appends standard output to *out
 * and standard error to *errors (either may be NULL). Not interruptible; bounded by
 * timeout (seconds). */
OCT_NODISCARD oct_err cli_session_ask(const cli_session *session, const char *const *argv, const void *input,
                                      size_t input_size, double timeout, octi_buffer *out,
                                      octi_buffer *errors, int *status, oct_error *err);

#endif
