#include <stdlib.h>
#include <string.h>

#include "runtime/exec/pool.h"
#include "runtime/map/map.h"

/* Items under way for each worker: enough that none has to wait for this thread. */
enum { WINDOW = 64 };

static octi_kind kind_of_out(const oct_task *task)
{
    if (task->result.kind == OCTI_USER)
        return OCTI_STRUCT;
    return task->result.kind == OCTI_ERR ? OCTI_UINT : task->result.kind;
}

static void finish(const octi_map_call *call, octi_map_failures *failures, oct_future *future, size_t item)
{
    size_t size = call->task->result.size;
    bool valued = call->out && call->task->result.kind != OCTI_VOID;
    void *out = valued ? (char *)call->out + item * size : NULL;
    oct_error error;
    oct_err code = octi_result(future, out, kind_of_out(call->task), size, OCT_FOREVER);
    if (code == OCT_OK)
        return;
    error = *oct_last_error();
    octi_map_item_failed(failures, item, &error);
    if (out)
        memset(out, 0, size);
    oct_release(future);
}

static oct_future *start(const octi_map_call *call, char *args, size_t item)
{
    const octi_type *type = &call->task->types[0];
    memcpy(args + call->task->params[0].offset, (const char *)call->in + item * type->size, type->size);
    const oct_options tagged = {.tags = call->tags};
    return octi_submit(call->pool, call->tags ? &tagged : NULL, call->task, args, NULL, 0);
}

/* Chunks whose size depends on the time would not be found again, and would lose all their items
 * with the program: to record an item costs more than to submit it. */
oct_err octi_map_recorded(const octi_map_call *call, octi_map_failures *failures, oct_error *err)
{
    size_t window = WINDOW * (size_t)oct_pool_workers(call->pool);
    oct_future **futures = malloc(window * sizeof(*futures));
    char *args = malloc(call->task->args_size);
    oct_err code = futures && args ? OCT_OK : OCT_E_NOMEM;
    size_t started = 0, finished = 0;
    if (code == OCT_OK)
        memcpy(args, call->args, call->task->args_size);
    while (finished < started || (code == OCT_OK && started < call->count && !octi_map_stopped(call))) {
        while (code == OCT_OK && started < call->count && started - finished < window &&
               !octi_map_stopped(call)) {
            futures[started % window] = start(call, args, started);
            if (futures[started % window])
                started++;
            else
                code = OCT_E_NOMEM;
        }
        if (finished < started) {
            finish(call, failures, futures[finished % window], finished);
            finished++;
            octi_map_ran(call, 1);
        }
    }
    free(futures);
    free(args);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory for the items of a map");
}
