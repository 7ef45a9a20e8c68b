#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "oct/future.h"
#include "runtime/base/cpus.h"
#include "runtime/exec/job.h"
#include "runtime/frame/turns.h"
#include "runtime/future/wait.h"

enum { MOST_THREADS = 64 };

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

size_t octi_turns_at_once(const oct_pool *pool)
{
    int nodes = oct_pool_nodes(pool), most = nodes > 0 ? oct_pool_workers(pool) / nodes : 1;
    if (octi_turns_are_tasks(pool))
        return (size_t)most;
    int cpus = octi_usable_cpus(); /* those of the threads that this one starts, too */
    most = most < cpus ? most : cpus;
    return most < 1 ? 1 : most > MOST_THREADS ? MOST_THREADS : (size_t)most;
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

/* A loop that threads of the program take turns of. */
typedef struct loop {
    const octi_turn *turns;
    size_t count;
    atomic_size_t next; /* relaxed: starting and joining threads orders all else */
} loop;

static void *take_turns(void *ctx)
{
    loop *l = ctx;
    for (size_t i; (i = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed)) < l->count;)
        run_turn(&l->turns[i], NULL);
    return NULL;
}

/* The caller is one of the threads; those that cannot be started are done without. Signals are for the
 * program's own threads. */
static void run_in_threads(size_t count, const octi_turn *turns, size_t threads)
{
    loop l = {.turns = turns, .count = count};
    pthread_t others[MOST_THREADS];
    size_t started = 0, wanted = threads < count ? threads : count;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started + 1 < wanted && pthread_create(&others[started], NULL, take_turns, &l) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    take_turns(&l);
    while (started > 0)
        pthread_join(others[--started], NULL);
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
    }
    if (code == OCT_OK && octi_turns_are_tasks(pool))
        run_as_tasks(pool, count, turns, futures);
    else if (code == OCT_OK)
        run_in_threads(count, turns, octi_turns_at_once(pool));
    if (code == OCT_OK)
        code = first_error(errors, count, err);
    free(turns);
    free(errors);
    free(futures);
    return code;
}
