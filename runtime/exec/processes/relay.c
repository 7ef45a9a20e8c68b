#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/processes/crew.h"
#include "runtime/exec/shared.h"
#include "runtime/exec/wire.h"

/* The request goes through the program as it is. The job's arguments, for those who do not
 * know, are none. */
typedef struct relay {
    octi_nested from;
    octi_buffer *errand; /* where the program wants the reply (errand.c); NULL: a worker asked */
    int hand;            /* of that worker, */
    uint32_t life;       /* and which of its processes */
    octi_crew *crew;
    octi_job *self;
    octi_waiter waiter; /* on the job of a request that is served by the program itself */
    octi_buffer reply;  /* of that, once it is answered */
    bool answered;
    size_t size;
    _Alignas(16) char bytes[]; /* the request */
} relay;

static octi_type no_types[1];
static oct_task relay_task = {.name = "nested task",
                              .file = __FILE__,
                              .result = {.name = "void", .kind = OCTI_VOID},
                              .plain_args = true,
                              .plain_value = true,
                              .types = no_types};

bool octi_relay_is(const octi_job *job)
{
    return job->task == &relay_task;
}

octi_role octi_relay_role(const octi_job *job)
{
    return octi_relay_is(job) ? (octi_role)((const relay *)job->args)->from.role : job->task->role;
}

static relay *relay_of(const octi_job *job)
{
    return job->args;
}

void octi_relay_send_home(octi_job *job, octi_buffer *reply)
{
    relay_of(job)->errand = reply;
}

static octi_hand *origin_of(const octi_crew *crew, const relay *self)
{
    octi_hand *hand = &crew->hands[self->hand];
    return hand->life == self->life && hand->state == OCTI_HAND_READY ? hand : NULL;
}

/* A worker that gets no answer would wait for ever: without memory for one it is killed. */
static void answer(octi_crew *crew, octi_hand *hand, const octi_nested *from, const void *bytes, size_t size)
{
    octi_answer *sent = malloc(sizeof(*sent) + sizeof(*from) + size);
    if (!sent) {
        octi_mortal_doom(crew, hand, OCT_E_NOMEM);
        return;
    }
    sent->size = sizeof(*from) + size;
    memcpy(sent->bytes, from, sizeof(*from));
    if (size > 0)
        memcpy(sent->bytes + sizeof(*from), bytes, size);
    octi_hand_answer(hand, sent);
    octi_hand_flush(hand);
    hand->nested--;
}

octi_job *octi_relay_create(octi_crew *crew, const octi_nested *from, const char *bytes, size_t size)
{
    relay *self = malloc(sizeof(*self) + size);
    octi_job *job = self ? octi_job_create(crew->base.pool, &relay_task) : NULL;
    octi_more *more = job ? octi_job_more(job) : NULL;
    if (!more) {
        free(self);
        for (int i = 0; job && i < 2; i++)
            octi_job_unref(job);
        return NULL;
    }
    *self = (relay){.from = *from, .crew = crew, .self = job, .size = size};
    memcpy(self->bytes, bytes, size);
    job->args = self;
    more->options.retries = from->retries;
    more->options.priority = from->priority;
    more->options.time_limit = from->time_limit;
    more->actor = from->actor;
    return job;
}

/* How deeply what the worker's running task submits is nested. */
static uint8_t depth_below(const octi_hand *hand)
{
    const octi_job *above = hand->count > 0 ? hand->sent[hand->first].job : NULL;
    int depth = above && octi_relay_is(above) ? above->where + 1 : 1;
    return depth < UINT8_MAX ? (uint8_t)depth : UINT8_MAX;
}

static void pass_on(octi_crew *crew, octi_job *job, const void *bytes, size_t size)
{
    const relay *self = relay_of(job);
    if (self->errand) {
        /* Without memory for it there is no reply, which makes no sense to who waits. */
        if (octi_buffer_append(self->errand, bytes, size) != OCT_OK)
            self->errand->size = 0;
        return;
    }
    octi_hand *hand = origin_of(crew, self);
    if (hand)
        answer(crew, hand, &self->from, bytes, size);
    octi_job_unref(job); /* the handle's reference: nobody has the handle */
}

/* By whoever ended it. The reply goes out by way of those that have the attention. */
static void served(octi_waiter *waiter, octi_job *job)
{
    relay *self = (relay *)((char *)waiter - offsetof(relay, waiter));
    if (octi_wire_outcome(job, &self->reply) != OCT_OK)
        octi_buffer_deinit(&self->reply); /* then an empty one has to do: it says that it makes no sense */
    self->answered = true;
    octi_crew *crew = self->crew;
    octi_job *relayed = self->self;
    octi_job_unref(job); /* the handle's reference; whoever ends it has another */
    crew->base.class->submit(&crew->base, relayed);
}

/* What stands for a worker's process among those that wait for something shared, on any node. */
static uint64_t name_of(int hand, uint32_t life)
{
    return (uint64_t)oct_node() << 48 | (uint64_t)(hand + 1) << 32 | life;
}

