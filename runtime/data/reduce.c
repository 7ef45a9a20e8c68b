#include <stdlib.h>
#include <string.h>

#include "oct/reduce.h"
#include "runtime/data/data.h"
#include "runtime/exec/failure.h"

oct_err octi_check_combiner(const oct_pool *pool, const oct_task *task, oct_error *err)
{
    if (!pool) /* oct_last_error still says why there is none */
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
    if (task->param_count != 2)
        return oct_fail(err, OCT_E_INVALID, "'%s' takes %u values: only a task of two combines them",
                        task->name, task->param_count);
    return OCT_OK;
}

static void release_all(oct_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        oct_release(futures[i]);
}

/* Combines neighbours, until one is left. The last of an odd number waits for the next round. */
static oct_future *reduce_level(oct_pool *pool, oct_task *task, oct_future **level, size_t count,
                                const void *no_args)
{
    while (count > 1) {
        size_t next = 0;
        for (size_t i = 0; i + 1 < count; i += 2) {
            oct_future *both = octi_submit(pool, NULL, task, no_args, &level[i], 2);
            if (!both) {
                release_all(level, next);
                release_all(level + i, count - i);
                return NULL;
            }
            release_all(&level[i], 2); /* `both` keeps what it needs */
            level[next++] = both;
        }
        if (count % 2 == 1)
            level[next++] = level[count - 1];
        count = next;
    }
    return level[0];
}

oct_future *octi_reduce(oct_pool *pool, oct_task *task, oct_future *const *futures, size_t count)
{
    oct_error *err = octi_last_error();
    oct_err code = octi_check_combiner(pool, task, err);
    if (code == OCT_OK && count == 0)
        code = oct_fail(err, OCT_E_INVALID, "there is nothing for '%s' to combine", task->name);
    if (code != OCT_OK) {
        release_all(futures, count);
        return NULL;
    }
    oct_future **level = malloc(count * sizeof(oct_future *)), *result = NULL;
    void *no_args = calloc(1, task->args_size);
    if (level && no_args) {
        memcpy(level, futures, count * sizeof(oct_future *));
        result = reduce_level(pool, task, level, count, no_args);
    } else {
        release_all(futures, count);
        oct_fail(err, OCT_E_NOMEM, "out of memory to combine %zu futures", count);
    }
    free(level);
    free(no_args);
    return result;
}
