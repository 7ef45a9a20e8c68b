/* exec/shared/event.h - semaphores, of which each taking uses up one, and events, which stay set. */
#ifndef OCTI_SHARED_EVENT_H
#define OCTI_SHARED_EVENT_H

#include "runtime/exec/shared/thing.h"

/* Both end the job, or have it wait. Giving sets an event, and then all go on. */
void octi_thing_event_take(octi_thing *self, octi_job *job, const octi_shared_request *request);
void octi_thing_event_give(octi_thing *self, octi_job *job);

#endif
