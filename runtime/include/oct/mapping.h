/* oct/mapping.h - a map that goes on while the program does something else.
 *
 *   oct_mapping *m = oct_map_async(pool, square, x, N, y);
 *   while (oct_mapping_wait(m, 0.1) == OCT_E_TIMEOUT)
 *       printf("%zu of %d\n", oct_mapping_done(m), N);
 *   oct_mapping_destroy(m);
 *
 * `in` and `out`, and futures among the further arguments, stay the caller's and must last until
 * the map has ended; the other arguments are copied. `out` is zeroed first, so that items that
 * failed, or did not run, are zero. Any thread may wait, ask and cancel; one destroys. Closing
 * the pool waits for its maps, and oct_pool_cancel cancels them. */
#ifndef OCT_MAPPING_H
#define OCT_MAPPING_H

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct oct_mapping oct_mapping;

/* Starts oct_map. NULL when it cannot (oct_last_error tells); whatever fails later is what
 * oct_mapping_wait returns. Called by a task it has ended when this returns: a task that leaves
 * work behind would keep its worker from it. on_failure is called by a thread of the map. */
#define oct_map_async(pool, fn, in, count, out, ...)                                                         \
    oct_map_async_with(pool, NULL, fn, in, count, out __VA_OPT__(, ) __VA_ARGS__)

#define oct_map_async_with(pool, options, fn, in, count, out, ...)                                           \
    octi_map_async(pool, options, &octi__task_##fn,                                                          \
                   (struct octi__args_##fn[1]){                                                              \
                       octi__args_##fn(OCTI_ZERO(octi__t0_##fn) OCTI_REST(OCTI_VALUE, fn, __VA_ARGS__))},    \
                   OCTI_FUTURES(NULL __VA_OPT__(, ) __VA_ARGS__), in, (count) + OCTI_CHECK(fn, in, out),     \
                   out)

/* Waits, at most so many seconds (OCT_FOREVER), and returns what oct_map would have: OCT_OK, the
 * code of the first item that failed, or OCT_E_CANCELLED when it was cancelled before all items
 * had run. OCT_E_TIMEOUT while it goes on. oct_last_error says why. May be called again. */
OCT_API oct_err oct_mapping_wait(oct_mapping *mapping, double seconds);

/* How many items have run, whatever became of them. */
OCT_API size_t oct_mapping_done(const oct_mapping *mapping);

/* Begins no more items. Those under way end first: oct_mapping_wait tells when. */
OCT_API void oct_mapping_cancel(oct_mapping *mapping);

/* Cancels, waits and frees. NULL is ignored. */
OCT_API void oct_mapping_destroy(oct_mapping *mapping);

/* ---- what the macros need; not for programs ---- */

OCT_API oct_mapping *octi_map_async(oct_pool *pool, const oct_map_options *options, oct_task *task,
                                    const void *args, oct_future *const *futures, size_t future_count,
                                    const void *in, size_t count, void *out);

#ifdef __cplusplus
}
#endif
#endif
