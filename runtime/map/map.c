#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oct/map.h"
#include "runtime/exec/args.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/loop.h"
#include "runtime/exec/pool.h"
#include "runtime/future/choose.h"
#include "runtime/future/wait.h"
#include "runtime/map/map.h"
#include "runtime/task/type.h"

/* Waits for the futures among the constant arguments and puts their values in. */
static oct_err fill_in(const oct_task *task, char *args, oct_future *const *futures, size_t count,
                       oct_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!futures[i])
            continue;
        octi_job *job = octi_job_of(futures[i]);
        if (!job)
            return oct_fail(err, OCT_E_STATE, "argument %zu of '%s' is a future that was taken already",
                            i + 1, task->name);
        oct_err code = octi_wait_for(job, 0, err);
        if (code != OCT_OK)
            return code;
        const oct_failure *failure = oct_future_failure(futures[i]);
        if (failure) {
            oct_fail(err, failure->error.code, "argument %zu of '%s': %s", i + 1, task->name,
                     failure->error.what);
            return oct_hint(err, "%s", failure->error.hint);
        }
        const octi_type *wanted = &task->types[i], *given = &job->task->result;
        if (wanted->size != given->size || wanted->user != given->user)
            return oct_fail(err, OCT_E_TYPE,
                            "argument %zu of '%s' is a '%s', but the future's task returns '%s'", i + 1,
                            task->name, wanted->name, given->name);
        if ((code = octi_job_fetch(job, err)) != OCT_OK)
            return code;
        memcpy(args + task->params[i].offset, octi_job_value(job), wanted->size);
    }
    return OCT_OK;
}

void octi_map_item_failed(octi_map_failures *failures, size_t item, const oct_error *error)
{
    pthread_mutex_lock(&failures->lock);
    if (failures->total++ == 0 || item < failures->first) {
        failures->first = item;
        failures->error = *error;
    }
    if (failures->keep && failures->count < OCTI_MAP_KEPT) {
        if (failures->count == failures->capacity) {
            size_t capacity = failures->capacity ? 2 * failures->capacity : 16;
            octi_map_failure *list = realloc(failures->list, capacity * sizeof(*list));
            failures->list = list ? list : failures->list;
            failures->capacity = list ? capacity : failures->capacity;
        }
        if (failures->count < failures->capacity)
            failures->list[failures->count++] = (octi_map_failure){item, *error};
    }
    pthread_mutex_unlock(&failures->lock);
}

static int by_item(const void *a, const void *b)
{
    size_t x = ((const octi_map_failure *)a)->item, y = ((const octi_map_failure *)b)->item;
    return (x > y) - (x < y);
}

static void tell(const octi_map_call *call, octi_map_failures *failures, const oct_map_options *options)
{
    if (failures->count > 0)
        qsort(failures->list, failures->count, sizeof(*failures->list), by_item);
    for (size_t i = 0; i < failures->count; i++) {
        size_t item = failures->list[i].item;
        oct_failure failure = {.error = failures->list[i].error, .attempts = 1};
        snprintf(failure.task, sizeof(failure.task), "%s", call->task->name);
        octi_value_describe(&call->task->types[0], (const char *)call->in + item * call->task->types[0].size,
                            failure.args, sizeof(failure.args));
        options->on_failure(item, &failure, options->ctx);
    }
}

bool octi_map_stopped(const octi_map_call *call)
{
    octi_map_watch *watch = call->watch;
    return watch && (atomic_load_explicit(&watch->stop, memory_order_relaxed) ||
                     watch->cancels != octi_pool_cancels(call->pool));
}

static oct_err outcome(const octi_map_call *call, octi_map_failures *failures, oct_error *err)
{
    size_t ran = call->watch ? atomic_load_explicit(&call->watch->done, memory_order_relaxed) : call->count;
    if (ran < call->count)
        return oct_fail(err, OCT_E_CANCELLED, "a map of '%s' was cancelled after %zu of %zu items",
                        call->task->name, ran, call->count);
    if (failures->total == 0)
        return OCT_OK;
    oct_error first = failures->error;
    oct_fail(err, first.code, "%zu of %zu items of '%s' failed; the first, item %zu: %s", failures->total,
             call->count, call->task->name, failures->first, first.what);
    snprintf(err->hint, sizeof(err->hint), "%s", first.hint);
    return err->code;
}

static oct_err run(const octi_map_call *call, const oct_map_options *options, oct_error *err)
{
    octi_map_failures failures = {.lock = PTHREAD_MUTEX_INITIALIZER, .keep = options && options->on_failure};
    oct_err code;
    if (call->pool->journal)
        code = octi_map_recorded(call, &failures, err);
    else if (octi_pool_executor(call->pool)->shares_memory)
        code = octi_map_shared(call, &failures, err);
    else
        code = octi_map_packed(call, &failures, err);
    if (code == OCT_OK) {
        tell(call, &failures, options);
        code = outcome(call, &failures, err);
    }
    free(failures.list);
    return code;
}

oct_err octi_map_watched(oct_pool *pool, const oct_map_options *options, oct_task *task, const void *args,
                         oct_future *const *futures, size_t future_count, const void *in, size_t count,
                         void *out, octi_map_watch *watch)
{
    oct_error *err = octi_last_error();
    if (!pool) /* oct_last_error still says why there is none */
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
    oct_err code = octi_pool_admit(pool, err);
    if (code != OCT_OK || count == 0)
        return code;
    if (!in)
        return oct_fail(err, OCT_E_INVALID, "there are no inputs for '%s'", task->name);
    if (options && options->tags && octi_tags_choose(pool, options->tags, err) < 0)
        return err->code;
    char *filled = malloc(task->args_size);
    if (!filled)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the arguments of '%s'", task->name);
    memcpy(filled, args, task->args_size);
    code = fill_in(task, filled, futures, future_count, err);
    if (code == OCT_OK) {
        octi_map_call call = {.pool = pool,
                              .task = task,
                              .args = filled,
                              .in = in,
                              .count = count,
                              .out = out,
                              .chunk = options ? options->chunk : 0,
                              .tags = options ? options->tags : NULL,
                              .watch = watch};
        code = run(&call, options, err);
    }
    free(filled);
    return code;
}

oct_err octi_map(oct_pool *pool, const oct_map_options *options, oct_task *task, const void *args,
                 oct_future *const *futures, size_t future_count, const void *in, size_t count, void *out)
{
    return octi_map_watched(pool, options, task, args, futures, future_count, in, count, out, NULL);
}
