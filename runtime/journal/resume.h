/* journal/resume.h - a pool whose results outlive the program.
 *
 * A job is known by its task's name, its arguments packed (task/type.h), and how many of the
 * same were submitted before. One that was recorded ends at once, with the recorded value; any
 * other is recorded when it succeeds, before anybody can see that it did. Failures are not
 * recorded, nor are values that stay on another node, nor jobs whose arguments are there. The
 * bytes between a struct's fields count as its value: zero what is submitted. */
#ifndef OCTI_RESUME_H
#define OCTI_RESUME_H

#include "runtime/exec/job.h"
#include "runtime/journal/journal.h"

/* Opens the journal at path for this program; where path is "", the one that OCTAVO_JOURNAL names,
 * or, where other programs have that one open, the first free one of its name with .1, .2 ... behind it.
 * *out is NULL when neither names one. */
OCT_NODISCARD oct_err octi_resume_open(const char *path, octi_journal **out, oct_error *err);

/* For a QUEUED job that is about to be handed to its executor: true when it was recorded, or was
 * blamed for the loss of nodes, or waits for its turn (suspects.h); it has ended then, or will be handed
 * over later, and is no more the caller's. Else it will be recorded. */
bool octi_resume_job(octi_journal *journal, octi_job *job);

#endif
