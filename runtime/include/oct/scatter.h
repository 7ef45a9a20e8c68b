/* oct/scatter.h - values on the nodes, and back.
 *
 *   oct_future *parts[N];
 *   oct_scatter(pool, oct_doubles, in, N, parts);          // in[i] on a node, as a future
 *   oct_future *table = oct_broadcast(pool, grid, &mine);  // one value, on every node
 *   for (int i = 0; i < N; i++)
 *       sums[i] = oct_submit(pool, weigh, parts[i], table);
 *   oct_gather(sums, N, out);                              // the results home, in order
 *
 * What these make are futures as any other: tasks take them as arguments, and run where the values
 * are. They belong to the caller until taken (oct_result, oct_gather) or released. Any thread, and
 * tasks too, may call these.
 *
 * The type is named as the tasks that take it name it; the compiler checks that the inputs are of
 * it. All that oct/value.h lists can be put: plain numbers, strings and arrays always; a struct of
 * your own when a task of the program takes or returns it, or an OCT_TYPE says how it is packed.
 *
 * Cost: a value is copied once before the call returns. One of at most 32 KB stays here and travels
 * with the tasks that take it, which is cheaper than asking for it; larger ones are sent, at once
 * and in the background, to the node where they stay. Pools of one node (threads, processes) keep
 * all of them in the program: threads take them from there without a copy, processes are sent them
 * with each task. */
#ifndef OCT_SCATTER_H
#define OCT_SCATTER_H

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Puts in[0] to in[count - 1] on the nodes: the first part on node 0, the next on node 1 and so on,
 * as equal as can be. futures[i] is the future of in[i]. On failure (OCT_E_NOMEM, OCT_E_STATE for a
 * closed pool, OCT_E_TYPE for a type that nobody knows; oct_last_error tells) there are none, and
 * `futures` is untouched. A node that cannot take its value fails that future. */
#define oct_scatter(pool, T, in, count, futures)                                                             \
    octi_scatter(pool, OCTI_PUT(T, in), in, (count) + OCTI_CHECK_PUT(T, in), futures)

/* Puts a copy of *in on every node: a task takes the one where it runs, wherever that is. Until the
 * copy there has arrived the value travels with the task. NULL on failure, as above. */
#define oct_broadcast(pool, T, in) octi_broadcast(pool, OCTI_PUT(T, in), in, OCTI_CHECK_PUT(T, in))

/* Puts copies of a future's value on nodes 0 to nodes - 1 (0: on all), without bringing it to the
 * caller's, and returns the future of them; the other stays the caller's. It may be called before
 * the value is there. A failure of the one is a failure of the other. NULL on failure: OCT_E_STATE
 * for a future that was taken, OCT_E_INVALID for more nodes than there are, OCT_E_TYPE when its task
 * returns nothing. */
OCT_API oct_future *oct_replicate(oct_future *future, int nodes);

/* Waits for all, stores futures[i]'s value in out[i] and takes it, as oct_result does: `out` is an
 * array of what the tasks return, or NULL when no values are wanted. One that fails has a zeroed
 * out[i], stays, to be asked why, and stops no other: the code of the first that failed is
 * returned, and oct_last_error names it. NULL futures fail with OCT_E_INVALID. */
#define oct_gather(futures, count, out) octi_gather(futures, count, out, OCTI_KIND_AT(out), sizeof(*(out)))

/* ---- what the macros need; not for programs ---- */

OCT_API oct_err octi_scatter(oct_pool *pool, const octi_type *type, const void *in, size_t count,
                             oct_future **futures);
OCT_API oct_future *octi_broadcast(oct_pool *pool, const octi_type *type, const void *in, size_t checked);
OCT_API oct_err octi_gather(oct_future *const *futures, size_t count, void *out, octi_kind kind, size_t size);

#define OCTI_PUT(T, in) (&(const octi_type){#T, OCTI_KIND_AT((T *)0), sizeof(T), NULL})
#define OCTI_CHECK_PUT(T, in)                                                                                \
    (OCTI_ASSERT(OCTI_CAN_TRAVEL(T), "octavo: a " #T " is a pointer, which means nothing elsewhere") +       \
     OCTI_ASSERT(OCTI_SAME(in, T) || OCTI_BOTH_STRINGS(in, T), "octavo: the inputs are not of type " #T))

#ifdef __cplusplus
}
#endif
#endif
