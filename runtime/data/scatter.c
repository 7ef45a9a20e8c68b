#include "oct/scatter.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

static oct_err check(oct_pool *pool, const octi_type *type, oct_task **out, oct_error *err)
{
    if (!pool) /* oct_last_error still says why there is none */
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
    oct_err code = octi_pool_admit(pool, err);
    if (code != OCT_OK)
        return code;
    *out = octi_registry_put(type);
    if (*out)
        return OCT_OK;
    oct_fail(err, OCT_E_TYPE, "a '%s' cannot be put on a node: no task of the program takes or returns it",
             type->name);
    return oct_hint(err, "name it as the task that takes it does");
}

/* True when the value is worth being somewhere. */
static oct_err is_large(const octi_type *type, const void *value, bool *large)
{
    *large = octi_value_bytes(type, value) > OCTI_STAYS_ABOVE;
    if (*large || type->kind != OCTI_USER)
        return OCT_OK;
    octi_buffer packed = {0};
    oct_err code = octi_value_pack(type, value, &packed);
    *large = packed.size > OCTI_STAYS_ABOVE;
    octi_buffer_deinit(&packed);
    return code;
}

/* A future that is done, with a copy of the value; NULL when memory is short. */
static oct_future *put_here(oct_pool *pool, oct_task *task, const void *value, octi_copies *copies)
{
    octi_job *job = octi_job_create(pool, task);
    octi_more *more = job && copies ? octi_job_more(job) : NULL;
    void *copy = malloc(task->result.size);
    oct_err code =
        job && copy && (more || !copies) ? octi_value_copy(&task->result, value, copy) : OCT_E_NOMEM;
    oct_future *future = job ? octi_job_handle(job) : NULL;
    if (code == OCT_OK) {
        if (copies)
            more->copies = copies;
        octi_job_admit(job, OCTI_RUNNING);
        octi_job_done(job, copy);
    } else if (job) {
        oct_error error;
        oct_fail(&error, code, "out of memory for a value");
        octi_job_admit(job, OCTI_RUNNING);
        octi_job_fail(job, &error);
        oct_release(future);
        future = NULL;
    }
    free(copy);
    return future;
}

static oct_future *put_on(oct_pool *pool, int node, oct_task *task, const void *value)
{
    return octi_submit(pool, &(oct_options){.node = node + 1}, task, value, NULL, 0);
}

static oct_future *put(oct_pool *pool, int node, oct_task *task, const void *value)
{
    bool large = false;
    if (node != oct_node() && is_large(&task->result, value, &large) != OCT_OK)
        return NULL;
    return large ? put_on(pool, node, task, value) : put_here(pool, task, value, NULL);
}

oct_err octi_scatter(oct_pool *pool, const octi_type *type, const void *in, size_t count,
                     oct_future **futures)
{
    oct_error *err = octi_last_error();
    oct_task *task;
    oct_err code = check(pool, type, &task, err);
    if (code != OCT_OK)
        return code;
    size_t nodes = (size_t)oct_pool_nodes(pool);
    oct_future **made = calloc(count + 1, sizeof(oct_future *));
    bool enough = made;
    for (size_t i = 0; enough && i < count; i++) {
        int node = (int)((__uint128_t)i * nodes / count);
        made[i] = put(pool, node, task, (const char *)in + i * type->size);
        enough = made[i];
    }
    if (enough && count > 0)
        memcpy(futures, made, count * sizeof(oct_future *));
    for (size_t i = 0; !enough && made && i < count; i++)
        oct_release(made[i]);
    free(made);
    return enough ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory for %zu values", count);
}

/* NULL when memory is short. */
static octi_copies *copies_create(int nodes)
{
    octi_copies *copies = calloc(1, sizeof(*copies) + (size_t)nodes * sizeof(octi_job *));
    if (copies)
        copies->nodes = nodes;
    return copies;
}

/* Takes the future. Without one there is no copy on that node, and the value is sent. */
static void copies_set(octi_copies *copies, int node, oct_future *future)
{
    copies->on[node] = future ? octi_job_of(future) : NULL;
}

