/* exec/failure.h - filling in oct_failure. */
#ifndef OCTI_FAILURE_H
#define OCTI_FAILURE_H

#include "runtime/exec/job.h"

/* From a job that still has its arguments. */
OCT_API void octi_failure_init(oct_failure *failure, const octi_job *job, const oct_error *error);

/* The calling thread's error for oct_last_error. */
OCT_API oct_error *octi_last_error(void);

#endif
