/* oct/actor.h - state that stays on one worker, and calls of it, one after another.
 *
 *   typedef struct counter {
 *       long total;
 *   } counter;                                           // never travels: pointers are welcome
 *
 *   OCT_ACTOR(counter, counter_open, NULL, long, start)  // makes one: *self is zeroed
 *   {
 *       self->total = start;
 *   }
 *
 *   OCT_METHOD(counter, long, counter_add, long, x)      // a call of one
 *   {
 *       return self->total += x;
 *   }
 *
 *   oct_actor c = oct_actor_open(pool, counter_open, 100);
 *   oct_future *f = oct_submit(pool, counter_add, c, 5); // 105
 *   oct_actor_close(pool, c);
 *
 * A method is a task whose first argument is its actor, and is submitted as any other: with
 * options, with futures for the arguments after the actor, with results that are futures. An
 * oct_actor is a plain value: any thread may use it, and it may be given to tasks, put in structs
 * and returned, on every executor; it means its actor until that is closed.
 *
 * Order: calls run one at a time, so that methods need no locks. The calls that one thread or task
 * submits run in the order in which it submitted them; one that waits for a future among its
 * arguments holds up those behind it. A call that is cancelled, or whose argument fails, is passed
 * over. Priorities and retries have no meaning for calls, and none are made.
 *
 * Where: threads: in the program's process, on whichever worker is free. Processes: in a worker
 * process of its own, beside those of the pool. Cluster: on one node, on whichever thread is free
 * there. A call in the queue occupies no worker.
 *
 * Failures: a call that fails, fails; the actor goes on with its state as the call left it. When the
 * constructor fails, every call fails with that error. When a worker process dies, of a crash, a
 * time limit, or a running call that was cancelled, the actor is lost: the call that ran fails with
 * what happened, all others, waiting or later, with OCT_E_LOST. Closed, or never there:
 * OCT_E_NOTFOUND. An actor of another type than the method's: OCT_E_TYPE. A method that waits for a
 * call of its own actor fails with OCT_E_DEADLOCK, and so does one of those that wait for each other,
 * on any nodes. Calls are never journalled.
 *
 * Opening: returns before the constructor has run, but for a task that opens one on another node: there
 * it waits, so that whoever is told of the actor by what the task returns finds it.
 *
 * Cost: a call is a submit and a lock: about what oct_submit costs with options. Others follow
 * before the first has returned, except over 4 KB of arguments or with futures to another node. */
#ifndef OCT_ACTOR_H
#define OCT_ACTOR_H

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct oct_actor {
    uint64_t id; /* 0: none */
    int32_t node;
    int32_t unused;
} oct_actor;

/* OCT_ACTOR(type, name, end, arguments...) { body }: a constructor, with up to seven arguments. The
 * body fills in `self`, a zeroed `type *`, which stays where it is; it fails by oct_task_error, and
 * then frees what it made itself. `end`, a `void (*)(type *)` or NULL, is called by oct_actor_close to free
 * what self points at. At file scope, once a name in a program. */
#define OCT_ACTOR(S, fn, end, ...)                                                                           \
    static void octi__m_##fn(S *self __VA_OPT__(, )                                                          \
                                 OCTI_PAIRS(OCTI_ARG_PARAM, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__));     \
    static void octi__end_##fn(void *octi_self)                                                              \
    {                                                                                                        \
        void (*octi_end)(S *) = end;                                                                         \
        if (octi_end)                                                                                        \
            octi_end((S *)octi_self);                                                                        \
    }                                                                                                        \
    OCT_TASK(void, fn, oct_actor, octi_who __VA_OPT__(, ) __VA_ARGS__)                                       \
    {                                                                                                        \
        S *octi_self = (S *)octi_actor_begin(octi_who, &octi__task_##fn, #S, sizeof(S), octi__end_##fn);     \
        if (!octi_self)                                                                                      \
            return;                                                                                          \
        octi__m_##fn(octi_self __VA_OPT__(, )                                                                \
                         OCTI_PAIRS(OCTI_ARG_NAME, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__));              \
        octi_actor_made(octi_who);                                                                           \
    }                                                                                                        \
    OCTI_IS_CALL(fn, OCTI_OPENS)                                                                             \
    static void octi__m_##fn(S *self OCTI_MAYBE __VA_OPT__(, )                                               \
                                 OCTI_PAIRS(OCTI_ARG_PARAM, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__))

