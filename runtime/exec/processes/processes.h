/* exec/processes/processes.h - tasks in worker processes of this machine. */
#ifndef OCTI_PROCESSES_H
#define OCTI_PROCESSES_H

#include "runtime/exec/executor.h"

extern const octi_executor_class octi_processes_class;

#endif