oct_future *octi_broadcast(oct_pool *pool, const octi_type *type, const void *in, size_t checked)
{
    oct_error *err = octi_last_error();
    oct_task *task;
    bool large = false;
    (void)checked;
    if (check(pool, type, &task, err) != OCT_OK)
        return NULL;
    int nodes = oct_pool_nodes(pool);
    oct_err code = nodes > 1 ? is_large(&task->result, in, &large) : OCT_OK;
    octi_copies *copies = nodes > 1 && code == OCT_OK ? copies_create(nodes) : NULL; /* none when small */
    for (int i = 0; copies && large && i < nodes; i++) {
        if (i != oct_node())
            copies_set(copies, i, put_on(pool, i, task, in));
    }
    oct_future *future = code == OCT_OK && (copies || nodes == 1) ? put_here(pool, task, in, copies) : NULL;
    if (!future)
        oct_fail(err, OCT_E_NOMEM, "out of memory for a value");
    return future;
}

oct_future *oct_replicate(oct_future *future, int nodes)
{
    oct_error *err = octi_last_error();
    octi_job *job = octi_job_of(future);
    oct_pool *pool = oct_future_pool(future);
    if (!job || !pool) {
        if (future || err->code == OCT_OK)
            oct_fail(err, OCT_E_STATE, "the future to be replicated was taken already");
        return NULL;
    }
    oct_task *task = octi_registry_put(&job->task->result);
    if (!task) {
        oct_fail(err, OCT_E_TYPE, "'%s' returns nothing that could be replicated", job->task->name);
        return NULL;
    }
    if (nodes < 0 || nodes > oct_pool_nodes(pool)) {
        oct_fail(err, OCT_E_INVALID, "copies on %d nodes of %d", nodes, oct_pool_nodes(pool));
        return NULL;
    }
    nodes = nodes == 0 ? oct_pool_nodes(pool) : nodes;
    octi_copies *copies = nodes > 1 ? copies_create(nodes) : NULL;
    void *no_args = calloc(1, task->args_size);
    oct_future *first = NULL;
    for (int i = 0; no_args && (copies || nodes == 1) && i < nodes; i++) {
        oct_future *copy = octi_submit(pool, &(oct_options){.node = i + 1}, task, no_args, &future, 1);
        if (i == 0)
            first = copy;
        else
            copies_set(copies, i, copy);
    }
    octi_job *whole = first ? octi_job_of(first) : NULL;
    if (whole && copies && whole->more)
        whole->more->copies = copies;
    free(no_args);
    if (!first)
        oct_fail(err, OCT_E_NOMEM, "out of memory for copies of the result of '%s'", job->task->name);
    return first;
}

enum { AHEAD = 64 };

/* The values of those that have ended by now are brought together, not one after the other. */
static void fetch_ahead(oct_future *const *futures, size_t count)
{
    octi_job *jobs[AHEAD];
    size_t ready = 0;
    for (size_t i = 0; i < count && i < AHEAD; i++) {
        octi_job *job = octi_job_of(futures[i]);
        if (job && octi_job_state(job) == OCTI_DONE && octi_job_is_remote(job))
            jobs[ready++] = job;
    }
    if (ready > 1)
        octi_job_fetch_all(jobs, ready);
}

oct_err octi_gather(oct_future *const *futures, size_t count, void *out, octi_kind kind, size_t size)
{
    oct_error *err = octi_last_error(), first = OCT_ERROR_INIT;
    for (size_t i = 0; i < count; i++) {
        char *to = out ? (char *)out + i * size : NULL;
        octi_job *job = octi_job_of(futures[i]);
        const char *name = job ? job->task->name : "";
        *err = (oct_error)OCT_ERROR_INIT;
        if (out && job && octi_job_state(job) == OCTI_DONE && octi_job_is_remote(job))
            fetch_ahead(futures + i, count - i);
        if (octi_result(futures[i], to, kind, size, OCT_FOREVER) == OCT_OK)
            continue;
        if (to)
            memset(to, 0, size);
        if (first.code != OCT_OK)
            continue;
        oct_prefix(err, "future %zu of %zu%s%s", i, count, *name ? ", of " : "", name);
        first = *err;
    }
    if (first.code != OCT_OK)
        *err = first;
    return first.code;
}
