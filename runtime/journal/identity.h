/* journal/identity.h - what a job is known by, in whatever process it is. */
#ifndef OCTI_JOURNAL_IDENTITY_H
#define OCTI_JOURNAL_IDENTITY_H

#include "runtime/base/buffer.h"
#include "runtime/exec/job.h"

/* False for tasks whose arguments or results are no use to a later run. */
bool octi_identity_is_recorded(const oct_task *task);

/* Appends its task's name and its arguments packed (task/type.h), each led by its size. The same on
 * the rank that submits it and on the one that runs it. OCT_E_UNSUPPORTED when an argument is on another
 * node, OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_identity_describe(const octi_job *job, octi_buffer *to);

#endif
