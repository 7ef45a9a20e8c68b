#include <stdio.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/processes/crew.h"
#include "runtime/exec/processes/errand.h"
#include "runtime/exec/processes/processes.h"
#include "runtime/exec/wire.h"

/* How soon it is noticed that nobody wants a running task any more. */
enum { LOOK_NS = 20000000 };

oct_err octi_errands_open(int count, oct_pool *pool, octi_executor **out, oct_error *err)
{
    const octi_spec spec = {.kind = "processes", .count = count};
    octi_executor *before = pool->executor;
    /* Workers inherit the pool as it is when they are forked. */
    oct_err code = octi_processes_class.open(&spec, pool, &pool->executor, err);
    *out = code == OCT_OK ? pool->executor : NULL;
    pool->executor = before;
    return code;
}

void octi_errands_set_node(octi_executor *processes, int number, const char *name)
{
    octi_shared *shared = ((octi_crew *)processes)->shared;
    snprintf(shared->node_name, sizeof(shared->node_name), "%s", name);
    atomic_store_explicit(&shared->node, number + 1, memory_order_release);
}

static octi_job *send(octi_executor *processes, octi_job *job, octi_buffer *request, octi_buffer *reply,
                      oct_error *err)
{
    oct_err code = octi_wire_request(job, request, err);
    if (code != OCT_OK)
        return NULL;
    octi_nested from = {.role = job->task->role};
    if (job->more) {
        from.actor = job->more->actor;
        from.time_limit = job->more->options.time_limit;
    }
    octi_job *errand = octi_relay_create((octi_crew *)processes, &from, request->data, request->size);
    if (!errand) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for '%s'", job->task->name);
        return NULL;
    }
    octi_relay_send_home(errand, reply);
    octi_job_admit(errand, OCTI_QUEUED);
    processes->class->submit(processes, errand);
    return errand;
}

bool octi_errand_run(octi_executor *processes, octi_job *job, octi_executor *waiter,
                     bool (*wait)(octi_executor *waiter, octi_job *job, int64_t deadline_ns))
{
    octi_buffer request = {0}, reply = {0};
    oct_error error;
    octi_job *errand = send(processes, job, &request, &reply, &error);
    octi_buffer_deinit(&request);
    if (!errand) {
        octi_job_fail(job, &error);
        return false;
    }
    bool told = false;
    while (!wait(waiter, errand, octi_clock_ns() + LOOK_NS)) {
        if (!told && octi_job_unwanted(job))
            processes->class->interrupt(processes, errand);
        told = octi_job_unwanted(job);
    }
    octi_job_unref(errand);
    bool again = octi_wire_reply(job, reply.data, reply.size);
    octi_buffer_deinit(&reply);
    return again;
}
