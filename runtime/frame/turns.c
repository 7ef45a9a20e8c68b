#include <stdlib.h>
#include <string.h>

#include "oct/future.h"
#include "runtime/exec/job.h"
#include "runtime/frame/turns.h"
#include "runtime/future/wait.h"

typedef struct octi_turn {
    octi_turn_fn *fn;
    void *ctx;
    size_t number;
    oct_error *error; /* its own */
} octi_turn;

static void run_turn(const void *args, void *unused)
{
    octi_turn turn;
    (void)unused;
    memcpy(&turn, args, sizeof(turn));
    (void)turn.fn(turn.number, turn.ctx, turn.error);
}

/* Not in the registry: what takes an address must not be called from another process. */
static oct_task turn_task = {
    .name = "octi_frame_turn",
    .result = {"void", OCTI_VOID, 0, NULL},
    .args_size = sizeof(octi_turn),
    .run = run_turn,
    .plain_args = true,
    .plain_value = true,
    .unrecorded = true,
};

bool octi_turns_are_tasks(const oct_pool *pool)
{
    return strcmp(oct_pool_kind(pool), "threads") == 0;
}

static oct_err first_error(const oct_error *errors, size_t count, oct_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (errors[i].code != OCT_OK) {
            if (err)
                *err = errors[i];
            return errors[i].code;
        }
    return OCT_OK;
}

/* Those that cannot be submitted run here. */
static void run_as_tasks(oct_pool *pool, size_t count, const octi_turn *turns, oct_future **futures)
{
    for (size_t i = 0; i < count; i++) {
        futures[i] = octi_submit(pool, NULL, &turn_task, &turns[i], NULL, 0);
        if (!futures[i])
            run_turn(&turns[i], NULL);
    }
    for (size_t i = 0; i < count; i++) {
        if (!futures[i])
            continue;
        /* Never given up: what it works on is the caller's. */
        oct_err waited = octi_wait_for(octi_job_of(futures[i]), 0, NULL);
        (void)waited;
        if (oct_result(futures[i], NULL) != OCT_OK)
            *turns[i].error = *oct_last_error(); /* it was cancelled */
    }
}

oct_err octi_turns(oct_pool *pool, size_t count, octi_turn_fn *fn, void *ctx, oct_error *err)
{
    octi_turn *turns = malloc((count + 1) * sizeof(*turns));
    oct_error *errors = malloc((count + 1) * sizeof(*errors));
    oct_future **futures = malloc((count + 1) * sizeof(oct_future *));
    oct_err code = OCT_OK;
    if (!turns || !errors || !futures)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu tasks", count);
    for (size_t i = 0; code == OCT_OK && i < count; i++) {
        errors[i] = (oct_error)OCT_ERROR_INIT;
        turns[i] = (octi_turn){fn, ctx, i, &errors[i]};
        if (!octi_turns_are_tasks(pool))
            run_turn(&turns[i], NULL);
    }
    if (code == OCT_OK && octi_turns_are_tasks(pool))
        run_as_tasks(pool, count, turns, futures);
    if (code == OCT_OK)
        code = first_error(errors, count, err);
    free(turns);
    free(errors);
    free(futures);
    return code;
}
