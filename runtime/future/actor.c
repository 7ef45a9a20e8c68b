#include <string.h>

#include "oct/actor.h"
#include "oct/future.h"
#include "runtime/exec/actor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"

/* A call as any other, behind those before it. */
OCT_TASK(void, octi_actor_end, oct_actor, actor)
{
    octi_actor_forget(actor, oct_task_error());
}

OCTI_IS_CALL(octi_actor_end, OCTI_CLOSES)

static oct_err choose_node(const oct_pool *pool, int node, oct_actor *actor, oct_error *err)
{
    static _Atomic uint32_t turn;
    int nodes = oct_pool_nodes(pool);
    if (node != OCTI_IN_TURN && (node >= nodes || node < 0))
        return oct_fail(err, OCT_E_INVALID, "there is no node %d in a pool of %d, numbered from 0", node,
                        nodes);
    actor->node = node >= 0 ? node : (int32_t)(turn++ % (uint32_t)nodes);
    return OCT_OK;
}

/* Messages of two nodes to a third keep no order: whoever hears of the actor by what this task returns
 * could come before its constructor, and find nothing there. How that ends is its calls' concern. */
static void await_constructor(oct_future *opened)
{
    oct_err ignored = oct_wait(opened, OCT_FOREVER);
    (void)ignored;
}

oct_actor octi_actor_open(oct_pool *pool, int node, oct_task *task, void *args, oct_future *const *futures,
                          size_t future_count)
{
    oct_error *err = octi_last_error();
    oct_actor actor = {0}, none = {0};
    if (!pool || octi_pool_admit(pool, err) != OCT_OK) /* oct_last_error says why there is none */
        return none;
    if (task->role != OCTI_OPENS) {
        oct_fail(err, OCT_E_INVALID, "'%s' is not a constructor of an OCT_ACTOR", task->name);
        return none;
    }
    if (choose_node(pool, node, &actor, err) != OCT_OK)
        return none;
    actor.id = octi_make_id();
    memcpy(args, &actor, sizeof(actor));
    oct_future *opened = octi_submit(pool, NULL, task, args, futures, future_count);
    if (opened && oct_task_pool() && actor.node != oct_node())
        await_constructor(opened);
    oct_release(opened);
    return opened ? actor : none;
}

oct_err oct_actor_close(oct_pool *pool, oct_actor actor)
{
    oct_error *err = octi_last_error();
    if (!pool)
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
    oct_future *closed = oct_submit(pool, octi_actor_end, actor);
    const oct_failure *failure = closed ? oct_future_failure(closed) : NULL;
    oct_err code = !closed ? err->code : OCT_OK;
    if (failure) {
        *err = failure->error;
        code = err->code;
    }
    oct_release(closed);
    return code;
}
