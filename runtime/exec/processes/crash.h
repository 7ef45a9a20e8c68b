/* exec/processes/crash.h - the last words of a worker that dies of a signal. */
#ifndef OCTI_CRASH_H
#define OCTI_CRASH_H

#include "oct/future.h"
#include "runtime/exec/processes/slot.h"

/* In the worker: has fatal signals write to *crash, on a stack of their own, and then die of
 * the signal as if nobody had looked. */
void octi_crash_watch(octi_crash *crash);

/* Fills in the error and the backtrace of a failure from how the worker ended (as waitpid(2)
 * tells it) and what it wrote. The caller's code must lie where the worker's does, as it does
 * after fork. */
void octi_crash_describe(const octi_crash *crash, int status, oct_failure *failure);

#endif
