/* oct/future.h - results that will exist later.
 *
 *   oct_future *f = oct_submit(pool, slowadd, 1.0, 2.0);
 *   double sum;
 *   if (oct_result(f, &sum) != OCT_OK)
 *       oct_die(f);
 *
 * A future belongs to whoever submitted it until it is taken: by oct_result, when that
 * succeeds, or by oct_release. A future that fails stays, to be asked why. What nobody takes
 * is freed with its pool. The handle is not an address: using one that was taken is an error
 * (OCT_E_STATE), not a crash. Any thread may use any future.
 *
 * The C compiler checks the arguments of a submit as those of a call: their number, and that
 * their types convert. An argument may also be a future whose task returns what the parameter
 * takes (checked when it is submitted): the task starts when that future is done, where its
 * value is, without bringing it here. */
#ifndef OCT_FUTURE_H
#define OCT_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "oct/pool.h"
#include "oct/task.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct oct_future oct_future;

/* For time-outs: wait as long as it takes. */
#define OCT_FOREVER (-1.0)

typedef struct oct_options {
    int priority;      /* higher starts earlier among what waits; 0 by default */
    int retries;       /* how often a task that fails, crashes or is lost runs again */
    double time_limit; /* seconds it may run, or its future fails with OCT_E_TIMEOUT; 0: no limit.
                          A process is killed then; a thread cannot be, so there the task is
                          told by oct_task_cancelled, and the future fails when it returns */
    int node;          /* run on node N - 1 (1 is the program's own); 0: anywhere */
    oct_future *near;  /* run where this future's value is, if that node has room */
    const char *tags;  /* run on a node that has all of these (oct/tags.h), or fail at once with
                          OCT_E_NOTFOUND; NULL: none. With `node`, that one must have them */
} oct_options;

/* Starts a task; oct_submit_with takes options first: &(oct_options){.retries = 2}.
 * Never NULL unless memory is short or the pool is NULL: what else goes wrong fails the
 * future. Inside a task, on oct_task_pool(), it submits nested work. */
