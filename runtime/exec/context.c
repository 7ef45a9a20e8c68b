#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/exec/actor.h"
#include "runtime/exec/args.h"
#include "runtime/exec/context.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/loop.h"
#include "runtime/task/type.h"

void (*octi_left_locked)(octi_frame *frame);
uint32_t (*octi_run_begins)(const octi_job *job);
void (*octi_run_ended)(uint32_t place);

__thread octi_context octi_here __attribute__((tls_model("initial-exec")));

static struct {
    pthread_once_t once;
    int number;
    char name[64];
} node = {.once = PTHREAD_ONCE_INIT};

static void name_node(void)
{
    if (!node.name[0] && gethostname(node.name, sizeof(node.name) - 1) != 0)
        snprintf(node.name, sizeof(node.name), "localhost");
}

void octi_node_set(int number, const char *name)
{
    node.number = number;
    snprintf(node.name, sizeof(node.name), "%s", name);
}

int oct_node(void)
{
    return node.number;
}

const char *oct_node_name(void)
{
    pthread_once(&node.once, name_node);
    return node.name;
}

oct_error *oct_task_error(void)
{
    if (!octi_here.touched) {
        octi_here.touched = true;
        octi_here.error = (oct_error)OCT_ERROR_INIT;
    }
    if (octi_here.loop)
        octi_loop_touch(octi_here.loop);
    return &octi_here.error;
}

/* To ask for a random number takes longer than to take a lock: each thread counts on from one. */
static __thread uint64_t latest_name, thread_name;

void octi_names_forked(void)
{
    latest_name = thread_name = 0;
}

static uint64_t make_name(void)
{
    latest_name = latest_name == 0 ? octi_make_id() : latest_name + 1;
    return (uint64_t)(node.number + 1) << OCTI_NAME_BITS |
           (latest_name & ((UINT64_C(1) << OCTI_NAME_BITS) - 1));
}

int octi_name_node(uint64_t name)
{
    return (int)(name >> OCTI_NAME_BITS) - 1;
}

uint64_t octi_here_name(void)
{
    uint64_t *name = octi_here.frame ? &octi_here.frame->name : &thread_name;
    if (*name == 0)
        *name = make_name();
    return *name;
}

static bool is_late(const octi_frame *frame)
{
    return frame->deadline_ns > 0 && octi_clock_ns() > frame->deadline_ns;
}

bool oct_task_cancelled(void)
{
    const octi_frame *frame = octi_here.frame;
    return frame && ((frame->job && octi_job_unwanted(frame->job)) || is_late(frame));
}

oct_pool *oct_task_pool(void)
{
    return octi_here.frame ? octi_here.frame->pool : NULL;
}

void oct_sleep(double seconds)
{
    if (!(seconds > 0))
        return;
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        continue;
}

/* After the call: the outcome of a result type that is one, and literals made owned. */
static oct_err settle(const oct_task *task, void *value, oct_error *err)
{
    if (octi_here.touched && octi_here.error.code != OCT_OK) {
        *err = octi_here.error;
        return err->code;
    }
    if (task->result.kind == OCTI_ERR) {
        oct_err code;
        memcpy(&code, value, sizeof(code));
        if (code != OCT_OK)
            return oct_fail(err, code, "it returned %s (%d)", oct_err_name(code), (int)code);
    }
    if (task->result.kind == OCTI_CSTRING) {
        char *own;
        if (octi_value_copy(&task->result, value, &own) != OCT_OK)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for a result of '%s'", task->name);
        memcpy(value, &own, sizeof(own));
    }
    return OCT_OK;
}

/* The task of a value that is put somewhere (task/put.h). */
static void give_back(const oct_task *task, const void *args, void *value)
{
    oct_err code = octi_value_copy(&task->result, args, value);
    if (code != OCT_OK)
        oct_fail(oct_task_error(), code, "a '%s' cannot be copied", task->result.name);
}

