#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "oct/future.h"
#include "oct/actor.h"
#include "oct/tags.h"
#include "runtime/exec/args.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/shared.h"
#include "runtime/exec/turn.h"
#include "runtime/future/choose.h"
#include "runtime/journal/resume.h"
#include "runtime/task/type.h"
#include "runtime/trace/record.h"

/* A call whose turn it is. */
static bool hand_over_call(octi_job *job)
{
    octi_executor *executor = octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
    bool in_order = executor->class->in_order && executor->class->in_order(executor, job);
    executor->class->submit(executor, job);
    return in_order;
}

static void hand_over(octi_job *job)
{
    oct_pool *pool = atomic_load_explicit(&job->pool, memory_order_relaxed);
    if (octi_is_call(job->task)) {
        octi_turn_ready(job);
        return;
    }
    if (job->task->role == OCTI_SERVED && pool->executor->is_program) {
        octi_shared_serve(job);
        return;
    }
    if (pool->journal && !job->task->unrecorded && octi_resume_job(pool->journal, job))
        return;
    octi_executor *executor = octi_pool_executor(pool);
    executor->class->submit(executor, job);
}

/* A job that was not handed over ends here. */
static void refuse(octi_job *job, const oct_failure *failure)
{
    if (octi_job_admit(job, OCTI_RUNNING))
        octi_job_failed(job, failure);
    else
        octi_job_unref(job);
}

static void refuse_with(octi_job *job, const oct_error *error)
{
    oct_failure failure;
    octi_failure_init(&failure, job, error);
    refuse(job, &failure);
}

/* The first argument that failed, as a failure of the job that waited for it. */
static bool arguments_failed(octi_job *job, oct_failure *failure)
{
    for (uint32_t i = 0; i < job->dep_count; i++) {
        octi_job *dep = job->deps->at[i].job;
        if (octi_job_state(dep) == OCTI_DONE)
            continue;
        oct_error error;
        if (octi_job_state(dep) == OCTI_FAILED && dep->more && dep->more->failure)
            error = dep->more->failure->error;
        else
            oct_fail(&error, octi_job_state(dep) == OCTI_CANCELLED ? OCT_E_CANCELLED : OCT_E_NOMEM,
                     "it did not run");
        oct_prefix(&error, "argument %u, the result of '%s'", job->deps->at[i].param + 1, dep->task->name);
        octi_failure_init(failure, job, &error);
        return true;
    }
    return false;
}

/* So many of its arguments are there, or will never be. */
static void has_ended(octi_job *job, int32_t count)
{
    if (atomic_fetch_sub_explicit(&job->deps->left, count, memory_order_acq_rel) > count)
        return;
    oct_failure failure;
    if (arguments_failed(job, &failure))
        refuse(job, &failure);
    else if (octi_job_admit(job, OCTI_QUEUED))
        hand_over(job);
    else
        octi_job_unref(job);
}

static void dep_ended(octi_waiter *waiter, octi_job *ended)
{
    octi_dep *dep = (octi_dep *)waiter;
    octi_deps *deps = (octi_deps *)((char *)(dep - dep->index) - offsetof(octi_deps, at));
    (void)ended;
    has_ended(deps->dependent, 1);
}

static oct_err check_dep(const octi_job *job, uint32_t param, oct_future *future, oct_error *err)
{
    const octi_type *wanted = &job->task->types[param];
    octi_job *dep = octi_job_of(future);
    if (!dep)
        return oct_fail(err, OCT_E_STATE, "argument %u of '%s' is a future that was taken already", param + 1,
                        job->task->name);
    const octi_type *given = &dep->task->result;
    bool both_strings = (wanted->kind == OCTI_STRING || wanted->kind == OCTI_CSTRING) &&
                        (given->kind == OCTI_STRING || given->kind == OCTI_CSTRING);
    if (!both_strings && (wanted->kind != given->kind || wanted->size != given->size ||
                          (wanted->kind == OCTI_STRUCT && strcmp(wanted->name, given->name) != 0) ||
                          wanted->user != given->user))
        return oct_fail(err, OCT_E_TYPE,
                        "argument %u of '%s' is a '%s', but the future's task '%s' returns '%s'", param + 1,
                        job->task->name, wanted->name, dep->task->name, given->name);
    return OCT_OK;
}

