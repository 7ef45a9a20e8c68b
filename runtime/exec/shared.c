#include "runtime/exec/shared.h"

#include "runtime/exec/args.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/shared/event.h"
#include "runtime/exec/shared/lock.h"
#include "runtime/exec/shared/patience.h"
#include "runtime/exec/shared/queue.h"
#include "runtime/exec/shared/topic.h"

/* Runs only where something went wrong: what serves it is in this file. */
OCT_TASK(oct_bytes, octi_shared_op, octi_shared_request, request, oct_bytes, payload)
{
    (void)payload;
    oct_fail(oct_task_error(), OCT_E_STATE, "a request of kind %d was not served", request.kind);
    return (oct_bytes){NULL, 0};
}

__attribute__((constructor)) static void set_role(void)
{
    octi__task_octi_shared_op.role = OCTI_SERVED;
    octi__task_octi_shared_op.unrecorded = true;
}

_Atomic bool octi_shared_used;

_Static_assert(sizeof(struct octi__args_octi_shared_op) == sizeof(octi_shared_args) &&
                   offsetof(struct octi__args_octi_shared_op, payload) == offsetof(octi_shared_args, payload),
               "they are one");

oct_task *const octi_shared_task = &octi__task_octi_shared_op;

/* ---- requests ---- */

static void open_thing(octi_job *job, const octi_shared_request *request)
{
    const oct_pool *pool = atomic_load_explicit(&job->pool, memory_order_relaxed);
    octi_thing *self = octi_thing_create(request->kind, request->id, pool);
    if (!self) {
        octi_claim_fail(job, OCT_E_NOMEM, "out of memory for something to share");
        return;
    }
    self->limit = self->kind == OCTI_QUEUE_OF ? request->number : 0;
    self->count = self->kind == OCTI_LOCK_OF        ? 1
                  : self->kind == OCTI_SEMAPHORE_OF ? (long)request->number
                                                    : 0;
    octi_claim_succeed(job, NULL, 0);
}

static void close_thing(octi_thing *self, octi_job *job)
{
    if (self->kind == OCTI_QUEUE_OF) {
        octi_thing_queue_close(self);
    } else if (self->kind == OCTI_TOPIC_OF) {
        octi_thing_topic_close(self);
    } else {
        octi_claim_break(self, OCT_E_NOTFOUND, "it was closed");
        octi_thing_drop(self);
    }
    octi_claim_succeed(job, NULL, 0);
}

static void put(octi_thing *self, octi_job *job, const octi_shared_request *request, oct_bytes payload)
{
    switch (self->kind) {
    case OCTI_QUEUE_OF:
        octi_thing_queue_put(self, job, request, payload);
        break;
    case OCTI_TOPIC_OF:
        octi_thing_topic_publish(self, job, request, payload);
        break;
    case OCTI_LOCK_OF:
        octi_thing_lock_give(self, job, request);
        break;
    default:
        octi_thing_event_give(self, job);
    }
}

static void get(octi_thing *self, octi_job *job, const octi_shared_request *request)
{
    if (self->kind == OCTI_QUEUE_OF)
        octi_thing_queue_get(self, job, request);
    else if (self->kind == OCTI_LOCK_OF)
        octi_thing_lock_take(self, job, request);
    else
        octi_thing_event_take(self, job, request);
}

static bool is_its(octi_claim *claim, void *who)
{
    if (claim->who != *(const uint64_t *)who)
        return false;
    octi_claim_fail(claim->job, OCT_E_LOST, "who waited has died");
    return true;
}

static void bury_in(octi_thing *self, void *who)
{
    octi_claim_remove(self, is_its, who);
    if (self->kind == OCTI_LOCK_OF)
        octi_thing_lock_holder_died(self, *(const uint64_t *)who);
}

static void serve(octi_job *job, const octi_shared_request *request, oct_bytes payload)
{
    octi_thing *self = octi_thing_find(request->id);
    uint64_t who = request->who;
    if (request->what == OCTI_DO_OPEN) {
        open_thing(job, request);
        return;
    }
    if (request->what == OCTI_DO_BURY) {
        octi_thing_each(bury_in, &who);
        octi_claim_succeed(job, NULL, 0);
        return;
    }
    if (!self || self->kind != request->kind) {
        octi_claim_fail(job, OCT_E_NOTFOUND, "it was closed, or never there");
        return;
    }
    switch ((octi_shared_do)request->what) {
    case OCTI_DO_CLOSE:
        close_thing(self, job);
        break;
    case OCTI_DO_PUT:
        put(self, job, request, payload);
        break;
    case OCTI_DO_GET:
        get(self, job, request);
        break;
    case OCTI_DO_JOIN:
        octi_thing_topic_join(self, job, request);
        break;
    case OCTI_DO_CLEAR:
        self->count = 0;
        octi_claim_succeed(job, NULL, 0);
        break;
    default:
        octi_claim_succeed(job, &self->count, sizeof(self->count));
    }
}

void octi_shared_serve(octi_job *job)
{
    if (!octi_job_start(job)) {
        octi_job_unref(job);
        return;
    }
    const octi_shared_args *args = job->args;
    octi_shared_request request = args->request;
    octi_things_lock();
    serve(job, &request, args->payload);
    octi_things_unlock();
}

/* ---- a process that is gone ---- */

static void bury_here(uint64_t who)
{
    octi_things_lock();
    octi_thing_each(bury_in, &who);
    octi_things_unlock();
}

/* On another node it follows what the process asked for before: messages keep their order. Without
 * memory to say so its locks stay held. */
static void bury_there(oct_pool *pool, uint64_t who)
{
    octi_executor *executor = octi_pool_executor(pool);
    octi_shared_args args = {{.what = OCTI_DO_BURY, .who = who}, {NULL, 0}};
    octi_job *job = octi_job_create(pool, octi_shared_task);
    octi_more *more = job ? octi_job_more(job) : NULL;
    oct_error error;
    if (!job)
        return;
    if (more && octi_args_store(job, &args, 0, &error) == OCT_OK) {
        more->options.node = 1;
        octi_job_admit(job, OCTI_QUEUED);
        executor->class->submit(executor, job);
    } else {
        octi_job_unref(job);
    }
    octi_job_unref(job); /* the handle's reference */
}

void octi_shared_died(oct_pool *pool, uint64_t who)
{
    if (!atomic_load_explicit(&octi_shared_used, memory_order_relaxed))
        return;
    if (octi_pool_executor(pool)->is_program)
        bury_here(who);
    else
        bury_there(pool, who);
}

/* ---- a pool that closes ---- */

static void break_one(octi_thing *self, void *pool)
{
    if (self->pool == pool)
        octi_claim_break(self, OCT_E_STATE, "the pool closes, and what is waited for may never come");
}

void octi_shared_break(const oct_pool *pool)
{
    octi_things_lock();
    octi_patience_refuse(pool);
    octi_thing_each(break_one, (void *)pool);
    octi_things_unlock();
    octi_patience_settle();
}

static void drop_one(octi_thing *self, void *pool)
{
    if (self->pool == pool)
        octi_thing_drop(self);
}

void octi_shared_end(const oct_pool *pool)
{
    octi_things_lock();
    octi_thing_each(drop_one, (void *)pool);
    octi_patience_forget(pool);
    octi_things_unlock();
}
