/* cli/hangup.h - what Open MPI says of a peer that has gone, taken out of a program's standard error.
 *
 * Where a rank is lost, every other may report it, in fifteen lines (of Open MPI's help-mpi-btl-tcp.txt):
 * hundreds of them beside the one that names the rank and the node. The first is kept for who finds no other
 * reason. */
#ifndef OCTI_CLI_HANGUP_H
#define OCTI_CLI_HANGUP_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

/* Zero-initialise, then set output. Not thread-safe. */
typedef struct cli_hangup {
    /* Gets all else, in pieces as it comes; its failure ends the feed. */
    oct_err (*output)(void *ctx, const void *bytes, size_t size);
    void *ctx;

    octi_buffer first; /* the first report, whole; empty: there was none */

    const char *beginning; /* of a report: so many bytes of it have come, and are held */
    size_t begun;
    bool inside;   /* in a line that is the program's: passed on as it comes */
    int left;      /* so many lines of a report may still come; 0: none is being taken out */
    size_t dashes; /* that its line begins with, or more than a rule has where there is something else */
    bool keeping;  /* the report is the first */
} cli_hangup;

OCT_NODISCARD oct_err cli_hangup_feed(cli_hangup *hangup, const void *bytes, size_t size);

/* Passes on what is still held. */
OCT_NODISCARD oct_err cli_hangup_finish(cli_hangup *hangup);

void cli_hangup_deinit(cli_hangup *hangup);

#endif
