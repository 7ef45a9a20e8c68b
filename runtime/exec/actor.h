/* exec/actor.h - the actors that live in this process: their states, by id.
 *
 * A state is touched only by the call that runs, of which there is one at a time (exec/turn.h, or the
 * worker process that has it to itself). */
#ifndef OCTI_ACTOR_H
#define OCTI_ACTOR_H

#include "oct/actor.h"
#include "runtime/exec/job.h"

/* In the task that closes it: frees the state. OCT_E_NOTFOUND. */
oct_err octi_actor_forget(oct_actor actor, oct_error *err);

/* Ends all that live here and were made by tasks of the pool. No task of it runs any more. */
void octi_actors_end(const oct_pool *pool);

/* A number that no other process of the program makes either, and never 0: nobody is asked for it. */
uint64_t octi_make_id(void);

/* True when the calling thread runs a method of the actor whose call `job` is: it cannot end before
 * that does. */
bool octi_actor_waits_for_itself(const octi_job *job);

#endif
