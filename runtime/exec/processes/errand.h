/* exec/processes/errand.h - worker processes as a part of another executor, which has requests
 * run there (exec/wire.h). */
#ifndef OCTI_ERRAND_H
#define OCTI_ERRAND_H

#include "runtime/base/buffer.h"
#include "runtime/exec/executor.h"

/* Starts `count` worker processes, before the program has further threads; 0: one a processor.
 * Their tasks see `pool`; what those submit runs in these processes too. Closed by its class. */
OCT_NODISCARD oct_err octi_errands_open(int count, oct_pool *pool, octi_executor **out, oct_error *err);

/* What its tasks are told about where they are: octi_node_set there. Before the first errand. */
void octi_errands_set_node(octi_executor *processes, int number, const char *name);

/* Has the request of a RUNNING job run in a worker process, and ends the job as octi_wire_reply
 * does; what that returns is returned. A crash there is the job's failure; its time limit is kept
 * by killing, and so is that nobody wants it any more. `wait` waits for the errand's own job as
 * octi_executor_class's help does, for `waiter`. */
bool octi_errand_run(octi_executor *processes, octi_job *job, octi_executor *waiter,
                     bool (*wait)(octi_executor *waiter, octi_job *job, int64_t deadline_ns));

#endif
