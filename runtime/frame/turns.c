#include <stdlib.h>
#include <string.h>

#include "oct/map.h"
#include "runtime/frame/turns.h"

typedef struct octi_turn {
    octi_turn_fn *fn;
    void *ctx;
    size_t number;
    oct_error *error; /* its own; a value, which oct_map would tell as one of several */
} octi_turn;

OCT_TASK(void, octi_frame_turn, octi_turn, turn)
{
    (void)turn.fn(turn.number, turn.ctx, turn.error);
}

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

oct_err octi_turns(oct_pool *pool, size_t count, octi_turn_fn *fn, void *ctx, oct_error *err)
{
    octi_turn *turns = malloc((count + 1) * sizeof(*turns));
    oct_error *errors = malloc((count + 1) * sizeof(*errors));
    oct_err code = OCT_OK;
    if (!turns || !errors)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu tasks", count);
    for (size_t i = 0; code == OCT_OK && i < count; i++) {
        errors[i] = (oct_error)OCT_ERROR_INIT;
        turns[i] = (octi_turn){fn, ctx, i, &errors[i]};
    }
    for (size_t i = 0; code == OCT_OK && !octi_turns_are_tasks(pool) && i < count; i++)
        (void)fn(i, ctx, &errors[i]);
    if (code == OCT_OK && octi_turns_are_tasks(pool)) {
        oct_map_options options = {.chunk = 1};
        code = oct_map_with(pool, &options, octi_frame_turn, turns, count, NULL);
        if (code != OCT_OK && err)
            *err = *oct_last_error();
    }
    if (code == OCT_OK)
        code = first_error(errors, count, err);
    free(turns);
    free(errors);
    return code;
}