static oct_err set_deps(octi_job *job, oct_future *const *futures, size_t count, oct_error *err)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        oct_err code = futures[i] ? check_dep(job, i, futures[i], err) : OCT_OK;
        if (code != OCT_OK)
            return code;
        used += futures[i] != NULL;
    }
    if (!octi_job_deps(job, used))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a future");
    for (uint32_t i = 0; i < count; i++) {
        if (!futures[i])
            continue;
        octi_job *dep = octi_job_of(futures[i]);
        octi_job_ref(dep);
        octi_job_depend(job, dep, i, dep_ended);
    }
    return OCT_OK;
}

/* Counts one for itself, so that the job cannot start while its arguments are gone through. */
static void await_deps(octi_job *job)
{
    octi_deps *deps = job->deps;
    int32_t ended = 1;
    atomic_store_explicit(&deps->left, job->dep_count + 1, memory_order_relaxed);
    for (uint32_t i = 0; i < job->dep_count; i++)
        ended += !octi_job_listen(deps->at[i].job, &deps->at[i].waiter);
    has_ended(job, ended);
}

static oct_err check_options(const oct_pool *pool, const oct_options *options, oct_error *err)
{
    if (options->node < 0 || options->node > oct_pool_nodes(pool))
        return oct_fail(err, OCT_E_INVALID, "there is no node %d in a pool of %d, numbered from 0",
                        options->node - (options->node > 0), oct_pool_nodes(pool));
    if (options->retries < 0)
        return oct_fail(err, OCT_E_INVALID, "%d retries", options->retries);
    return OCT_OK;
}

/* A call runs where its actor is, once, and after those that were submitted before. */
static oct_err prepare_call(octi_job *job, const oct_pool *pool, const void *args, oct_future *const *futures,
                            size_t future_count, oct_error *err)
{
    oct_actor actor;
    const char *name = job->task->name;
    memcpy(&actor, args, sizeof(actor));
    if (future_count > 0 && futures[0])
        return oct_fail(err, OCT_E_INVALID, "the actor of '%s' is a future: take its result first", name);
    if (actor.id == 0)
        return oct_fail(err, OCT_E_NOTFOUND, "'%s' is a call of no actor: it was not opened", name);
    if (actor.node < 0 || actor.node >= oct_pool_nodes(pool))
        return oct_fail(err, OCT_E_INVALID, "'%s' is a call of an actor of another pool", name);
    octi_more *more = octi_job_more(job);
    if (!more)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a future");
    more->actor = actor.id;
    more->options.node = actor.node + 1;
    more->options.near = NULL;
    more->options.priority = more->options.retries = 0;
    return octi_turn_take(job, hand_over_call) == OCT_OK
               ? OCT_OK
               : oct_fail(err, OCT_E_NOMEM, "out of memory for a future");
}

/* To the program's own node. */
static oct_err prepare_request(octi_job *job, oct_error *err)
{
    octi_more *more = octi_job_more(job);
    if (!more)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a request");
    more->options = (oct_options){.node = 1};
    atomic_store_explicit(&octi_shared_used, true, memory_order_relaxed);
    return OCT_OK;
}

/* From now on it is bound for one node. */
static oct_err choose_by_tags(oct_options *options, const oct_pool *pool, oct_error *err)
{
    const char *tags = options->tags;
    int node = options->node - 1;
    options->tags = NULL; /* the caller's */
    if (!tags || !*tags)
        return OCT_OK;
    if (node >= 0 && !oct_node_has(pool, node, tags))
        return oct_fail(err, OCT_E_NOTFOUND, "node %d has '%s' and not '%s'", node, oct_node_tags(pool, node),
                        tags);
    if (node < 0 && (node = octi_tags_choose(pool, tags, err)) < 0)
        return err->code;
    options->node = node + 1;
    return OCT_OK;
}

