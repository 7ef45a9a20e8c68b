#include "oct/node.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"

/* What the caller's pointer points at, in the words of octi_result. */
static octi_kind kind_of(const octi_type *type)
{
    return type->kind == OCTI_USER ? OCTI_STRUCT : type->kind == OCTI_ERR ? OCTI_UINT : type->kind;
}

/* Takes the future, whatever became of it. */
static oct_err take(oct_future *future, const oct_task *task, int node, char *out)
{
    size_t size = task->result.size;
    oct_err code = octi_result(future, out, kind_of(&task->result), size, OCT_FOREVER);
    if (code == OCT_OK)
        return OCT_OK;
    if (out)
        memset(out, 0, size);
    oct_prefix(octi_last_error(), "'%s' on node %d", task->name, node);
    oct_release(future);
    return code;
}

oct_err octi_on_all(oct_pool *pool, oct_task *task, const void *args, oct_future *const *futures,
                    size_t future_count, void *out, size_t checked)
{
    (void)checked;
    oct_error *err = octi_last_error(), first = OCT_ERROR_INIT;
    if (!pool) /* oct_last_error still says why there is none */
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
    oct_err code = octi_pool_admit(pool, err);
    if (code != OCT_OK)
        return code;
    if (out && task->result.kind == OCTI_VOID)
        return oct_fail(err, OCT_E_TYPE, "'%s' returns nothing, but results are asked for", task->name);
    int nodes = oct_pool_nodes(pool);
    oct_future **calls = calloc((size_t)nodes, sizeof(oct_future *));
    if (!calls)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for calls on %d nodes", nodes);
    for (int i = 0; i < nodes; i++)
        calls[i] = octi_submit(pool, &(oct_options){.node = i + 1}, task, args, futures, future_count);
    for (int i = 0; i < nodes; i++) {
        char *to = out ? (char *)out + (size_t)i * task->result.size : NULL;
        if (take(calls[i], task, i, to) != OCT_OK && first.code == OCT_OK)
            first = *err;
    }
    free(calls);
    if (first.code != OCT_OK)
        *err = first;
    return first.code;
}
