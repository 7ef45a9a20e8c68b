/* Tags: tasks run where what they ask for is. On ranks on_ranks.sh gives each rank N the tags
 * "all+rankN"; elsewhere the pools of these tests say theirs. */
#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

OCT_TASK(int, tagged_node)
{
    return oct_node();
}

OCT_TASK(int, submits_tagged, const char *, tags)
{
    int node = -1;
    oct_future *f = oct_submit_with(oct_task_pool(), &(oct_options){.tags = tags}, tagged_node);
    if (oct_result(f, &node) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    oct_release(f);
    return node;
}

static int open_tagged(void **state)
{
    char spec[128];
    if (suite_shares_pool())
        return suite_open(state);
    oct_pool *pool;
    snprintf(spec, sizeof(spec), "%s,tags=all+rank0", suite_spec);
    *state = oct_pool_open_spec(spec, &pool, NULL) == OCT_OK ? pool : NULL;
    return *state ? 0 : -1;
}

static void need_tags(oct_pool *pool)
{
    if (*oct_node_tags(pool, 0) == '\0') /* ranks that were started by other means */
        skip();
}

static void a_task_runs_where_its_tags_are(void **state)
{
    need_tags(*state);
    for (int i = 0; i < oct_pool_nodes(*state); i++) {
        char tag[32];
        int node = -1;
        snprintf(tag, sizeof(tag), i % 2 ? "rank%d" : "all+rank%d", i);
        assert_int_equal(oct_result(oct_submit_with(*state, &(oct_options){.tags = tag}, tagged_node), &node),
                         OCT_OK);
        assert_int_equal(node, i);
        assert_int_equal(oct_node_tagged(*state, tag), i);
        assert_true(oct_node_has(*state, i, "all"));
        assert_false(oct_node_has(*state, i, "al"));
        assert_int_equal(oct_result(oct_submit(*state, submits_tagged, tag), &node), OCT_OK);
        assert_int_equal(node, i);
    }
}

static void nodes_that_have_it_take_turns(void **state)
{
    enum { ROUNDS = 3 };
    need_tags(*state);
    int nodes = oct_pool_nodes(*state), *counts = calloc((size_t)nodes, sizeof(*counts));
    for (int i = 0; i < ROUNDS * nodes; i++) {
        int node = oct_node_tagged(*state, "all");
        assert_in_range(node, 0, nodes - 1);
        counts[node]++;
    }
    for (int i = 0; i < nodes; i++)
        assert_int_equal(counts[i], ROUNDS);
    free(counts);
}

OCT_TASK(int, tagged_node_of, int, item)
{
    (void)item;
    return oct_node();
}

static void a_map_runs_where_its_tags_are(void **state)
{
    enum { COUNT = 100 };
    int in[COUNT] = {0}, out[COUNT], last = oct_pool_nodes(*state) - 1;
    char tag[32];
    need_tags(*state);
    snprintf(tag, sizeof(tag), "all+rank%d", last);
    oct_map_options options = {.tags = tag};
    assert_int_equal(oct_map_with(*state, &options, tagged_node_of, in, COUNT, out), OCT_OK);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(out[i], last);

    oct_mapping *mapping = oct_map_async_with(*state, &options, tagged_node_of, in, COUNT, out);
    memset(tag, 'x', sizeof(tag) - 1); /* the map has its own copy */
    assert_int_equal(oct_mapping_wait(mapping, OCT_FOREVER), OCT_OK);
    oct_mapping_destroy(mapping);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(out[i], last);

    options.tags = "all+tpu";
    assert_int_equal(oct_map_with(*state, &options, tagged_node_of, in, COUNT, out), OCT_E_NOTFOUND);
    assert_string_equal(oct_last_error()->what, "no node has the tags 'all+tpu'");
}

static void a_tag_that_nobody_has_fails_at_once(void **state)
{
    need_tags(*state);
    oct_future *f = oct_submit_with(*state, &(oct_options){.tags = "all+tpu"}, tagged_node);
    assert_true(oct_done(f));
    assert_int_equal(oct_result(f, NULL), OCT_E_NOTFOUND);
    assert_string_equal(oct_last_error()->what, "no node has the tags 'all+tpu'");
    assert_non_null(strstr(oct_last_error()->hint, "rank0"));
    oct_release(f);
    assert_int_equal(oct_node_tagged(*state, "tpu"), -1);
    assert_int_equal(oct_last_error()->code, OCT_E_NOTFOUND);
    oct_options both = {.node = 1, .tags = "tpu"};
    f = oct_submit_with(*state, &both, tagged_node);
    assert_int_equal(oct_result(f, NULL), OCT_E_NOTFOUND);
    oct_release(f);
}

static void tags_that_make_no_sense_are_refused(void **state)
{
    const char *bad[] = {"+", "a+", "+a", "a++b", "a b", "a,b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        oct_future *f = oct_submit_with(*state, &(oct_options){.tags = bad[i]}, tagged_node);
        assert_int_equal(oct_result(f, NULL), OCT_E_INVALID);
        oct_release(f);
    }
    oct_error err = OCT_ERROR_INIT;
    oct_pool *pool;
    assert_int_equal(oct_pool_open_spec("threads:1,tags=", &pool, &err), OCT_E_INVALID);
    assert_int_equal(oct_pool_open_spec("threads:1,tags=a++b", &pool, &err), OCT_E_INVALID);
    int node = -1;
    assert_int_equal(oct_result(oct_submit_with(*state, &(oct_options){.tags = ""}, tagged_node), &node),
                     OCT_OK);
    assert_string_equal(oct_node_tags(*state, oct_pool_nodes(*state)), "");
}

int suite_tags(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_task_runs_where_its_tags_are, open_tagged, suite_close),
        cmocka_unit_test_setup_teardown(a_map_runs_where_its_tags_are, open_tagged, suite_close),
        cmocka_unit_test_setup_teardown(nodes_that_have_it_take_turns, open_tagged, suite_close),
        cmocka_unit_test_setup_teardown(a_tag_that_nobody_has_fails_at_once, open_tagged, suite_close),
        cmocka_unit_test_setup_teardown(tags_that_make_no_sense_are_refused, open_tagged, suite_close),
    };
    return cmocka_run_group_tests_name("tags", tests, NULL, NULL);
}