static oct_err prepare(octi_job *job, const oct_pool *pool, const oct_options *options, const void *args,
                       oct_future *const *futures, size_t future_count, oct_error *err)
{
    uint32_t skip = 0;
    for (uint32_t i = 0; i < future_count; i++)
        skip |= futures[i] ? 1u << i : 0;
    oct_err code = octi_args_store(job, args, skip, err);
    if (code == OCT_OK && future_count > 0)
        code = set_deps(job, futures, future_count, err);
    if (code == OCT_OK && options) {
        code = check_options(pool, options, err);
        octi_more *more = octi_job_more(job);
        if (!more)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for a future");
        more->options = *options;
        if (code == OCT_OK)
            code = choose_by_tags(&more->options, pool, err);
    }
    if (code == OCT_OK && job->task->role == OCTI_SERVED)
        code = prepare_request(job, err);
    else if (code == OCT_OK && job->task->role != OCTI_ORDINARY)
        code = prepare_call(job, pool, args, futures, future_count, err);
    return code;
}

/* ---- back-pressure ---- */

typedef struct toll {
    octi_waiter waiter; /* first */
    oct_pool *pool;
} toll;

static void pay_back(octi_waiter *waiter, octi_job *job)
{
    oct_pool *pool = ((toll *)waiter)->pool;
    (void)job;
    free(waiter);
    atomic_fetch_sub_explicit(&pool->unfinished, 1, memory_order_acq_rel);
    octi_futex_wake(&pool->unfinished, INT_MAX);
}

/* Waits while the pool has as many unfinished futures as it may, and counts one more until it
 * ends. Tasks of the pool do not wait: what they wait for might need them. */
static oct_err take_toll(oct_pool *pool, octi_job *job, oct_error *err)
{
    toll *self = malloc(sizeof(*self));
    if (!self)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a future");
    *self = (toll){{NULL, pay_back}, pool};
    uint32_t count = atomic_load_explicit(&pool->unfinished, memory_order_acquire);
    for (;;) {
        if (count >= pool->limit && oct_task_pool() != pool) {
            octi_futex_wait(&pool->unfinished, count, 0);
            count = atomic_load_explicit(&pool->unfinished, memory_order_acquire);
        } else if (atomic_compare_exchange_weak_explicit(&pool->unfinished, &count, count + 1,
                                                         memory_order_acq_rel, memory_order_acquire)) {
            break;
        }
    }
    octi_job_listen(job, &self->waiter);
    return OCT_OK;
}

oct_future *octi_submit(oct_pool *pool, const oct_options *options, oct_task *task, const void *args,
                        oct_future *const *futures, size_t future_count)
{
    oct_error error;
    if (!pool) /* oct_last_error still says why there is none */
        return NULL;
    if (octi_pool_admit(pool, &error) != OCT_OK) {
        *octi_last_error() = error;
        return NULL;
    }
    octi_job *job = octi_job_create(pool, task);
    if (!job) {
        oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory for a future");
        return NULL;
    }
    oct_future *handle = octi_job_handle(job);
    octi_trace_queued(job->index);
    if (future_count == 0 && !options && pool->limit == 0 && task->plain_args &&
        task->role == OCTI_ORDINARY && task->args_size <= OCTI_PAYLOAD) {
        memcpy(job->payload, args, task->args_size);
        job->args = job->payload;
        job->args_size = task->args_size;
        atomic_store_explicit(&job->word, OCTI_QUEUED, memory_order_relaxed);
        hand_over(job);
    } else if (pool->limit > 0 && task->role != OCTI_SERVED && take_toll(pool, job, &error) != OCT_OK) {
        refuse_with(job, &error);
    } else if (prepare(job, pool, options, args, futures, future_count, &error) != OCT_OK) {
        refuse_with(job, &error);
    } else if (job->dep_count > 0) {
        await_deps(job);
    } else {
        octi_job_admit(job, OCTI_QUEUED);
        hand_over(job);
    }
    return handle;
}

oct_future *octi_then(oct_task *task, const void *args, oct_future *const *futures, size_t future_count)
{
    oct_pool *pool = future_count > 0 ? oct_future_pool(futures[0]) : NULL;
    if (pool)
        return octi_submit(pool, NULL, task, args, futures, future_count);
    if (future_count == 0 || futures[0])
        oct_fail(octi_last_error(), OCT_E_STATE, "the future that '%s' should follow was taken already",
                 task->name);
    return NULL;
}
