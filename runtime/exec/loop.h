/* exec/loop.h - a task on a stretch of items, on the calling thread. */
#ifndef OCTI_LOOP_H
#define OCTI_LOOP_H

#include "runtime/exec/context.h"

/* An item that failed, at its index within the stretch. */
typedef void (*octi_item_fn)(size_t index, const oct_error *error, void *ctx);

/* Runs task on `count` native items at `in`. `args` is the task's C struct, whose first field
 * is not read. The results go to `out`, which has room for them unless the task is void; those
 * of failed items are zeroed, and told to `failed` in order. */
OCT_API void octi_loop_run(const oct_task *task, const void *args, const void *in, size_t count, void *out,
                           octi_frame *frame, octi_item_fn failed, void *ctx);

/* oct_task_error was called in this loop. */
void octi_loop_touch(octi_loop *loop);

#endif
