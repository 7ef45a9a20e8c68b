/* frame/turns.h - a loop of the library's own whose turns may run at once.
 *
 * Where tasks see the program's memory, turns are tasks of the pool. Elsewhere what they work on would have
 * to travel, which costs the program three quarters of what merging partitions does (README.md): there they
 * run in threads of the program, as many as a node of the pool has workers, which have nothing to do as long
 * as the program waits, and at most one a processor that the program may use. A turn writes to what is its
 * own, so that either gives the same. */
#ifndef OCTI_TURNS_H
#define OCTI_TURNS_H

#include <stddef.h>

#include "oct/pool.h"

typedef oct_err octi_turn_fn(size_t turn, void *ctx, oct_error *err);

/* True where turns are tasks. */
bool octi_turns_are_tasks(const oct_pool *pool);

/* How many turns may run at once, at least 1. */
size_t octi_turns_at_once(const oct_pool *pool);

/* Waits for all turns. Fails as the first that failed, in their order; the others have run. */
OCT_NODISCARD oct_err octi_turns(oct_pool *pool, size_t count, octi_turn_fn *fn, void *ctx, oct_error *err);

#endif
