/* cli/bring.h - brings a cluster up, whatever is there of it already. */
#ifndef OCTI_CLI_BRING_H
#define OCTI_CLI_BRING_H

#include "provision/cli/cli.h"
#include "provision/cli/session.h"
#include "provision/core/join.h"

typedef struct cli_bring_report {
    double created;       /* seconds from the start until all nodes run */
    octi_join_times join; /* seconds from then on */
    double total;
} cli_bring_report;

/* Makes what is missing of cli's spec, joins the nodes and stores the cluster in an open
 * session. On failure *evidence holds the last log lines of the nodes that failed. Shows
 * progress meanwhile. */
OCT_NODISCARD oct_err cli_bring_up(const cli_context *cli, cli_session *session, cli_bring_report *report,
                                   octi_buffer *evidence, oct_error *err);

/* As cli_bring_up, for a cluster in the session whose size has changed and whose first `known` nodes
 * may be at work. */
OCT_NODISCARD oct_err cli_bring_resized(const cli_context *cli, cli_session *session, unsigned known,
                                        cli_bring_report *report, octi_buffer *evidence, oct_error *err);

/* As cli_bring_up, for a cluster in the session that only has to be joined again. */
OCT_NODISCARD oct_err cli_bring_join(const cli_context *cli, cli_session *session, octi_buffer *evidence,
                                     oct_error *err);

#endif