/* OCT_METHOD(type, R, name, arguments...) { body }: a call that returns an R, with `self` and up to
 * seven arguments. What types they may have is in oct/value.h. At file scope, once a name. */
#define OCT_METHOD(S, R, fn, ...)                                                                            \
    static R octi__m_##fn(S *self __VA_OPT__(, )                                                             \
                              OCTI_PAIRS(OCTI_ARG_PARAM, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__));        \
    OCT_TASK(R, fn, oct_actor, octi_who __VA_OPT__(, ) __VA_ARGS__)                                          \
    {                                                                                                        \
        S *octi_self = (S *)octi_actor_enter(octi_who, &octi__task_##fn, #S);                                \
        OCTI_CAT(OCTI_METHOD_, OCTI_IS_VOID(R))                                                              \
        (R, octi__m_##fn(octi_self __VA_OPT__(, )                                                            \
                             OCTI_PAIRS(OCTI_ARG_NAME, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__)));         \
    }                                                                                                        \
    OCTI_IS_CALL(fn, OCTI_CALLS)                                                                             \
    static R octi__m_##fn(S *self OCTI_MAYBE __VA_OPT__(, )                                                  \
                              OCTI_PAIRS(OCTI_ARG_PARAM, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__))

/* Makes an actor, on the nodes in turn, or on the one that is named. Returns at once (see Opening): calls may
 * follow. When it cannot even begin the actor's id is 0, and oct_last_error tells. */
#define oct_actor_open(pool, fn, ...) oct_actor_open_on(pool, OCTI_IN_TURN, fn __VA_OPT__(, ) __VA_ARGS__)
#define oct_actor_open_on(pool, number, fn, ...)                                                             \
    octi_actor_open(pool, number, &octi__task_##fn,                                                          \
                    (struct octi__args_##fn[1]){                                                             \
                        octi__args_##fn(OCTI_ZERO(octi__t0_##fn) OCTI_REST(OCTI_VALUE, fn, __VA_ARGS__))},   \
                    OCTI_FUTURES(NULL __VA_OPT__(, ) __VA_ARGS__))

/* Ends an actor after the calls that the caller submitted before; does not wait. Those submitted by
 * others and not begun by then fail. The pool's closing ends the actors that are left, except those
 * in worker processes, which end with their processes. OCT_E_STATE for a closed pool. */
OCT_API oct_err oct_actor_close(oct_pool *pool, oct_actor actor);

/* ---- what the macros need; not for programs ---- */

OCT_API oct_actor octi_actor_open(oct_pool *pool, int node, oct_task *task, void *args,
                                  oct_future *const *futures, size_t future_count);

/* In the tasks. NULL when the call is to fail: then the task's error says why. */
OCT_API void *octi_actor_begin(oct_actor actor, const oct_task *task, const char *type, size_t size,
                               void (*end)(void *self));
OCT_API void octi_actor_made(oct_actor actor);
OCT_API void *octi_actor_enter(oct_actor actor, const oct_task *task, const char *type);

#define OCTI_IN_TURN INT32_MIN
#define OCTI_ARG_NAME(fn, i, T, a) a
#define OCTI_METHOD_0(R, call)                                                                               \
    return octi_self ? call : (R)                                                                            \
    {                                                                                                        \
        0                                                                                                    \
    }
#define OCTI_METHOD_1(R, call)                                                                               \
    if (octi_self)                                                                                           \
    call
#define OCTI_IS_CALL(fn, what)                                                                               \
    __attribute__((constructor)) static void octi__call_##fn(void)                                           \
    {                                                                                                        \
        octi__task_##fn.role = what;                                                                         \
        octi__task_##fn.unrecorded = true;                                                                   \
    }

#ifdef __cplusplus
}
#endif
#endif
