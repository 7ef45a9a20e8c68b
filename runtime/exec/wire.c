#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/exec/args.h"
#include "runtime/exec/context.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/wire.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"
#include "runtime/trace/record.h"

enum { ALIGN = 16, MAX_PARAMS = 8 };

typedef struct request_header {
    uint64_t origin; /* the address that the block had */
    uint32_t task;
    uint32_t args_size; /* of the block, before padding */
    uint32_t skip;      /* the parameters that are futures' values */
    int32_t attempts;
    uint32_t timed;             /* tell how long it ran */
    uint64_t sizes[MAX_PARAMS]; /* of those values, packed and before padding */
} request_header;

typedef struct reply_header {
    uint32_t has_value;
    uint32_t failed;
    int64_t ran_ns; /* 0: nobody asked */
} reply_header;

static size_t padding(size_t size)
{
    return -size & (ALIGN - 1);
}

static oct_err pad(octi_buffer *to, size_t size)
{
    static const char zeros[ALIGN];
    return octi_buffer_append(to, zeros, padding(size));
}

static oct_err append_padded(octi_buffer *to, const void *bytes, size_t size)
{
    oct_err code = octi_buffer_append(to, bytes, size);
    return code == OCT_OK ? pad(to, size) : code;
}

/* Deps are in the order of their parameters. */
static oct_err append_values(octi_job *job, octi_buffer *to, size_t start, oct_error *err)
{
    for (uint32_t i = 0; i < job->dep_count; i++) {
        octi_job *dep = job->deps->at[i].job;
        uint32_t param = job->deps->at[i].param;
        oct_err code = octi_job_fetch(dep, err);
        if (code != OCT_OK)
            return code;
        size_t before = to->size;
        code = octi_value_pack(&dep->task->result, octi_job_value(dep), to);
        uint64_t size = to->size - before;
        if (code == OCT_OK)
            code = pad(to, size);
        if (code != OCT_OK)
            return oct_fail(err, code, "out of memory for the arguments of '%s'", job->task->name);
        request_header *header = (request_header *)(to->data + start);
        header->skip |= 1u << param;
        header->sizes[param] = size;
    }
    return OCT_OK;
}