#define oct_submit(pool, fn, ...) oct_submit_with(pool, NULL, fn __VA_OPT__(, ) __VA_ARGS__)
#define oct_submit_with(pool, options, fn, ...)                                                              \
    octi_submit(pool, options, &octi__task_##fn,                                                             \
                (struct octi__args_##fn[1]){octi__args_##fn(OCTI_EACH(OCTI_VALUE, fn, __VA_ARGS__))},        \
                OCTI_FUTURES(__VA_ARGS__))

/* A task on the value of `future` and further arguments, on the same pool. */
#define oct_then(future, fn, ...)                                                                            \
    octi_then(&octi__task_##fn,                                                                              \
              (struct octi__args_##fn[1]){                                                                   \
                  octi__args_##fn(OCTI_EACH(OCTI_VALUE, fn, future __VA_OPT__(, ) __VA_ARGS__))},            \
              OCTI_FUTURES(future __VA_OPT__(, ) __VA_ARGS__))

/* Waits, stores the value in *out and takes the future. `out` points to what the task
 * returns, or is NULL for a task without a value or when the value is not wanted.
 * On failure *out is untouched and the future stays: OCT_E_TASK, OCT_E_CRASH, OCT_E_CANCELLED,
 * ... from the task, OCT_E_TYPE when *out is of another type, OCT_E_STATE when the future was
 * taken before, OCT_E_DEADLOCK when the wait would never end. */
#define oct_result(future, out) oct_result_within(future, out, OCT_FOREVER)

/* The same, for at most so many seconds: OCT_E_TIMEOUT leaves everything as it is. */
#define oct_result_within(future, out, seconds)                                                              \
    octi_result(future, out, OCTI_KIND_AT(out), sizeof(*(out)), seconds)

/* Waits for one. OCT_OK when it is done, however it ended. */
OCT_API oct_err oct_wait(oct_future *future, double seconds);

typedef enum oct_until {
    OCT_ALL_DONE,
    OCT_ANY_DONE,
    OCT_ANY_FAILED, /* or all done */
} oct_until;

/* Waits for many; entries that are NULL count as done. OCT_OK or OCT_E_TIMEOUT. */
OCT_API oct_err oct_wait_many(oct_future *const *futures, size_t count, oct_until until, double seconds);

/* True when it is done, however it ended. */
OCT_API bool oct_done(oct_future *future);

/* Withdraws a task that has not started: OCT_OK, and the future fails with OCT_E_CANCELLED.
 * A running one is told (oct_task_cancelled), or killed where workers are processes;
 * OCT_E_STATE then, and when it is done. */
OCT_API oct_err oct_cancel(oct_future *future);

/* Takes a future without its value. One that is not done runs on, then frees itself. */
OCT_API void oct_release(oct_future *future);

/* Calls fn once, when the future is done (at once if it is), in the thread that finishes it:
 * be brief, and do not wait in it. `future` is valid for the call. */
typedef void (*oct_done_fn)(oct_future *future, void *ctx);
OCT_API oct_err oct_on_done(oct_future *future, oct_done_fn fn, void *ctx);

/* Futures in the order in which they are done. */
typedef struct oct_completed oct_completed;

/* NULL when memory is short. `count` may be 0; more can be added while it is read. */
OCT_API oct_completed *oct_as_completed(oct_future *const *futures, size_t count);
OCT_API oct_err oct_completed_add(oct_completed *completed, oct_future *future);

/* The next one that is done, after waiting for it, and in *index (unless NULL) the number it
 * was added as. NULL when all were given, or at the time-out (oct_last_error tells). */
OCT_API oct_future *oct_completed_next(oct_completed *completed, size_t *index, double seconds);
OCT_API void oct_completed_destroy(oct_completed *completed);

/* What is known of a task that failed. Texts are cut to fit, never absent. */
typedef struct oct_failure {
    oct_error error;
    int attempts; /* how often it ran */
    char task[64];
    char args[160];       /* a summary: "1, \"a.csv\", oct_doubles[1000]" */
    char node[64];        /* where it ran last; "" when it never ran, and on a pool that is no cluster */
    char backtrace[2048]; /* one frame a line, innermost first; "" when there is none */
} oct_failure;

/* Why a future failed; NULL when it did not or is not done. Valid until it is taken. */
OCT_API const oct_failure *oct_future_failure(oct_future *future);

/* NULL for a future that was taken. */
OCT_API oct_pool *oct_future_pool(oct_future *future);

/* For a program's own main: prints why the future failed (NULL: oct_last_error) on stderr and
 * exits with 1. The one call of the library that ends a program. */
OCT_API __attribute__((noreturn)) void oct_die(oct_future *future);

/* ---- what the macros need; not for programs ---- */

OCT_API oct_future *octi_submit(oct_pool *pool, const oct_options *options, oct_task *task, const void *args,
                                oct_future *const *futures, size_t future_count);
OCT_API oct_future *octi_then(oct_task *task, const void *args, oct_future *const *futures,
                              size_t future_count);
OCT_API oct_err octi_result(oct_future *future, void *out, octi_kind kind, size_t size, double seconds);

/* An argument, or a zero of the parameter's type in the place of a future. */
#define OCTI_VALUE(fn, i, x) _Generic((x), oct_future * : OCTI_ZERO(octi__t##i##_##fn), default : (x))

/* {0} would do, but gcc misses braces in it where T begins with an array. */
#define OCTI_ZERO(T)                                                                                         \
    ((struct {                                                                                               \
         char octi_first;                                                                                    \
         T octi_zero;                                                                                        \
     }){.octi_first = 0}                                                                                     \
         .octi_zero)

/* The arguments that are futures, NULL in between, and how many there are; NULL, 0 when none is. */
#define OCTI_FUTURES(...) OCTI_CAT(OCTI_FUTURES_, OCTI_N(__VA_ARGS__))(__VA_ARGS__)
#define OCTI_FUTURES_0() NULL, 0
#define OCTI_FUTURES_1(...) OCTI_FUTURES_OF(1, __VA_ARGS__)
#define OCTI_FUTURES_2(...) OCTI_FUTURES_OF(2, __VA_ARGS__)
#define OCTI_FUTURES_3(...) OCTI_FUTURES_OF(3, __VA_ARGS__)
#define OCTI_FUTURES_4(...) OCTI_FUTURES_OF(4, __VA_ARGS__)
#define OCTI_FUTURES_5(...) OCTI_FUTURES_OF(5, __VA_ARGS__)
#define OCTI_FUTURES_6(...) OCTI_FUTURES_OF(6, __VA_ARGS__)
#define OCTI_FUTURES_7(...) OCTI_FUTURES_OF(7, __VA_ARGS__)
#define OCTI_FUTURES_8(...) OCTI_FUTURES_OF(8, __VA_ARGS__)
#define OCTI_FUTURES_OF(n, ...)                                                                              \
    (oct_future *const[n]){OCTI_EACH(OCTI_FUTURE, , __VA_ARGS__)},                                           \
        (OCTI_EACH_SUM(OCTI_IS_FUTURE, __VA_ARGS__)) ? n : 0
#define OCTI_FUTURE(c, i, x) _Generic((x), oct_future * : (x), default : NULL)
#define OCTI_IS_FUTURE(x) _Generic((x), oct_future * : 1, default : 0)

#ifdef __cplusplus
}
#endif
#endif
