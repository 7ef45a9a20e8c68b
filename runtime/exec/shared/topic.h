/* exec/shared/topic.h - topics: what is published goes to the queue of each subscriber. */
#ifndef OCTI_SHARED_TOPIC_H
#define OCTI_SHARED_TOPIC_H

#include "runtime/exec/shared/thing.h"

void octi_thing_topic_publish(octi_thing *self, octi_job *job, const octi_shared_request *request,
                              oct_bytes payload);

/* The queue whose id is the request's number is a subscriber's from here on: it never is full. */
void octi_thing_topic_join(octi_thing *self, octi_job *job, const octi_shared_request *request);

/* With the queues of its subscribers. */
void octi_thing_topic_close(octi_thing *self);

#endif
