/* future/wait.h - waiting for one job, in whatever way the calling thread may. */
#ifndef OCTI_WAIT_H
#define OCTI_WAIT_H

#include "runtime/exec/job.h"

/* A moment of octi_clock_ns; 0 for OCT_FOREVER. */
int64_t octi_deadline(double seconds);

/* OCT_OK when the job has ended; OCT_E_TIMEOUT, OCT_E_DEADLOCK. */
OCT_NODISCARD oct_err octi_wait_for(octi_job *job, int64_t deadline_ns, oct_error *err);

#endif
