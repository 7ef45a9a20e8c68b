/* journal/suspects.h - tasks that were running where a node was lost.
 *
 * Where OCTAVO_JOURNAL names the journal, each rank notes in a file of its own what it runs:
 *
 *   JOURNAL.on-HOST.RANK     128 places of: uint64_t hi, lo of a task's key, uint64_t state
 *
 * The file is mapped, so that it outlives the rank as long as the machine that keeps it. Who runs the
 * program again after a loss (octavo run) renames the files of the lost node to JOURNAL.lost-*
 * and removes the others. The next run counts each task in them once more, in the journal.
 *
 * One that was lost with its node twice may have been beside the one that kills nodes. So from then on such
 * tasks run one at a time in the whole program; whichever is lost a third time has done it, and
 * fails without being run again. */
#ifndef OCTI_JOURNAL_SUSPECTS_H
#define OCTI_JOURNAL_SUSPECTS_H

#include "runtime/exec/job.h"
#include "runtime/journal/journal.h"

enum { OCTI_SUSPECT_ALONE = 2, OCTI_SUSPECT_BLAMED = 3 };

/* From now on this process notes what it runs, if OCTAVO_JOURNAL is set: before the first task. Where the
 * file cannot be made nobody is suspected. */
void octi_suspects_watch(void);

/* Takes the files of lost nodes into the journal, and removes them. */
void octi_suspects_count(octi_journal *journal);

/* For a QUEUED job with this key that is about to be handed to its executor. True when it was blamed, and has
 * ended, or waits for another suspect, and is handed over after that; then it is no more the
 * caller's. */
bool octi_suspects_hold(octi_journal *journal, const octi_journal_key *key, octi_job *job);

#endif
