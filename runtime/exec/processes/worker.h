/* exec/processes/worker.h - the life of a worker process. */
#ifndef OCTI_WORKER_H
#define OCTI_WORKER_H

#include "oct/pool.h"
#include "runtime/exec/processes/slot.h"

/* Serves the slot's requests for ever. Tasks that submit to `pool` there reach the program's
 * queue. The process has one thread; it is killed when it is not needed any more. */
__attribute__((noreturn)) void octi_worker_run(octi_shared *shared, uint32_t slot, oct_pool *pool);

#endif
