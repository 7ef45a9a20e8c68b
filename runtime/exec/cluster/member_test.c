#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/exec/cluster/member.h"

static octi_member member(const char *node, int workers)
{
    octi_member self = {.workers = workers, .tasks = 42, .task_count = 3};
    snprintf(self.node, sizeof(self.node), "%s", node);
    snprintf(self.build, sizeof(self.build), "abcdef");
    return self;
}

static void ranks_on_one_host_share_its_processors(void **state)
{
    (void)state;
    octi_member all[] = {member("a", -4), member("b", -4), member("a", -4)};
    octi_member_share(all, 3);
    assert_int_equal(all[0].workers, 2);
    assert_int_equal(all[1].workers, 4);
    assert_int_equal(all[2].workers, 2);
}

static void each_rank_has_a_worker_however_few_processors_there_are(void **state)
{
    (void)state;
    octi_member all[] = {member("a", -1), member("a", -1), member("a", 3)};
    octi_member_share(all, 3);
    assert_int_equal(all[0].workers, 1);
    assert_int_equal(all[1].workers, 1);
    assert_int_equal(all[2].workers, 3);
}

static void another_build_is_refused_with_its_rank_and_node(void **state)
{
    (void)state;
    octi_member all[] = {member("a", 1), member("b", 1), member("c", 1)};
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_member_check(all, 3, &err), OCT_OK);
    snprintf(all[2].build, sizeof(all[2].build), "012345");
    assert_int_equal(octi_member_check(all, 3, &err), OCT_E_INVALID);
    assert_non_null(strstr(err.what, "rank 2 on 'c'"));
    assert_non_null(strstr(err.what, "012345"));
    assert_true(err.hint[0]);
}

static void other_tasks_are_refused_where_there_are_no_build_ids(void **state)
{
    (void)state;
    octi_member all[] = {member("a", 1), member("b", 1)};
    all[0].build[0] = all[1].build[0] = '\0';
    all[1].tasks++;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_member_check(all, 2, &err), OCT_E_INVALID);
    assert_non_null(strstr(err.what, "other tasks"));
}

static void this_program_has_a_build_id_and_a_node(void **state)
{
    (void)state;
    octi_member self;
    octi_member_init(&self, 0, "");
    assert_true(self.node[0]);
    assert_true(strlen(self.build) >= 16);
    assert_true(self.workers < 0);
    octi_member_init(&self, 5, "gpu");
    assert_string_equal(self.tags, "gpu");
    assert_int_equal(self.workers, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_on_one_host_share_its_processors),
        cmocka_unit_test(each_rank_has_a_worker_however_few_processors_there_are),
        cmocka_unit_test(another_build_is_refused_with_its_rank_and_node),
        cmocka_unit_test(other_tasks_are_refused_where_there_are_no_build_ids),
        cmocka_unit_test(this_program_has_a_build_id_and_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
