/* exec/shared/lock.h - locks, who holds them, and circles of who waits for them. */
#ifndef OCTI_SHARED_LOCK_H
#define OCTI_SHARED_LOCK_H

#include "runtime/exec/shared/thing.h"

/* NULL when there is no lock of that id. */
octi_thing *octi_thing_lock_find(uint64_t id);

/* Both end the job, or have it wait. A wait that would never end fails instead. */
void octi_thing_lock_take(octi_thing *self, octi_job *job, const octi_shared_request *request);
void octi_thing_lock_give(octi_thing *self, octi_job *job, const octi_shared_request *request);

/* The process is gone: if it has the lock, the next one gets it. */
void octi_thing_lock_holder_died(octi_thing *self, uint64_t who);

#endif
