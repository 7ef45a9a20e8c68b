#include "runtime/exec/shared/queue.h"

#include <stdlib.h>

#include "runtime/exec/shared/patience.h"

static void give_item(octi_job *job, const octi_item *item)
{
    octi_claim_succeed(job, item->bytes, item->size);
}

/* To those that wait, as long as the types agree. */
static void hand_items_out(octi_thing *self)
{
    while (self->first && !self->first->item && self->first_item) {
        octi_claim *claim = octi_claim_pop(self);
        if (claim->type == self->first_item->type) {
            octi_item *item = octi_item_pop(self);
            give_item(claim->job, item);
            free(item);
        } else {
            octi_claim_fail(claim->job, OCT_E_TYPE, "the oldest item is of another type");
        }
        octi_claim_free(claim);
    }
}

void octi_thing_queue_put(octi_thing *self, octi_job *job, const octi_shared_request *request,
                          oct_bytes payload)
{
    octi_item *item = self->closed ? NULL : octi_item_create(request->type, payload);
    if (!item) {
        if (job)
            octi_claim_fail(job, self->closed ? OCT_E_NOTFOUND : OCT_E_NOMEM,
                            self->closed ? "it was closed" : "out of memory for an item");
        return;
    }
    if (self->limit > 0 && (uint64_t)self->count >= self->limit) {
        if (!self->drops) {
            octi_patience_begin(self, job, request, item);
            return;
        }
        free(octi_item_pop(self));
    }
    octi_item_push(self, item);
    if (job)
        octi_claim_succeed(job, NULL, 0);
    hand_items_out(self);
}

void octi_thing_queue_get(octi_thing *self, octi_job *job, const octi_shared_request *request)
{
    if (!self->first_item) {
        octi_patience_begin(self, job, request, NULL);
        return;
    }
    if (self->first_item->type != request->type) {
        octi_claim_fail(job, OCT_E_TYPE, "the oldest item is of another type");
        return;
    }
    octi_item *item = octi_item_pop(self);
    give_item(job, item);
    free(item);
    octi_claim *claim = self->first && self->first->item ? octi_claim_pop(self) : NULL;
    if (claim) { /* there is room for one more */
        octi_item_push(self, claim->item);
        claim->item = NULL;
        octi_claim_succeed(claim->job, NULL, 0);
        octi_claim_free(claim);
    }
    if (self->closed && !self->first_item)
        octi_thing_drop(self);
}

void octi_thing_queue_close(octi_thing *self)
{
    octi_claim_break(self, OCT_E_NOTFOUND, "it was closed");
    if (self->first_item)
        self->closed = true;
    else
        octi_thing_drop(self);
}
