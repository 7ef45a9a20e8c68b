/* cli/launch.h - one program on the cluster's nodes, in the foreground. */
#ifndef OCTI_CLI_LAUNCH_H
#define OCTI_CLI_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "provision/cli/guard.h"
#include "provision/cli/session.h"

typedef struct cli_launch {
    unsigned ranks;          /* one a node */
    const char *const *argv; /* NULL-terminated; argv[0] is a path or a name in the cluster */
    int input_fd;            /* goes to rank 0; -1: none */
    double timeout;          /* seconds; 0: none */
    bool sequential;         /* a program without a pool: it is not told of --pool */
    bool apart;              /* where nodes share no folder, a program for each instead of one over all */
    const char *journal;     /* a path in the cluster, removed when the program succeeds; NULL: none */
    const char *broadcast; /* a file on the head that is copied to each node first, as argv[0]; NULL: none */
    bool guarded;          /* look for nodes that fail meanwhile */

    /* Results. An output that was seen of an earlier attempt is not shown again: what the
     * program writes first is only compared with it. */
    uint64_t output_digest; /* of its standard output, see core/digest.h */
    uint64_t output_size;
    bool output_differs; /* from that of the attempt before */
    char job[32];        /* its name in Slurm */
    cli_loss loss;       /* what ended it, if not the program */
} cli_launch;

/* Runs it, its output going to ours, and stores its exit status (128 + signal). A first
 * signal cancels its job and waits for the end, a second one does not wait: both end in
 * OCT_E_CANCELLED. OCT_E_TIMEOUT when the time is over; the job is cancelled then too. A
 * guarded one that a node's failure ended is OCT_OK, with the loss and a status that is not 0. */
OCT_NODISCARD oct_err cli_launch_run(const cli_session *session, cli_launch *launch, int *status,
                                     oct_error *err);

#endif
