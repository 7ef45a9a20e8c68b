#include <stdlib.h>

#include "runtime/exec/futex.h"
#include "runtime/exec/spin.h"
#include "runtime/exec/threads/thread.h"

void octi_fork_push(octi_fork *fork)
{
    octi_thread *self = octi_thread_here();
    if (!self || !octi_deque_push(&self->deque, octi_item_of_fork(fork),
                                  self->pool->has_membarrier ? memory_order_release : memory_order_seq_cst))
        return; /* the join finds it neither done nor on the deque, and runs it */
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(atomic_load_explicit(&self->pool->parked, memory_order_relaxed) > 0, 0))
        octi_threads_wake_one(self->pool);
}

static bool fork_is_done(octi_fork *fork)
{
    return __atomic_load_n(&fork->done, __ATOMIC_ACQUIRE) == 1;
}

/* Stolen: run other things until the thief is done. */
static void wait_for_thief(octi_thread *self, octi_fork *fork)
{
    for (int idle = 0; !fork_is_done(fork);) {
        bool has_room = octi_thread_has_room(self);
        void *item = has_room ? octi_thread_find(self) : NULL;
        if (item) {
            octi_thread_run(self, item);
            idle = 0;
        } else if (++idle < OCTI_SPINS) {
            octi_relax();
        } else {
            uint32_t forked = 0;
            if (__atomic_compare_exchange_n(&fork->done, &forked, 2, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE) ||
                forked == 2) {
                uint32_t epoch = atomic_load_explicit(&self->pool->epoch, memory_order_seq_cst);
                if (!fork_is_done(fork))
                    octi_futex_wait(&self->pool->epoch, epoch, 0);
                self->woken = true;
            }
        }
    }
    octi_thread_pass_on(self);
}

static void take_error(octi_fork *fork)
{
    oct_error *mine = oct_task_error();
    if (mine->code == OCT_OK)
        *mine = *fork->error;
    free(fork->error);
}

bool octi_join_begin(octi_fork *fork)
{
    octi_thread *self = octi_thread_here();
    if (!self)
        return true;
    void *item = NULL;
    while (!fork_is_done(fork)) {
        item = octi_deque_pop(&self->deque);
        if (__builtin_expect(item == octi_item_of_fork(fork), 1))
            return true;
        if (!item)
            break;
        octi_thread_run(self, item); /* joined out of order, or submitted since */
    }
    wait_for_thief(self, fork);
    if (fork->error)
        take_error(fork);
    return false;
}
