/* cli/attempts.h - runs a program, and runs it again when something else ended it.
 *
 * A node that is lost is made anew, or with --no-heal left out; a rank that was killed costs
 * its attempt only. The journal gives back what had been computed, and standard output goes on
 * where it was. */
#ifndef OCTI_CLI_ATTEMPTS_H
#define OCTI_CLI_ATTEMPTS_H

#include <jansson.h>

#include "provision/cli/launch.h"

typedef struct cli_attempts {
    const cli_context *cli;
    cli_session *session;
    octi_buffer *evidence; /* of nodes that did not come up again */

    unsigned count;  /* result */
    unsigned healed; /* nodes made anew */
    json_t *losses;  /* {"node", "cause", "seconds"}; owned */
} cli_attempts;

/* As cli_launch_run. Ends after three attempts in a row of which none recorded a result. */
OCT_NODISCARD oct_err cli_attempts_run(cli_attempts *attempts, cli_launch *launch, int *status,
                                       oct_error *err);

#endif
