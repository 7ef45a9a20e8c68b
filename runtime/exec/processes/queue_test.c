#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "runtime/exec/processes/queue.h"

static void takes(octi_queue *queue, const octi_job *wanted)
{
    assert_ptr_equal(octi_queue_peek(queue), wanted);
    octi_queue_drop(queue);
}

static void equals_go_first_in_first_out(void **state)
{
    octi_queue queue = {0};
    octi_job jobs[3] = {0};
    (void)state;
    octi_queue_add(&queue, &jobs[1]);
    octi_queue_add(&queue, &jobs[2]);
    octi_queue_add_first(&queue, &jobs[0]);
    for (int i = 0; i < 3; i++)
        takes(&queue, &jobs[i]);
    assert_null(octi_queue_peek(&queue));
    octi_queue_deinit(&queue);
}

static void the_most_deeply_nested_go_first_whenever_they_came(void **state)
{
    octi_queue queue = {0};
    octi_job root = {0}, child = {.where = 1}, sibling = {.where = 1}, deepest = {.where = 7};
    (void)state;
    octi_queue_add(&queue, &root);
    octi_queue_add_first(&queue, &deepest);
    octi_queue_add_first(&queue, &child);
    octi_queue_add_first(&queue, &sibling);
    takes(&queue, &deepest);
    takes(&queue, &sibling);
    takes(&queue, &child);
    takes(&queue, &root);
    assert_null(octi_queue_peek(&queue));
    octi_queue_deinit(&queue);
}

static void priority_goes_before_depth(void **state)
{
    octi_queue queue = {0};
    octi_more urgent = {.options = {.priority = 1}};
    octi_job root = {.more = &urgent}, nested = {.where = 200};
    (void)state;
    octi_queue_add_first(&queue, &nested);
    octi_queue_add(&queue, &root);
    takes(&queue, &root);
    takes(&queue, &nested);
    octi_queue_deinit(&queue);
}

static void any_of_them_can_be_taken_out(void **state)
{
    octi_queue queue = {0};
    octi_job jobs[3] = {0}, nested = {.where = 1};
    (void)state;
    assert_false(octi_queue_remove(&queue, &jobs[0]));
    for (int i = 0; i < 3; i++)
        octi_queue_add(&queue, &jobs[i]);
    octi_queue_add(&queue, &nested);
    assert_ptr_equal(octi_queue_after(&queue, &nested), &jobs[0]);
    assert_ptr_equal(octi_queue_after(&queue, &jobs[0]), &jobs[1]);
    assert_null(octi_queue_after(&queue, &jobs[2]));
    assert_true(octi_queue_remove(&queue, &jobs[1]));
    assert_false(octi_queue_remove(&queue, &jobs[1]));
    assert_ptr_equal(octi_queue_after(&queue, &jobs[0]), &jobs[2]);
    assert_true(octi_queue_remove(&queue, &nested));
    assert_true(octi_queue_remove(&queue, &jobs[2]));
    octi_queue_add(&queue, &jobs[1]); /* behind the last that is left */
    takes(&queue, &jobs[0]);
    assert_true(octi_queue_remove(&queue, &jobs[1]));
    assert_null(octi_queue_peek(&queue));
    octi_queue_add(&queue, &jobs[2]);
    takes(&queue, &jobs[2]);
    octi_queue_deinit(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_go_first_in_first_out),
        cmocka_unit_test(the_most_deeply_nested_go_first_whenever_they_came),
        cmocka_unit_test(priority_goes_before_depth),
        cmocka_unit_test(any_of_them_can_be_taken_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
