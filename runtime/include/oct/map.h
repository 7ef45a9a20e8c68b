/* oct/map.h - the same task on many inputs.
 *
 *   double x[N], y[N];
 *   oct_map(pool, square, x, N, y);                     // y[i] = square(x[i])
 *   oct_map(pool, convert, argv + 1, argc - 1, NULL, outdir);   // convert(argv[1 + i], outdir)
 *
 * The item is the task's first argument; further arguments are the same for all items. The
 * compiler checks that `in` points to the first parameter's type and `out` to the result's.
 * Results are in the order of the inputs; `out` is NULL for a task without a value, or when
 * the values are not wanted. Memory beyond `in` and `out` does not grow with the count. */
#ifndef OCT_MAP_H
#define OCT_MAP_H

#include "oct/future.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An item that failed, told in the order of the items, in the thread that called oct_map. */
typedef void (*oct_item_failed_fn)(size_t item, const oct_failure *failure, void *ctx);

typedef struct oct_map_options {
    size_t chunk; /* items at a time; 0: found out while it runs, aiming at a fraction of a ms */
    oct_item_failed_fn on_failure; /* NULL: only the first failure is kept, for oct_last_error */
    void *ctx;
    const char *tags; /* run on nodes that have all of these (oct/tags.h), in turn, or fail with
                         OCT_E_NOTFOUND before any item has run; NULL: anywhere */
} oct_map_options;

/* Waits for all items. An item that fails has a zeroed out[i] and stops no other:
 * the code of the first failing item is returned, and oct_last_error says how many failed and
 * why the first did. An item that crashes its worker process fails with OCT_E_CRASH;
 * others of its chunk may run more than once then. */
#define oct_map(pool, fn, in, count, out, ...)                                                               \
    oct_map_with(pool, NULL, fn, in, count, out __VA_OPT__(, ) __VA_ARGS__)

#define oct_map_with(pool, options, fn, in, count, out, ...)                                                 \
    octi_map(pool, options, &octi__task_##fn,                                                                \
             (struct octi__args_##fn[1]){                                                                    \
                 octi__args_##fn(OCTI_ZERO(octi__t0_##fn) OCTI_REST(OCTI_VALUE, fn, __VA_ARGS__))},          \
             OCTI_FUTURES(NULL __VA_OPT__(, ) __VA_ARGS__), in, (count) + OCTI_CHECK(fn, in, out), out)

/* ---- what the macros need; not for programs ---- */

OCT_API oct_err octi_map(oct_pool *pool, const oct_map_options *options, oct_task *task, const void *args,
                         oct_future *const *futures, size_t future_count, const void *in, size_t count,
                         void *out);

#define OCTI_SAME(p, T) __builtin_types_compatible_p(__typeof__(*(p)), T)
#define OCTI_BOTH_STRINGS(p, T)                                                                              \
    ((OCTI_SAME(p, char *) || OCTI_SAME(p, const char *)) &&                                                 \
     (__builtin_types_compatible_p(T, char *) || __builtin_types_compatible_p(T, const char *)))
#define OCTI_ASSERT(condition, text)                                                                         \
    (0 * sizeof(struct {                                                                                     \
         _Static_assert(condition, text);                                                                    \
         char octi_c;                                                                                        \
     }))
#define OCTI_CHECK(fn, in, out)                                                                              \
    (OCTI_ASSERT(OCTI_SAME(in, octi__t0_##fn) || OCTI_BOTH_STRINGS(in, octi__t0_##fn),                       \
                 "octavo: the inputs are not of the first argument's type of " #fn) +                        \
     OCTI_ASSERT(OCTI_SAME(out, octi__r_##fn) || OCTI_SAME(out, void),                                       \
                 "octavo: the outputs are not of the result type of " #fn))

#ifdef __cplusplus
}
#endif
#endif
