/* exercise/ahead.h - what is compiled ahead, while earlier stages run.
 *
 * By a process that is not below this one: a trial takes all it finds below this one for its own (trial.h).
 * It stops when this one ends, however it does. */
#ifndef OCTI_AHEAD_H
#define OCTI_AHEAD_H

#include "provision/exercise/kit.h"

typedef struct octi_ahead octi_ahead;

/* Makes a variant, as octi_kit_compile; runs in the other process. */
typedef oct_err (*octi_ahead_fn)(void *ctx, octi_variant variant, bool (*stop)(void),
                                 octi_trial_result *result, oct_error *err);

/* Has the variants made that are wanted, one after another. What ctx points to is as it is now. NULL when
 * that cannot be: then nothing is made ahead. */
octi_ahead *octi_ahead_start(const bool wanted[OCTI_VARIANTS], octi_ahead_fn make, void *ctx);

/* Waits for a variant, at most until stop says so. False when it was not made ahead, whatever the reason;
 * else the caller frees *result. NULL makes nothing. */
bool octi_ahead_take(octi_ahead *ahead, octi_variant variant, bool (*stop)(void), octi_trial_result *result);

/* Stops what is still under way, and waits for it. NULL is ignored. */
void octi_ahead_end(octi_ahead *ahead);

#endif
