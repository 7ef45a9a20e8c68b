/* oct/task.h - functions that any executor can run anywhere.
 *
 *   OCT_TASK(double, slowadd, double, a, double, b)
 *   {
 *       oct_sleep(1.0);
 *       return a + b;
 *   }
 *
 * defines `static double slowadd(double a, double b)`, an ordinary function that may still be
 * called, and makes it known by its name, so that other processes and nodes, which run the
 * same binary, find it. At most eight arguments; what types they may have is in oct/value.h.
 * A result type of `oct_err` is an outcome rather than a value: anything but OCT_OK fails the
 * task. `void` has no value. At file scope, once a name in a program.
 *
 * Tasks run at the same time as others, so what they share they must guard; on other executors
 * than threads they share nothing. */
#ifndef OCT_TASK_H
#define OCT_TASK_H

#include "oct/pairs.h"
#include "oct/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The running task's error, for calls that take one, and to fail with a reason:
 *
 *   if (!file) {
 *       oct_fail(oct_task_error(), OCT_E_IO, "cannot open '%s'", path);
 *       return 0;
 *   }
 *
 * A task that returns with a code other than OCT_OK in it has failed, whatever it returned.
 * Valid until the task ends; outside of any task, an error of the calling thread. */
OCT_API oct_error *oct_task_error(void);

/* True when whoever started the running task does not want its result any more. Long tasks
 * ask now and then, and return. */
OCT_API bool oct_task_cancelled(void);

/* The pool that runs the calling task, to submit more to; NULL outside of tasks. */
typedef struct oct_pool oct_pool;
OCT_API oct_pool *oct_task_pool(void);

/* Sleeps for that many seconds. For lessons and tests: it stands for work. */
OCT_API void oct_sleep(double seconds);

