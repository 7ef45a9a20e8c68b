#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/exec/cluster/record.h"

/* A task with 20 bytes of arguments and two deps, of which the second brings 5 bytes. */
typedef struct message {
    octi_task_record task;
    char args[32];
    octi_dep_record there;
    octi_dep_record here;
    char value[16];
} message;

static message make(void)
{
    return (message){
        .task = {.head = {sizeof(message), OCTI_TASK, 0}, .args_size = 20, .dep_count = 2},
        .there = {.param = 0, .rank = 3, .value = 77},
        .here = {.param = 1, .rank = -1, .size = 5},
        .value = "five",
    };
}

static void a_task_is_read_with_its_deps(void **state)
{
    (void)state;
    message sent = make();
    const octi_record *head = octi_record_at((char *)&sent, sizeof(sent));
    assert_ptr_equal(head, &sent);
    const octi_dep_record *first = octi_record_dep(&sent.task, NULL);
    assert_ptr_equal(first, &sent.there);
    const octi_dep_record *second = octi_record_dep(&sent.task, first);
    assert_ptr_equal(second, &sent.here);
    assert_string_equal((const char *)(second + 1), "five");
}

static void a_record_that_is_cut_short_is_refused(void **state)
{
    (void)state;
    message sent = make();
    for (size_t size = 0; size < sizeof(sent); size++)
        assert_null(octi_record_at((char *)&sent, size));
}

static void sizes_that_do_not_add_up_are_refused(void **state)
{
    (void)state;
    message sent = make();
    sent.task.args_size = UINT32_MAX;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent = make();
    sent.here.size = UINT64_MAX - 3; /* padding it overflows */
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent = make();
    sent.task.dep_count = 1;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent = make();
    sent.task.dep_count = 3;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent = make();
    sent.there.param = 8;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent = make();
    sent.task.head.size = sizeof(sent) - 8;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
}

static void an_unknown_kind_is_refused(void **state)
{
    (void)state;
    octi_value_record sent = {.head = {sizeof(sent), OCTI_KINDS, 0}};
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent.head.kind = 0;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent.head.kind = OCTI_FETCH;
    assert_non_null(octi_record_at((char *)&sent, sizeof(sent)));
}

static void an_ending_of_no_known_sort_is_refused(void **state)
{
    (void)state;
    octi_end_record sent = {.head = {sizeof(sent), OCTI_END, OCTI_ENDED_FAILED + 1}};
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent.head.detail = OCTI_ENDED_ELSEWHERE;
    sent.size = 1u << 30; /* of what stays, not of what follows */
    assert_non_null(octi_record_at((char *)&sent, sizeof(sent)));
    sent.head.detail = OCTI_ENDED_VALUE;
    assert_null(octi_record_at((char *)&sent, sizeof(sent)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_read_with_its_deps),
        cmocka_unit_test(a_record_that_is_cut_short_is_refused),
        cmocka_unit_test(sizes_that_do_not_add_up_are_refused),
        cmocka_unit_test(an_unknown_kind_is_refused),
        cmocka_unit_test(an_ending_of_no_known_sort_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
