/* cli/journal.h - where in the cluster the results of a run are kept until it succeeds.
 *
 * One file for each run identity: the digest of the program's bytes and of its arguments. It
 * lies in the home that all nodes share (runtime/journal/journal.h says what it holds). */
#ifndef OCTI_CLI_JOURNAL_H
#define OCTI_CLI_JOURNAL_H

#include "provision/cli/session.h"

enum { CLI_JOURNAL_DAYS = 7 }; /* that one which was not needed is kept */

typedef struct cli_journal {
    char path[256];
    uint64_t size; /* in bytes, of what is in it */
} cli_journal;

/* Finds the place for argv (NULL-terminated), and removes what nobody wrote to for
 * CLI_JOURNAL_DAYS; `fresh` also what is there. */
OCT_NODISCARD oct_err cli_journal_find(const cli_session *session, const char *const *argv, bool fresh,
                                       cli_journal *out, oct_error *err);

#endif