#define OCT_TASK(R, fn, ...)                                                                                 \
    typedef R octi__r_##fn;                                                                                  \
    OCTI_PAIRS(OCTI_ARG_TYPE, OCTI_NOTHING, fn __VA_OPT__(, ) __VA_ARGS__)                                   \
    struct octi__args_##fn {                                                                                 \
        OCTI_PAIRS(OCTI_ARG_FIELD, OCTI_NOTHING, fn __VA_OPT__(, ) __VA_ARGS__)                              \
    };                                                                                                       \
    static R fn(OCTI_CAT(OCTI_LIST_, OCTI_N(__VA_ARGS__))(OCTI_ARG_PARAM, fn, __VA_ARGS__));                 \
    OCTI_MAYBE static inline struct octi__args_##fn octi__args_##fn(                                         \
        OCTI_CAT(OCTI_LIST_, OCTI_N(__VA_ARGS__))(OCTI_ARG_PARAM, fn, __VA_ARGS__))                          \
    {                                                                                                        \
        struct octi__args_##fn octi_a = {                                                                    \
            OCTI_PAIRS(OCTI_ARG_INIT, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__)};                           \
        return octi_a;                                                                                       \
    }                                                                                                        \
    static void octi__run_##fn(const void *octi_in, void *octi_out)                                          \
    {                                                                                                        \
        const struct octi__args_##fn *octi_a = (const struct octi__args_##fn *)octi_in;                      \
        (void)octi_a;                                                                                        \
        (void)octi_out;                                                                                      \
        OCTI_CAT(OCTI_RUN_, OCTI_IS_VOID(R))                                                                 \
        (R, fn(OCTI_PAIRS(OCTI_ARG_USE, OCTI_COMMA, fn __VA_OPT__(, ) __VA_ARGS__)));                        \
    }                                                                                                        \
    OCTI_CAT(OCTI_LOOP_, OCTI_N(__VA_ARGS__))                                                                \
    (R, fn, __VA_ARGS__) OCTI_CAT(OCTI_FORK_, OCTI_IS_VOID(R))(                                              \
        R, fn, __VA_ARGS__) static const octi_param octi__params_##fn[] = {                                  \
        OCTI_PAIRS(OCTI_ARG_DESC, OCTI_NOTHING, fn __VA_OPT__(, ) __VA_ARGS__){{0, OCTI_VOID, 0, 0}, 0}};    \
    static oct_task octi__task_##fn = {                                                                      \
        .name = #fn,                                                                                         \
        .file = __FILE__,                                                                                    \
        .line = __LINE__,                                                                                    \
        .result = {#R, OCTI_KIND_AT((octi__r_##fn *)0), OCTI_CAT(OCTI_SIZE_, OCTI_IS_VOID(R))(R), 0},        \
        .params = octi__params_##fn,                                                                         \
        .param_count = sizeof(octi__params_##fn) / sizeof(octi_param) - 1,                                   \
        .args_size = sizeof(struct octi__args_##fn),                                                         \
        .run = octi__run_##fn,                                                                               \
        .loop = octi__loop_##fn,                                                                             \
    };                                                                                                       \
    __attribute__((constructor)) static void octi__add_##fn(void)                                            \
    {                                                                                                        \
        octi_task_add(&octi__task_##fn);                                                                     \
    }                                                                                                        \
    static R fn(OCTI_CAT(OCTI_LIST_, OCTI_N(__VA_ARGS__))(OCTI_ARG_PARAM, fn, __VA_ARGS__))

/* ---- what the macros need; not for programs ---- */

#define OCTI_MAYBE __attribute__((unused))

typedef struct oct_task oct_task;

typedef struct octi_param {
    octi_type type;
    uint32_t offset; /* in the arguments' struct */
} octi_param;

/* A stretch of items for one call of a task's loop. */
typedef struct octi_loop {
    const void *args; /* the arguments' struct; its first field is not read */
    const void *in;   /* the first argument of each item */
    void *out;        /* a result each, or NULL where the task is void */
    size_t count;
    const void *item;    /* the one that runs, for oct_task_error. A pointer, so that results
                            that are numbers cannot alias it: where the task is inlined, the
                            store leaves the loop, which then vectorises */
    const void *touched; /* the library's: the item that last asked for its error */
} octi_loop;

/* What submitting it means (oct/actor.h). */
typedef enum octi_role {
    OCTI_ORDINARY,
    OCTI_OPENS, /* these are calls of an actor, the first argument */
    OCTI_CALLS,
    OCTI_CLOSES,
    OCTI_SERVED, /* it does not run, but is answered in the program's process (oct/shared.h) */
} octi_role;

struct oct_task {
    const char *name;
    const char *file;
    int line;
    octi_type result;
    const octi_param *params;
    uint32_t param_count;
    uint32_t args_size;
    void (*run)(const void *args, void *result); /* NULL: it gives back its one argument */
    void (*loop)(octi_loop *loop);               /* NULL where there is no argument to map over */

    /* Filled in by the registry when the first pool opens. */
    uint32_t index;   /* by name: the same in every process that runs the same tasks */
    bool plain_args;  /* no argument carries a pointer: bytes are enough */
    bool plain_value; /* the same of the result */
    octi_type *types; /* the parameters', resolved */
    octi_role role;   /* set by a constructor */
    bool unrecorded;  /* what it does, or gives, is no use to a later run: no journal */
    oct_task *next;
};

OCT_API void octi_task_add(oct_task *task);

/* The start of a forked call, see oct/fork.h. */
typedef struct octi_fork {
    void (*run)(struct octi_fork *fork);
    uint32_t done;    /* atomic: 0 forked, 1 done, 2 forked and its joiner sleeps */
    oct_error *error; /* malloc'ed by a thief whose call failed */
} octi_fork;

#define OCTI_ARG_TYPE(fn, i, T, a)                                                                           \
    typedef T octi__t##i##_##fn;                                                                             \
    _Static_assert(OCTI_CAN_TRAVEL(T), "octavo: argument '" #a "' of task '" #fn                             \
                                       "' is a pointer, which means nothing elsewhere; use a string, an "    \
                                       "array of oct/value.h, or a struct with OCT_TYPE");
#define OCTI_ARG_FIELD(fn, i, T, a) T a;
#define OCTI_ARG_PARAM(fn, i, T, a) T a
#define OCTI_ARG_INIT(fn, i, T, a) a
#define OCTI_ARG_USE(fn, i, T, a) octi_a->a
#define OCTI_ARG_DESC(fn, i, T, a)                                                                           \
    {{#T, OCTI_KIND_AT((octi__t##i##_##fn *)0), sizeof(T), 0}, offsetof(struct octi__args_##fn, a)},

/* gcc's and clang's number for pointers is 5. */
#define OCTI_CAN_TRAVEL(T)                                                                                   \
    (__builtin_classify_type((T){0}) != 5 || __builtin_types_compatible_p(T, char *) ||                      \
     __builtin_types_compatible_p(T, const char *))

#define OCTI_RUN_0(R, call) *(R *)octi_out = call
#define OCTI_RUN_1(R, call) call
#define OCTI_SIZE_0(R) sizeof(R)
#define OCTI_SIZE_1(R) 0

#define OCTI_LIST_0(M, c, ...) void
#define OCTI_LIST_2(M, c, ...) OCTI_PAIRS_2(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_4(M, c, ...) OCTI_PAIRS_4(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_6(M, c, ...) OCTI_PAIRS_6(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_8(M, c, ...) OCTI_PAIRS_8(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_10(M, c, ...) OCTI_PAIRS_10(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_12(M, c, ...) OCTI_PAIRS_12(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_14(M, c, ...) OCTI_PAIRS_14(M, OCTI_COMMA, c, __VA_ARGS__)
#define OCTI_LIST_16(M, c, ...) OCTI_PAIRS_16(M, OCTI_COMMA, c, __VA_ARGS__)

/* The loop of oct_map: direct calls, so that the compiler may inline and vectorise them. */
#define OCTI_LOOP_0(R, fn, ...)                                                                              \
    enum { octi__no_loop_##fn };                                                                             \
    static void (*const octi__loop_##fn)(octi_loop *) = NULL;
#define OCTI_LOOP(R, fn, ...)                                                                                \
    static void octi__loop_##fn(octi_loop *octi_l)                                                           \
    {                                                                                                        \
        const struct octi__args_##fn *octi_a = (const struct octi__args_##fn *)octi_l->args;                 \
        const octi__t0_##fn *octi_in = (const octi__t0_##fn *)octi_l->in;                                    \
        octi__r_##fn *octi_out = (octi__r_##fn *)octi_l->out;                                                \
        (void)octi_a;                                                                                        \
        (void)octi_out;                                                                                      \
        for (size_t octi_k = 0, octi_n = octi_l->count; octi_k < octi_n; octi_k++) {                         \
            octi_l->item = &octi_in[octi_k];                                                                 \
            OCTI_CAT(OCTI_ITEM_, OCTI_IS_VOID(R))                                                            \
            (fn(OCTI_PAIRS(OCTI_ARG_ITEM, OCTI_COMMA, fn, __VA_ARGS__)));                                    \
        }                                                                                                    \
    }
#define OCTI_LOOP_2 OCTI_LOOP
#define OCTI_LOOP_4 OCTI_LOOP
#define OCTI_LOOP_6 OCTI_LOOP
#define OCTI_LOOP_8 OCTI_LOOP
#define OCTI_LOOP_10 OCTI_LOOP
#define OCTI_LOOP_12 OCTI_LOOP
#define OCTI_LOOP_14 OCTI_LOOP
#define OCTI_LOOP_16 OCTI_LOOP
#define OCTI_ITEM_0(call) octi_out[octi_k] = call
#define OCTI_ITEM_1(call) call
#define OCTI_ARG_ITEM(fn, i, T, a) OCTI_ARG_ITEM_##i(a)
#define OCTI_ARG_ITEM_0(a) octi_in[octi_k]
#define OCTI_ARG_ITEM_1(a) octi_a->a
#define OCTI_ARG_ITEM_2(a) octi_a->a
#define OCTI_ARG_ITEM_3(a) octi_a->a
#define OCTI_ARG_ITEM_4(a) octi_a->a
#define OCTI_ARG_ITEM_5(a) octi_a->a
#define OCTI_ARG_ITEM_6(a) octi_a->a
#define OCTI_ARG_ITEM_7(a) octi_a->a

/* A forked call and its join. The fork field comes first: the pool knows only that. */
#define OCTI_FORK_0(R, fn, ...)                                                                              \
    typedef struct octi__forked_##fn {                                                                       \
        octi_fork fork;                                                                                      \
        struct octi__args_##fn args;                                                                         \
        R result;                                                                                            \
    } octi__forked_##fn;                                                                                     \
    OCTI_MAYBE static inline void octi__forkrun_##fn(octi_fork *octi_f)                                      \
    {                                                                                                        \
        octi__forked_##fn *octi_self = (octi__forked_##fn *)octi_f;                                          \
        octi__run_##fn(&octi_self->args, &octi_self->result);                                                \
    }                                                                                                        \
    OCTI_FORK_START(fn)                                                                                      \
    OCTI_MAYBE static inline R octi__join_##fn(octi__forked_##fn *octi_f)                                    \
    {                                                                                                        \
        if (__builtin_expect(octi_join_begin(&octi_f->fork), 1))                                             \
            octi__run_##fn(&octi_f->args, &octi_f->result);                                                  \
        return octi_f->result;                                                                               \
    }
#define OCTI_FORK_1(R, fn, ...)                                                                              \
    typedef struct octi__forked_##fn {                                                                       \
        octi_fork fork;                                                                                      \
        struct octi__args_##fn args;                                                                         \
    } octi__forked_##fn;                                                                                     \
    OCTI_MAYBE static inline void octi__forkrun_##fn(octi_fork *octi_f)                                      \
    {                                                                                                        \
        octi__run_##fn(&((octi__forked_##fn *)octi_f)->args, NULL);                                          \
    }                                                                                                        \
    OCTI_FORK_START(fn)                                                                                      \
    OCTI_MAYBE static inline void octi__join_##fn(octi__forked_##fn *octi_f)                                 \
    {                                                                                                        \
        if (__builtin_expect(octi_join_begin(&octi_f->fork), 1))                                             \
            octi__run_##fn(&octi_f->args, NULL);                                                             \
    }

#define OCTI_FORK_START(fn)                                                                                  \
    OCTI_MAYBE static inline void octi__fork_##fn(octi__forked_##fn *octi_f, struct octi__args_##fn octi_a)  \
    {                                                                                                        \
        octi_f->fork = (octi_fork){octi__forkrun_##fn, 0, 0};                                                \
        octi_f->args = octi_a;                                                                               \
        octi_fork_push(&octi_f->fork);                                                                       \
    }

OCT_API void octi_fork_push(octi_fork *fork);

/* True: nobody took it, so the caller runs it. False: it is done. */
OCT_API bool octi_join_begin(octi_fork *fork);

#ifdef __cplusplus
}
#endif
#endif