oct_err octi_wire_request(octi_job *job, octi_buffer *to, oct_error *err)
{
    request_header header = {.origin = (uintptr_t)job->args,
                             .task = job->task->index,
                             .args_size = job->args_size,
                             .attempts = job->more ? job->more->attempts : 0,
                             .timed = octi_trace_on()};
    size_t start = to->size;
    if (append_padded(to, &header, sizeof(header)) != OCT_OK ||
        append_padded(to, job->args, job->args_size) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the arguments of '%s'", job->task->name);
    return append_values(job, to, start, err);
}

static oct_err append_failure(octi_buffer *reply, const oct_failure *failure, int64_t ran_ns)
{
    reply_header header = {.failed = true, .ran_ns = ran_ns};
    oct_err code = append_padded(reply, &header, sizeof(header));
    return code == OCT_OK ? octi_buffer_append(reply, failure, sizeof(*failure)) : code;
}

oct_err octi_wire_failure(const oct_failure *failure, octi_buffer *reply)
{
    return append_failure(reply, failure, 0);
}

static oct_err append_value(octi_buffer *reply, const oct_task *task, void *value, int64_t ran_ns)
{
    reply_header header = {.has_value = task->result.kind != OCTI_VOID && task->result.kind != OCTI_ERR,
                           .ran_ns = ran_ns};
    size_t start = reply->size;
    oct_err code = append_padded(reply, &header, sizeof(header));
    if (code == OCT_OK && header.has_value)
        code = octi_value_pack(&task->result, value, reply);
    if (header.has_value)
        octi_value_release(&task->result, value);
    if (code != OCT_OK)
        reply->size = start;
    return code;
}

/* A request, taken apart and checked. */
typedef struct request {
    const request_header *header;
    oct_task *task;
    char *block;
    const void *at[MAX_PARAMS]; /* native values made from the packed ones, malloc'ed */
} request;

static oct_err take_apart(request *self, char *bytes, size_t size, oct_error *err)
{
    if (size < sizeof(request_header))
        return oct_fail(err, OCT_E_PROTOCOL, "a request of %zu bytes", size);
    self->header = (const request_header *)bytes;
    self->task = octi_registry_at(self->header->task);
    if (!self->task)
        return oct_fail(err, OCT_E_PROTOCOL, "a request for task %u of %zu", self->header->task,
                        octi_registry_count());
    size_t head = sizeof(request_header) + padding(sizeof(request_header));
    if (size < head || self->header->args_size > size - head)
        return oct_fail(err, OCT_E_PROTOCOL, "a request for '%s' is cut short", self->task->name);
    self->block = bytes + head;
    return octi_args_adopt(self->task, self->block, self->header->args_size, self->header->origin,
                           self->header->skip, err);
}

static oct_err unpack_values(request *self, const char *end, oct_error *err)
{
    const char *next = self->block + self->header->args_size + padding(self->header->args_size);
    for (uint32_t i = 0; i < self->task->param_count; i++) {
        if (!(self->header->skip & 1u << i))
            continue;
        uint64_t size = self->header->sizes[i];
        if (next > end || size > (size_t)(end - next))
            return oct_fail(err, OCT_E_PROTOCOL, "a request for '%s' is cut short", self->task->name);
        void *value = malloc(self->task->types[i].size + 1);
        oct_err code = value ? octi_value_unpack(&self->task->types[i], next, size, value) : OCT_E_NOMEM;
        if (code != OCT_OK) {
            free(value);
            return oct_fail(err, code, "argument %u of '%s' cannot be unpacked", i + 1, self->task->name);
        }
        self->at[i] = value;
        next += size + padding(size);
    }
    return OCT_OK;
}

static void release_values(request *self)
{
    for (uint32_t i = 0; i < MAX_PARAMS; i++) {
        if (self->at[i])
            octi_value_release(&self->task->types[i], (void *)self->at[i]);
        free((void *)self->at[i]);
    }
}

static oct_err run(request *self, void *value, oct_pool *pool, int64_t *ran_ns, oct_error *err)
{
    octi_call call;
    oct_err code = octi_call_init(&call, self->task, self->block, self->header->skip ? self->at : NULL, err);
    if (code != OCT_OK)
        return code;
    octi_frame frame = {.job = NULL, .pool = pool};
    int64_t began = self->header->timed ? octi_clock_ns() : 0;
    code = octi_run(self->task, call.args, value, &frame, err);
    *ran_ns = self->header->timed ? octi_clock_ns() - began : 0;
    octi_call_deinit(&call);
    return code;
}

static void explain(const request *self, const oct_error *error, oct_failure *failure)
{
    *failure = (oct_failure){.error = *error};
    snprintf(failure->node, sizeof(failure->node), "%s", oct_node_name());
    if (!self->task)
        return;
    failure->attempts = self->header->attempts < INT32_MAX ? self->header->attempts + 1 : INT32_MAX;
    snprintf(failure->task, sizeof(failure->task), "%s", self->task->name);
    if (self->block)
        octi_args_describe_block(self->task, self->block, self->header->skip, failure->args,
                                 sizeof(failure->args));
}

oct_err octi_wire_serve(void *bytes, size_t size, oct_pool *pool, octi_buffer *reply)
{
    request self = {0};
    oct_error error;
    void *value = NULL;
    int64_t ran_ns = 0;
    oct_err code = take_apart(&self, bytes, size, &error);
    if (code != OCT_OK)
        self.block = NULL; /* not to be described */
    else
        code = unpack_values(&self, (const char *)bytes + size, &error);
    if (code == OCT_OK && !(value = malloc(self.task->result.size + 1)))
        code = oct_fail(&error, OCT_E_NOMEM, "out of memory for a result of '%s'", self.task->name);
    if (code == OCT_OK)
        code = run(&self, value, pool, &ran_ns, &error);
    if (code == OCT_OK && (code = append_value(reply, self.task, value, ran_ns)) != OCT_OK)
        oct_fail(&error, code, "out of memory for a result of '%s'", self.task->name);
    if (code != OCT_OK) {
        oct_failure failure;
        explain(&self, &error, &failure);
        code = append_failure(reply, &failure, ran_ns);
    }
    release_values(&self);
    free(value);
    return code;
}

octi_job *octi_wire_job(void *bytes, size_t size, oct_pool *pool, oct_error *err)
{
    request self = {0};
    if (take_apart(&self, bytes, size, err) != OCT_OK)
        return NULL;
    uint32_t args_size = self.header->args_size;
    octi_job *job = self.header->skip == 0 ? octi_job_create(pool, self.task) : NULL;
    void *block = job && args_size > OCTI_PAYLOAD ? malloc(args_size) : job ? job->payload : NULL;
    if (!block) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for the arguments of '%s'", self.task->name);
        for (int i = 0; job && i < 2; i++)
            octi_job_unref(job);
        return NULL;
    }
    memcpy(block, self.block, args_size);
    job->args = block;
    job->args_size = args_size;
    if (octi_args_adopt(self.task, block, args_size, (uintptr_t)self.block, 0, err) == OCT_OK)
        return job;
    for (int i = 0; i < 2; i++)
        octi_job_unref(job);
    return NULL;
}