/* In the program, or by it: these may be the workers of another rank. */
static void hand_on(octi_crew *crew, octi_job *job)
{
    octi_executor *executor = octi_pool_executor(crew->base.pool);
    atomic_store_explicit(&octi_shared_used, true, memory_order_relaxed);
    if (executor->is_program) {
        octi_shared_serve(job);
        return;
    }
    octi_more *more = octi_job_more(job);
    if (more) {
        more->options.node = 1;
        executor->class->submit(executor, job);
        return;
    }
    oct_error error;
    oct_fail(&error, OCT_E_NOMEM, "out of memory for a request");
    if (octi_job_start(job))
        octi_job_fail(job, &error);
    else
        octi_job_unref(job);
}

static void serve(octi_crew *crew, octi_job *relayed)
{
    relay *self = relay_of(relayed);
    oct_error error;
    octi_job_start(relayed);
    octi_job *job = octi_wire_job(self->bytes, self->size, crew->base.pool, &error);
    if (job && job->task->role != OCTI_SERVED) {
        oct_fail(&error, OCT_E_PROTOCOL, "a request to serve '%s'", job->task->name);
        for (int i = 0; i < 2; i++)
            octi_job_unref(job);
        job = NULL;
    }
    if (!job) {
        octi_crew_fail_with(crew, relayed, &error);
        return;
    }
    crew->served++;
    self->waiter = (octi_waiter){NULL, served};
    ((octi_shared_args *)job->args)->request.who = name_of(self->hand, self->life);
    octi_job_admit(job, OCTI_QUEUED);
    if (!octi_job_listen(job, &self->waiter)) /* oct_pool_cancel was quick */
        served(&self->waiter, job);
    hand_on(crew, job);
}

octi_hand *octi_relay_origin(const octi_crew *crew, const octi_job *job)
{
    const relay *self = relay_of(job);
    return self->errand ? NULL : origin_of(crew, self);
}

octi_hand *octi_relay_named(const octi_crew *crew, uint64_t who)
{
    for (int i = 0; i < crew->hand_count; i++) {
        if (crew->hands[i].state == OCTI_HAND_READY && name_of(i, crew->hands[i].life) == who)
            return &crew->hands[i];
    }
    return NULL;
}

bool octi_relay_finish(octi_crew *crew, octi_job *job)
{
    relay *self = octi_relay_is(job) ? relay_of(job) : NULL;
    if (!self || !self->answered)
        return false;
    octi_buffer reply = self->reply;
    crew->served--;
    pass_on(crew, job, reply.data, reply.size);
    octi_buffer_deinit(&reply);
    octi_job_done(job, NULL);
    return true;
}

void octi_relay_died(const octi_crew *crew, const octi_hand *hand)
{
    octi_shared_died(crew->base.pool, name_of((int)(hand - crew->hands), hand->life));
}

void octi_relay_adopt(octi_crew *crew, octi_hand *hand, const char *bytes, size_t size)
{
    octi_nested from;
    if (!bytes || size < sizeof(from)) {
        octi_mortal_doom(crew, hand, bytes ? OCT_E_PROTOCOL : OCT_E_NOMEM);
        return;
    }
    memcpy(&from, bytes, sizeof(from));
    /* What was sent ahead may now be behind a task that waits for others. */
    if (hand->nested++ == 0 && hand->actor == 0)
        octi_crew_recall(crew, hand);
    octi_job *job = octi_relay_create(crew, &from, bytes + sizeof(from), size - sizeof(from));
    if (!job) {
        octi_mortal_doom(crew, hand, OCT_E_NOMEM);
        return;
    }
    relay_of(job)->hand = (int)(hand - crew->hands);
    relay_of(job)->life = hand->life;
    job->where = from.actor == 0 ? depth_below(hand) : 0; /* calls keep their order */
    octi_job_admit(job, OCTI_QUEUED);
    if (from.role == OCTI_SERVED)
        serve(crew, job);
    else if (!octi_home_route(crew, job))
        octi_queue_add_first(&crew->queue, job);
}

oct_err octi_relay_write(const octi_crew *crew, const octi_job *job, octi_buffer *to, oct_error *err)
{
    const relay *self = relay_of(job);
    if (!self->errand && !origin_of(crew, self))
        return oct_fail(err, OCT_E_CANCELLED, "the task that asked for it is gone");
    if (octi_buffer_append(to, self->bytes, self->size) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a nested task");
    return OCT_OK;
}

bool octi_relay_read(octi_crew *crew, octi_job *job, const char *bytes, size_t size)
{
    size = bytes ? size : 0;
    if (octi_wire_failed(bytes, size) && octi_job_retry(job))
        return true;
    pass_on(crew, job, bytes, size);
    octi_job_done(job, NULL);
    return false;
}

void octi_relay_fail(octi_crew *crew, octi_job *job, const oct_failure *failure)
{
    octi_buffer reply = {0};
    if (octi_wire_failure(failure, &reply) != OCT_OK)
        octi_buffer_deinit(&reply); /* then an empty one has to do: it says that it makes no sense */
    pass_on(crew, job, reply.data, reply.size);
    octi_buffer_deinit(&reply);
}

void octi_relay_describe(octi_job *job, oct_failure *failure)
{
    relay *self = relay_of(job);
    octi_wire_describe(self->bytes, self->size, failure);
}
