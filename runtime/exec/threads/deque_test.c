#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/exec/threads/deque.h"

enum { ITEMS = 200000, THIEVES = 3 };

typedef struct stress {
    octi_deque deque;
    bool in_batches;
    _Atomic bool done;
    _Atomic uint8_t *seen; /* how often each item came out */
} stress;

static void *item_of(long number)
{
    return (void *)(uintptr_t)(number + 1);
}

static void see(stress *self, void *item)
{
    atomic_fetch_add(&self->seen[(uintptr_t)item - 1], 1);
}

static void steal_some(stress *self)
{
    void *items[8];
    if (self->in_batches) {
        int count = octi_deque_take(&self->deque, items, 8, 2);
        for (int i = 0; i < count; i++)
            see(self, items[i]);
    } else if ((items[0] = octi_deque_steal(&self->deque))) {
        see(self, items[0]);
    }
}

static void *steal_until_done(void *arg)
{
    stress *self = arg;
    while (!atomic_load(&self->done) || !octi_deque_empty(&self->deque))
        steal_some(self);
    return NULL;
}

static void run_stress(stress *self, void (*own)(stress *self))
{
    pthread_t thieves[THIEVES];
    assert_true(octi_deque_init(&self->deque));
    self->seen = calloc(ITEMS, 1);
    assert_non_null(self->seen);
    for (int i = 0; i < THIEVES; i++)
        assert_int_equal(pthread_create(&thieves[i], NULL, steal_until_done, self), 0);
    own(self);
    atomic_store(&self->done, true);
    for (int i = 0; i < THIEVES; i++)
        pthread_join(thieves[i], NULL);
    for (long i = 0; i < ITEMS; i++)
        assert_int_equal(self->seen[i], 1);
    octi_deque_deinit(&self->deque);
    free((void *)self->seen);
}

/* Grows and shrinks, so that the owner and the thieves meet at every size. */
static void push_and_pop(stress *self)
{
    long next = 0;
    for (unsigned round = 0; next < ITEMS; round++) {
        for (unsigned i = 0; i < round % 37 + 1 && next < ITEMS; i++)
            assert_true(octi_deque_push(&self->deque, item_of(next++), memory_order_release));
        for (unsigned i = 0; i < round % 31; i++) {
            void *item = octi_deque_pop(&self->deque);
            if (item)
                see(self, item);
        }
    }
    for (void *item; (item = octi_deque_pop(&self->deque));)
        see(self, item);
}

static void push_only(stress *self)
{
    for (long i = 0; i < ITEMS; i++)
        assert_true(octi_deque_push(&self->deque, item_of(i), memory_order_seq_cst));
}

static void every_item_comes_out_once_between_owner_and_thieves(void **state)
{
    (void)state;
    stress self = {.in_batches = false};
    run_stress(&self, push_and_pop);
}

static void every_item_comes_out_once_in_batches(void **state)
{
    (void)state;
    stress self = {.in_batches = true};
    run_stress(&self, push_only);
}

static void the_owner_sees_the_last_and_thieves_the_first(void **state)
{
    (void)state;
    octi_deque deque;
    assert_true(octi_deque_init(&deque));
    for (long i = 0; i < 5000; i++) /* beyond the first ring */
        assert_true(octi_deque_push(&deque, item_of(i), memory_order_release));
    assert_ptr_equal(octi_deque_pop(&deque), item_of(4999));
    assert_ptr_equal(octi_deque_steal(&deque), item_of(0));
    void *batch[4];
    assert_int_equal(octi_deque_take(&deque, batch, 4, 2), 4);
    assert_ptr_equal(batch[3], item_of(4));
    while (octi_deque_pop(&deque))
        continue;
    assert_true(octi_deque_empty(&deque));
    assert_null(octi_deque_steal(&deque));
    assert_int_equal(octi_deque_take(&deque, batch, 4, 2), 0);
    octi_deque_deinit(&deque);
}

static void only_what_is_marked_is_taken(void **state)
{
    (void)state;
    octi_deque deque;
    void *plain = (void *)4, *marked = (void *)(8 | 2);
    assert_true(octi_deque_init(&deque));
    assert_true(octi_deque_push(&deque, marked, memory_order_release));
    assert_true(octi_deque_push(&deque, plain, memory_order_release));
    assert_true(octi_deque_push(&deque, marked, memory_order_release));
    assert_int_equal(octi_deque_count(&deque), 3);
    assert_ptr_equal(octi_deque_steal_marked(&deque, 2), marked);
    assert_null(octi_deque_steal_marked(&deque, 2)); /* the oldest has no mark */
    assert_ptr_equal(octi_deque_steal(&deque), plain);
    assert_ptr_equal(octi_deque_steal_marked(&deque, 2), marked);
    assert_null(octi_deque_steal_marked(&deque, 0));
    assert_int_equal(octi_deque_count(&deque), 0);
    octi_deque_deinit(&deque);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_sees_the_last_and_thieves_the_first),
        cmocka_unit_test(only_what_is_marked_is_taken),
        cmocka_unit_test(every_item_comes_out_once_between_owner_and_thieves),
        cmocka_unit_test(every_item_comes_out_once_in_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
