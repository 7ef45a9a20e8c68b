/* exec/shared/queue.h - queues of items, which may be full. */
#ifndef OCTI_SHARED_QUEUE_H
#define OCTI_SHARED_QUEUE_H

#include "runtime/exec/shared/thing.h"

/* Both end the job, or have it wait; `job` NULL: a topic puts, and nobody is told. */
void octi_thing_queue_put(octi_thing *self, octi_job *job, const octi_shared_request *request,
                          oct_bytes payload);
void octi_thing_queue_get(octi_thing *self, octi_job *job, const octi_shared_request *request);

/* Nothing more comes: it goes once it is empty. Who waits for it fails. */
void octi_thing_queue_close(octi_thing *self);

#endif
