/* exec/shared/patience.h - waits for what is shared: how long, and the thread that ends them when their
 * time is up. Holding octi_things_lock, but for the last one. */
#ifndef OCTI_PATIENCE_H
#define OCTI_PATIENCE_H

#include "runtime/exec/shared/thing.h"

/* Has the job wait for the thing, `item` with it for a put, which it owns; or ends it, when it may not. */
void octi_patience_begin(octi_thing *self, octi_job *job, const octi_shared_request *request,
                         octi_item *item);

/* It has no time-out. */
bool octi_patience_is_endless(const octi_shared_request *request);

/* The pool closes: nobody waits for its things from here on, until it is forgotten. */
void octi_patience_refuse(const oct_pool *pool);
void octi_patience_forget(const oct_pool *pool);

/* Without the lock, after octi_patience_refuse: the timer has no more to do with that pool's jobs, and
 * ends if no others are left. */
void octi_patience_settle(void);

#endif
