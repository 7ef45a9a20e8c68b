#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oct/future.h"
#include "runtime/base/clock.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"
#include "runtime/future/wait.h"
#include "runtime/task/type.h"

static oct_err no_future(oct_future *future)
{
    if (!future) {
        const oct_error *last = oct_last_error();
        return last->code != OCT_OK ? last->code
                                    : oct_fail(octi_last_error(), OCT_E_INVALID, "there is no future");
    }
    return oct_fail(octi_last_error(), OCT_E_STATE,
                    "the future was taken already: by oct_result, by oct_release, or with its pool");
}

static bool is_string(octi_kind kind)
{
    return kind == OCTI_STRING || kind == OCTI_CSTRING;
}

/* `kind` and `size` are of what the caller's pointer points at. */
static oct_err check_type(const oct_task *task, octi_kind kind, size_t size, oct_error *err)
{
    octi_kind given = task->result.kind == OCTI_USER ? OCTI_STRUCT : task->result.kind;
    if (given == OCTI_VOID)
        return oct_fail(err, OCT_E_TYPE, "'%s' returns nothing, but a result is asked for", task->name);
    if (given == OCTI_ERR)
        given = OCTI_UINT;
    if ((kind != given && !(is_string(kind) && is_string(given))) || size != task->result.size)
        return oct_fail(err, OCT_E_TYPE,
                        "'%s' returns '%s' (%u bytes), but the result goes to another type (%zu bytes)",
                        task->name, task->result.name, task->result.size, size);
    return OCT_OK;
}

static oct_err code_of_failure(octi_job *job)
{
    if (octi_job_state(job) == OCTI_CANCELLED)
        return OCT_E_CANCELLED;
    return job->more && job->more->failure ? job->more->failure->error.code : OCT_E_NOMEM;
}

/* Moves the value out, or copies it where others still need it. */
static oct_err hand_out(octi_job *job, void *out, oct_error *err)
{
    oct_err code = octi_job_fetch(job, err);
    if (code != OCT_OK)
        return code;
    const octi_type *type = &job->task->result;
    if (type->kind == OCTI_ERR) {
        memset(out, 0, type->size);
        return OCT_OK;
    }
    if (atomic_load_explicit(&job->refs, memory_order_acquire) == 1 || octi_type_is_plain(type)) {
        memcpy(out, octi_job_value(job), type->size);
        job->has_value = octi_type_is_plain(type);
        return OCT_OK;
    }
    if (octi_value_copy(type, octi_job_value(job), out) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the result of '%s'", job->task->name);
    return OCT_OK;
}

oct_err octi_result(oct_future *future, void *out, octi_kind kind, size_t size, double seconds)
{
    octi_job *job = octi_job_of(future);
    if (!job)
        return no_future(future);
    oct_error *err = octi_last_error();
    oct_err code = out ? check_type(job->task, kind, size, err) : OCT_OK;
    if (code == OCT_OK)
        code = octi_wait_for(job, octi_deadline(seconds), err);
    if (code != OCT_OK)
        return code;
    if (octi_job_state(job) != OCTI_DONE) {
        code = code_of_failure(job);
        const oct_failure *failure = oct_future_failure(future);
        if (failure)
            *err = failure->error;
        return code;
    }
    if (!octi_job_retire(job, future))
        return no_future(future);
    if (out && (code = hand_out(job, out, err)) != OCT_OK) {
        octi_job_restore(job, future);
        return code;
    }
    octi_job_unref(job);
    return OCT_OK;
}

bool oct_done(oct_future *future)
{
    octi_job *job = octi_job_of(future);
    return !job || octi_job_ended(job);
}

oct_err oct_cancel(oct_future *future)
{
    octi_job *job = octi_job_of(future);
    if (!job)
        return no_future(future);
    if (octi_job_cancel(job))
        return OCT_OK;
    uint32_t before = atomic_fetch_or_explicit(&job->word, OCTI_UNWANTED, memory_order_acq_rel);
    if ((before & OCTI_STATE_MASK) == OCTI_RUNNING) {
        octi_executor *executor = octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
        if (executor->class->interrupt)
            executor->class->interrupt(executor, job);
        return oct_fail(octi_last_error(), OCT_E_STATE, "'%s' is running", job->task->name);
    }
    return oct_fail(octi_last_error(), OCT_E_STATE, "'%s' has ended", job->task->name);
}

void oct_release(oct_future *future)
{
    octi_job *job = octi_job_of(future);
    if (job && octi_job_retire(job, future))
        octi_job_unref(job);
}

const oct_failure *oct_future_failure(oct_future *future)
{
    octi_job *job = octi_job_of(future);
    if (!job || octi_job_state(job) <= OCTI_DONE)
        return NULL;
    octi_more *more = octi_job_more(job);
    if (more && !more->failure && (more->failure = malloc(sizeof(*more->failure)))) {
        oct_error error;
        if (octi_job_state(job) == OCTI_CANCELLED)
            oct_fail(&error, OCT_E_CANCELLED, "'%s' was cancelled before it started", job->task->name);
        else
            oct_fail(&error, OCT_E_NOMEM, "'%s' failed, and there was no memory to say why", job->task->name);
        octi_failure_init(more->failure, job, &error);
    }
    return more ? more->failure : NULL;
}

oct_pool *oct_future_pool(oct_future *future)
{
    octi_job *job = octi_job_of(future);
    return job ? atomic_load_explicit(&job->pool, memory_order_relaxed) : NULL;
}

static void print_failure(const oct_failure *failure)
{
    fprintf(stderr, "error: task '%s(%s)' failed", failure->task, failure->args);
    if (failure->node[0])
        fprintf(stderr, " on %s", failure->node);
    if (failure->attempts > 1)
        fprintf(stderr, ", %d times", failure->attempts);
    fprintf(stderr, ": %s\n", failure->error.what);
    if (failure->backtrace[0])
        fprintf(stderr, "%s", failure->backtrace);
}

void oct_die(oct_future *future)
{
    const oct_failure *failure = future ? oct_future_failure(future) : NULL;
    const oct_error *error = failure ? &failure->error : oct_last_error();
    fflush(stdout);
    if (failure)
        print_failure(failure);
    else
        fprintf(stderr, "error: %s\n", error->code != OCT_OK ? error->what : "unknown");
    if (error->hint[0])
        fprintf(stderr, "\nhint: %s\n", error->hint);
    exit(1);
}
