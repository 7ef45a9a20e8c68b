#include "runtime/exec/shared/topic.h"

#include <stdlib.h>

#include "runtime/exec/shared/queue.h"

void octi_thing_topic_publish(octi_thing *self, octi_job *job, const octi_shared_request *request,
                              oct_bytes payload)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->subscriber_count; i++) {
        octi_thing *queue = octi_thing_find(self->subscribers[i]);
        if (!queue || queue->closed)
            continue;
        self->subscribers[kept++] = self->subscribers[i];
        octi_thing_queue_put(queue, NULL, request, payload);
    }
    self->subscriber_count = kept;
    octi_claim_succeed(job, NULL, 0);
}

void octi_thing_topic_join(octi_thing *self, octi_job *job, const octi_shared_request *request)
{
    uint64_t *more = realloc(self->subscribers, (self->subscriber_count + 1) * sizeof(*more));
    octi_thing *queue = octi_thing_find(request->number);
    if (more)
        self->subscribers = more;
    if (!more || !queue) {
        octi_claim_fail(job, more ? OCT_E_NOTFOUND : OCT_E_NOMEM, "a subscriber cannot be added");
        return;
    }
    queue->drops = true;
    self->subscribers[self->subscriber_count++] = request->number;
    octi_claim_succeed(job, NULL, 0);
}

void octi_thing_topic_close(octi_thing *self)
{
    for (size_t i = 0; i < self->subscriber_count; i++) {
        octi_thing *queue = octi_thing_find(self->subscribers[i]);
        if (queue && !queue->closed)
            octi_thing_queue_close(queue);
    }
    octi_thing_drop(self);
}
