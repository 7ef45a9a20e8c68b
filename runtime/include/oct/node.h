/* oct/node.h - calls on nodes by their number, as ipyparallel's direct view has them.
 *
 *   oct_future *f = oct_on_node(pool, 3, load, "part-3.csv");    // on node 3
 *
 *   double *sums = calloc(oct_pool_nodes(pool), sizeof(*sums));
 *   oct_on_all(pool, part_sum, sums, "part");                    // sums[i] = part_sum("part") on node i
 *
 * Nodes are numbered from 0, which is the program's own, to oct_pool_nodes(pool) - 1; a task asks
 * oct_node() where it is. Threads and processes are a pool of one node. A call on a node is a
 * task as any other: it waits for a free worker there. */
#ifndef OCT_NODE_H
#define OCT_NODE_H

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Starts a task on one node; a future as of oct_submit. It fails with OCT_E_INVALID where there
 * is no such node. */
#define oct_on_node(pool, number, fn, ...)                                                                   \
    oct_submit_with(pool, &(oct_options){.node = octi_node_option(number)}, fn __VA_OPT__(, ) __VA_ARGS__)

/* Runs a task once on every node, all at the same time, and waits for them. out[i] is what node i
 * returned, owned by the caller as of oct_result; `out` has room for oct_pool_nodes(pool), or is
 * NULL for a task without a value, or when the values are not wanted. A node that fails has a
 * zeroed out[i] and stops no other: the code of the first failing node is returned, and
 * oct_last_error names it. */
#define oct_on_all(pool, fn, out, ...)                                                                       \
    octi_on_all(pool, &octi__task_##fn,                                                                      \
                (struct octi__args_##fn[1]){octi__args_##fn(OCTI_EACH(OCTI_VALUE, fn, __VA_ARGS__))},        \
                OCTI_FUTURES(__VA_ARGS__), (out), OCTI_CHECK_OUT(fn, out))

/* ---- what the macros need; not for programs ---- */

/* As oct_options counts nodes; one that cannot be stays so. */
static inline int octi_node_option(int node)
{
    return node < 0 || node == INT32_MAX ? node : node + 1;
}

OCT_API oct_err octi_on_all(oct_pool *pool, oct_task *task, const void *args, oct_future *const *futures,
                            size_t future_count, void *out, size_t checked);

#define OCTI_CHECK_OUT(fn, out)                                                                              \
    OCTI_ASSERT(OCTI_SAME(out, octi__r_##fn) || OCTI_SAME(out, void),                                        \
                "octavo: the outputs are not of the result type of " #fn)

#ifdef __cplusplus
}
#endif
#endif