oct_err octi_run(const oct_task *task, const void *args, void *value, octi_frame *frame, oct_error *err)
{
    octi_context *here = &octi_here;
    frame->below = here->frame;
    frame->task = task;
    frame->actor = 0;
    frame->name = 0;
    frame->held_count = 0;
    octi_loop *loop = here->loop;
    bool touched = here->touched;
    oct_error kept;
    if (touched)
        kept = here->error;

    here->frame = frame;
    here->loop = NULL;
    here->touched = false;
    if (__builtin_expect(task->run != NULL, 1))
        task->run(args, value);
    else
        give_back(task, args, value);
    oct_err code = OCT_OK;
    if (here->touched || task->result.kind >= OCTI_ERR)
        code = settle(task, value, err);
    if (__builtin_expect(frame->held_count > 0, 0))
        octi_left_locked(frame);

    here->frame = frame->below;
    here->loop = loop;
    here->touched = touched;
    if (touched)
        here->error = kept;
    return code;
}

/* Another core had it last: its two lines are fetched at once, not one after the other. */
static void prefetch(const octi_job *job)
{
    __builtin_prefetch(job);
    __builtin_prefetch((const char *)job + 64);
}

static oct_err run_with_deps(octi_job *job, void *value, octi_frame *frame, oct_error *err)
{
    const void *values[8] = {NULL};
    for (uint32_t i = 0; i < job->dep_count; i++)
        prefetch(job->deps->at[i].job);
    for (uint32_t i = 0; i < job->dep_count; i++) {
        octi_dep *dep = &job->deps->at[i];
        oct_err code = octi_job_fetch(dep->job, err);
        if (code != OCT_OK)
            return code;
        values[dep->param] = octi_job_value(dep->job);
    }
    octi_call call;
    oct_err code = octi_call_init(&call, job->task, job->args, job->dep_count > 0 ? values : NULL, err);
    if (code != OCT_OK)
        return code;
    code = octi_run(job->task, call.args, value, frame, err);
    octi_call_deinit(&call);
    return code;
}

static oct_err run_with_more(octi_job *job, void *value, octi_frame *frame, oct_error *err)
{
    double limit = job->more ? job->more->options.time_limit : 0;
    if (limit > 0 && limit < 1e9)
        frame->deadline_ns = octi_clock_ns() + (int64_t)(limit * 1e9);
    oct_err code = run_with_deps(job, value, frame, err);
    if (!is_late(frame))
        return code;
    if (code == OCT_OK)
        octi_value_release(&job->task->result, value);
    return oct_fail(err, OCT_E_TIMEOUT, "it ran longer than its limit of %g s", limit);
}

static bool fail_or_again(octi_job *job, const oct_error *error)
{
    if (octi_job_retry(job))
        return true;
    oct_failure failure;
    octi_failure_init(&failure, job, error);
    if (failure.attempts == 0) /* nobody counted */
        failure.attempts = 1;
    snprintf(failure.node, sizeof(failure.node), "%s", oct_node_name());
    octi_job_failed(job, &failure);
    return false;
}

bool octi_run_job(octi_job *job)
{
    prefetch(job);
    if (!octi_job_start(job)) {
        octi_job_unref(job); /* cancelled while it was queued */
        return false;
    }
    const oct_task *task = job->task;
    _Alignas(16) char small[256];
    void *value = task->result.size <= sizeof(small) ? small : malloc(task->result.size);
    oct_error error;
    if (!value) {
        oct_fail(&error, OCT_E_NOMEM, "out of memory for a result of %u bytes", task->result.size);
        octi_job_fail(job, &error);
        return false;
    }

    octi_frame frame = {.job = job, .pool = atomic_load_explicit(&job->pool, memory_order_relaxed)};
    uint32_t place = octi_run_begins ? octi_run_begins(job) : 0;
    oct_err code;
    if (!job->more && job->dep_count == 0 && task->plain_args)
        code = octi_run(task, job->args, value, &frame, &error);
    else
        code = run_with_more(job, value, &frame, &error);
    if (octi_run_ended)
        octi_run_ended(place);

    bool again = false;
    if (code == OCT_OK)
        octi_job_done(job, task->result.kind == OCTI_VOID || task->result.kind == OCTI_ERR ? NULL : value);
    else
        again = fail_or_again(job, &error);
    if (value != small)
        free(value);
    return again;
}
