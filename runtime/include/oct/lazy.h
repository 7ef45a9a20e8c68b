/* oct/lazy.h - a map over inputs that are made as they are needed.
 *
 *   static bool next_line(void *item, void *ctx)     // the task's first argument, by its address
 *   {
 *       job *self = ctx;
 *       *(char **)item = self->line;
 *       return getline(&self->line, &self->room, self->file) > 0;
 *   }
 *
 *   oct_lazy lines = {.next = next_line, .each = print, .ctx = &self};
 *   oct_map_lazy(pool, &lines, parse);
 *
 * However long the input, only a window of items is under way, and memory does not grow. Each
 * item is a task of its own, so an item's failure is that item's. */
#ifndef OCT_LAZY_H
#define OCT_LAZY_H

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Puts the next item into *item, which is of the type of the task's first argument, and returns
 * true; false when there are no more. What the item points to is copied before the next call. */
typedef bool (*oct_next_fn)(void *item, void *ctx);

/* The item's result by its address, NULL for a task without a value and for an item that failed;
 * failure is NULL for one that did not. All of it is valid for the call. */
typedef void (*oct_each_fn)(size_t item, const void *value, const oct_failure *failure, void *ctx);

typedef struct oct_lazy {
    oct_next_fn next;
    oct_each_fn each;  /* NULL: the values are not wanted */
    void *ctx;         /* of both, which are called in the thread that called oct_map_lazy */
    bool as_completed; /* results as they come; else in the order of the items */
    size_t window;     /* items under way at most; 0: 64 a worker */
} oct_lazy;

/* Waits for all items. OCT_OK, or the code of the first item that failed, with oct_last_error as
 * after oct_map. A NULL among pool and next is OCT_E_INVALID. */
#define oct_map_lazy(pool, lazy, fn, ...)                                                                    \
    octi_map_lazy(pool, lazy, &octi__task_##fn,                                                              \
                  (struct octi__args_##fn[1]){                                                               \
                      octi__args_##fn(OCTI_ZERO(octi__t0_##fn) OCTI_REST(OCTI_VALUE, fn, __VA_ARGS__))},     \
                  OCTI_FUTURES(NULL __VA_OPT__(, ) __VA_ARGS__))

/* ---- what the macro needs; not for programs ---- */

OCT_API oct_err octi_map_lazy(oct_pool *pool, const oct_lazy *lazy, oct_task *task, void *args,
                              oct_future *const *futures, size_t future_count);

#ifdef __cplusplus
}
#endif
#endif
