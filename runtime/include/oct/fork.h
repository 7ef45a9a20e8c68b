/* oct/fork.h - structured fork and join, for recursion too fine for futures.
 *
 *   OCT_TASK(long, fib, int, n)
 *   {
 *       if (n < 2)
 *           return n;
 *       oct_fork(left, fib, n - 1);           // may run elsewhere from here on
 *       long right = fib(n - 2);
 *       return oct_join(left) + right;        // waits; runs it here if nobody took it
 *   }
 *
 * oct_fork declares its first argument in the block it stands in; every fork must be joined
 * before that block is left, best in the reverse order. It costs some nanoseconds: the call
 * and its arguments stay on the stack, and the arguments are not copied deeper than that.
 * Forked calls run within the node; outside of a pool's tasks they run at the join.
 * A forked call that fails (oct_task_error) fails the task that joins it.
 *
 * Where the number of forks is known only as the task runs, they go into an array:
 *
 *   oct_forked(count) parts[MOST];
 *   for (int i = 0; i < n; i++)
 *       oct_fork_at(&parts[i], count, child[i]);
 *   for (int i = n - 1; i >= 0; i--)
 *       total += oct_join_at(&parts[i], count); */
#ifndef OCT_FORK_H
#define OCT_FORK_H

#include "oct/task.h"

#define oct_fork(handle, fn, ...)                                                                            \
    oct_forked(fn) handle;                                                                                   \
    __auto_type const octi__join_##handle = octi__join_##fn;                                                 \
    oct_fork_at(&handle, fn __VA_OPT__(, ) __VA_ARGS__)

#define oct_join(handle) octi__join_##handle(&handle)

/* The type of a forked call of a task. */
#define oct_forked(fn) octi__forked_##fn

#define oct_fork_at(place, fn, ...) octi__fork_##fn(place, octi__args_##fn(__VA_ARGS__))

#define oct_join_at(place, fn) octi__join_##fn(place)

#endif
