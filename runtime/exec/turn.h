/* exec/turn.h - calls of one actor, handed over in the order in which they were submitted.
 *
 * Each has a place in its actor's line from the moment it is submitted until it ends. It is handed
 * over when it is ready and nothing is before it that was not handed over, and nothing that must
 * end first. No thread waits for its turn: who ends a call hands over what follows. A line is there
 * while calls are in it. */
#ifndef OCTI_TURN_H
#define OCTI_TURN_H

#include "runtime/exec/job.h"

static inline bool octi_is_call(const oct_task *task)
{
    return task->role >= OCTI_OPENS && task->role <= OCTI_CLOSES;
}

/* Gives a call away. True when others may follow it before it has ended: what happens to them keeps
 * their order. */
typedef bool (*octi_turn_fn)(octi_job *job);

/* Takes a place at the end of job->more->actor's line; before the job is shared. OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_turn_take(octi_job *job, octi_turn_fn hand_over);

/* The job is QUEUED. The line has the executor's reference until it hands the job over. */
void octi_turn_ready(octi_job *job);

/* The call at the head of the line that `job` is in and has not been handed over from, which must
 * end before it does. A reference; NULL where there is none. */
octi_job *octi_turn_ahead(octi_job *job);

#endif
