#include "runtime/exec/shared/event.h"

#include "runtime/exec/shared/patience.h"

/* False when nobody waits. */
static bool let_one_go(octi_thing *self)
{
    octi_claim *claim = octi_claim_pop(self);
    if (!claim)
        return false;
    octi_claim_succeed(claim->job, NULL, 0);
    octi_claim_free(claim);
    return true;
}

void octi_thing_event_give(octi_thing *self, octi_job *job)
{
    if (self->kind == OCTI_SEMAPHORE_OF) {
        self->count += !let_one_go(self);
    } else {
        self->count = 1;
        while (let_one_go(self))
            continue;
    }
    octi_claim_succeed(job, NULL, 0);
}

void octi_thing_event_take(octi_thing *self, octi_job *job, const octi_shared_request *request)
{
    if (self->count == 0) {
        octi_patience_begin(self, job, request, NULL);
        return;
    }
    self->count -= self->kind == OCTI_SEMAPHORE_OF;
    octi_claim_succeed(job, NULL, 0);
}
