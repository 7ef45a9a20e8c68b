/* cli/verdict.h - what a program's standard error says about its end.
 *
 * When a rank fails, octavo-node names it on standard error ("octavo: dev-3: rank 3:
 * killed by signal 11 (...)"); Slurm then ends the others and reports on every one of them,
 * and srun's exit status may be that of a rank it ended itself. So the first rank that
 * failed is remembered, and Slurm's own report is held back. */
#ifndef OCTI_CLI_VERDICT_H
#define OCTI_CLI_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"

enum { CLI_VERDICT_HELD = 512 };

/* Zero-initialise, then set output. */
typedef struct cli_verdict {
    /* Gets what is to be seen; its failure ends the feed. */
    oct_err (*output)(void *ctx, const void *bytes, size_t size);
    void *ctx;

    /* Keep back the lines that tell how ranks ended: the caller knows better whether they are
     * the reason of a failure or what followed from it, and tells of the first. */
    bool keeps_ends;

    int status;      /* of the first rank that failed (128 + signal); 0: none did */
    char node[64];   /* the node of the rank that failed first, and how; "": none did */
    char ended[200]; /* "rank 3: killed by signal 6 (Aborted)" */
    bool foreign;    /* that was killed or frozen, which is hardly a program's own doing */

    char held[CLI_VERDICT_HELD]; /* a line's beginning that may be Slurm's or octavo-node's */
    size_t held_size;
    int inside; /* a line that is nobody's but the program's: passed on as it comes */
} cli_verdict;

OCT_NODISCARD oct_err cli_verdict_feed(cli_verdict *verdict, const void *bytes, size_t size);

/* Passes on what is still held. */
OCT_NODISCARD oct_err cli_verdict_finish(cli_verdict *verdict);

#endif