oct_err octi_wire_outcome(octi_job *job, octi_buffer *reply)
{
    if (octi_job_state(job) == OCTI_DONE) {
        reply_header header = {.has_value = job->has_value};
        oct_err code = append_padded(reply, &header, sizeof(header));
        return code == OCT_OK && job->has_value
                   ? octi_value_pack(&job->task->result, octi_job_value(job), reply)
                   : code;
    }
    oct_failure failure = {.attempts = 1};
    if (job->more && job->more->failure)
        failure = *job->more->failure;
    else
        oct_fail(&failure.error, OCT_E_NOMEM, "out of memory for a request");
    return octi_wire_failure(&failure, reply);
}

void octi_wire_describe(void *bytes, size_t size, oct_failure *failure)
{
    request self = {0};
    oct_failure described = *failure;
    if (take_apart(&self, bytes, size, NULL) != OCT_OK)
        return;
    explain(&self, &failure->error, &described);
    memcpy(described.backtrace, failure->backtrace, sizeof(described.backtrace));
    *failure = described;
}

int64_t octi_wire_ran(const void *bytes, size_t size)
{
    reply_header header;
    if (size < sizeof(header))
        return 0;
    memcpy(&header, bytes, sizeof(header));
    return header.ran_ns;
}

bool octi_wire_failed(const void *bytes, size_t size)
{
    reply_header header;
    if (size < sizeof(header))
        return true;
    memcpy(&header, bytes, sizeof(header));
    return header.failed;
}

static bool failed(octi_job *job, const oct_failure *failure)
{
    if (octi_job_retry(job))
        return true;
    octi_job_failed(job, failure);
    return false;
}

static bool makes_no_sense(octi_job *job)
{
    oct_error error;
    oct_failure failure;
    oct_fail(&error, OCT_E_PROTOCOL, "the reply for '%s' makes no sense", job->task->name);
    octi_failure_init(&failure, job, &error);
    return failed(job, &failure);
}

bool octi_wire_reply(octi_job *job, const void *bytes, size_t size)
{
    size_t head = sizeof(reply_header) + padding(sizeof(reply_header));
    reply_header header;
    octi_trace_moved(size);
    if (size < head)
        return makes_no_sense(job);
    memcpy(&header, bytes, sizeof(header));
    const char *rest = (const char *)bytes + head;
    if (header.failed) {
        oct_failure failure;
        if (size - head != sizeof(failure))
            return makes_no_sense(job);
        memcpy(&failure, rest, sizeof(failure));
        return failed(job, &failure);
    }
    if (!header.has_value) {
        octi_job_done(job, NULL);
        return false;
    }
    _Alignas(16) char small[256];
    void *value = job->task->result.size <= sizeof(small) ? small : malloc(job->task->result.size);
    bool again = false;
    if (value && octi_value_unpack(&job->task->result, rest, size - head, value) == OCT_OK)
        octi_job_done(job, value);
    else
        again = makes_no_sense(job);
    if (value != small)
        free(value);
    return again;
}
