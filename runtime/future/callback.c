#include <stdlib.h>

#include "oct/future.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/job.h"

typedef struct callback {
    octi_waiter waiter; /* first */
    oct_done_fn fn;
    void *ctx;
} callback;

static void call(octi_waiter *waiter, octi_job *job)
{
    callback self = *(callback *)waiter;
    free(waiter);
    self.fn(octi_job_handle(job), self.ctx);
}

oct_err oct_on_done(oct_future *future, oct_done_fn fn, void *ctx)
{
    octi_job *job = octi_job_of(future);
    if (!job)
        return oct_fail(octi_last_error(), OCT_E_STATE, "there is no such future");
    callback *self = malloc(sizeof(*self));
    if (!self)
        return oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory for a callback");
    *self = (callback){{NULL, call}, fn, ctx};
    if (!octi_job_listen(job, &self->waiter))
        call(&self->waiter, job);
    return OCT_OK;
}
