/* oct/reduce.h - many values into one, and running totals.
 *
 *   OCT_TASK(double, larger, double, a, double, b) { return a > b ? a : b; }
 *
 *   oct_fold(pool, larger, x, N, &most);                   // of an array
 *   oct_future *best = oct_reduce(pool, larger, scores, N);   // of futures, where they are
 *   oct_scan(pool, sum, x, N, y);                          // y[i] = x[0] + ... + x[i]
 *
 * The task takes two values and returns one of the same type, and must be associative:
 * f(f(a, b), c) is f(a, f(b, c)). It need not be commutative: values keep their order. What is
 * combined with what depends on the count alone, never on the workers, so that sums of floating
 * point numbers come out the same on every pool, to the last bit. */
#ifndef OCT_REDUCE_H
#define OCT_REDUCE_H

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The future of all of them combined, in a binary tree. Takes the futures, even when it fails;
 * the array stays the caller's. Values are combined where they are: only the last comes home,
 * when somebody asks. One future is its own result. One that fails fails the result. NULL,
 * with oct_last_error, for none at all or when memory is short. */
#define oct_reduce(pool, fn, futures, count) octi_reduce(pool, OCTI_COMBINER(fn), futures, count)

/* Combines in[0] to in[count - 1] into *out and waits for it: blocks of 4096 from left to right,
 * then the blocks' results in the same way. OCT_E_INVALID for none at all. On failure *out is
 * untouched, and oct_last_error says what went wrong first. */
#define oct_fold(pool, fn, in, count, out)                                                                   \
    octi_fold(pool, OCTI_COMBINER(fn), in, (count) + OCTI_CHECK(fn, in, out), out)

/* out[i] is in[0] to in[i] combined. Two passes over blocks of 4096: their totals, then each from
 * the total before it (Blelloch, "Prefix sums and their applications", 1990). `out` is another
 * array than `in`. On failure all of `out` is zero. */
#define oct_scan(pool, fn, in, count, out)                                                                   \
    octi_scan(pool, OCTI_COMBINER(fn), in, (count) + OCTI_CHECK(fn, in, out), NULL, out)

/* out[i] is *first, a value of the same type, and in[0] to in[i - 1] combined. */
#define oct_scan_exclusive(pool, fn, in, count, first, out)                                                  \
    octi_scan(pool, OCTI_COMBINER(fn), in, (count) + OCTI_CHECK(fn, in, out) + OCTI_CHECK(fn, first, out),   \
              first, out)

/* ---- what the macros need; not for programs ---- */

OCT_API oct_future *octi_reduce(oct_pool *pool, oct_task *task, oct_future *const *futures, size_t count);
OCT_API oct_err octi_fold(oct_pool *pool, oct_task *task, const void *in, size_t count, void *out);
OCT_API oct_err octi_scan(oct_pool *pool, oct_task *task, const void *in, size_t count, const void *first,
                          void *out);

#define OCTI_LIKE_RESULT(fn, i)                                                                              \
    (__builtin_types_compatible_p(octi__t##i##_##fn, octi__r_##fn) ||                                        \
     OCTI_BOTH_STRINGS((octi__t##i##_##fn *)0, octi__r_##fn))
#define OCTI_COMBINER(fn)                                                                                    \
    (&octi__task_##fn + OCTI_ASSERT(OCTI_LIKE_RESULT(fn, 0) && OCTI_LIKE_RESULT(fn, 1),                      \
                                    "octavo: " #fn " does not combine two values into one of their type"))

#ifdef __cplusplus
}
#endif
#endif
