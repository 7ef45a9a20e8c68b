/* Calls on nodes by number. */
#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

OCT_TASK(int, node_here)
{
    return oct_node();
}

OCT_TASK(int, node_plus, int, x)
{
    return oct_node() + x;
}

OCT_TASK(char *, node_text, const char *, prefix)
{
    size_t size = strlen(prefix) + 12;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%d", prefix, oct_node());
    return text;
}

OCT_TASK(int, fails_on, int, node)
{
    if (oct_node() == node)
        oct_fail(oct_task_error(), OCT_E_IO, "the disk is full");
    return 7;
}

OCT_TASK(void, is_void)
{
}

OCT_TASK(int, sum_of_all_nodes)
{
    int nodes = oct_pool_nodes(oct_task_pool()), sum = 0;
    int *out = calloc((size_t)nodes, sizeof(*out));
    if (!out || oct_on_all(oct_task_pool(), node_here, out) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    for (int i = 0; out && i < nodes; i++)
        sum += out[i];
    free(out);
    return sum;
}

OCT_TASK(oct_doubles, ramp_of, int, count)
{
    oct_doubles ramp = {malloc((size_t)count * sizeof(double)), (size_t)count};
    if (!ramp.data)
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory");
    for (int i = 0; ramp.data && i < count; i++)
        ramp.data[i] = i;
    return ramp;
}

OCT_TASK(double, sum_of, oct_doubles, values)
{
    double sum = 0;
    for (size_t i = 0; i < values.count; i++)
        sum += values.data[i];
    return sum;
}

static void a_call_runs_on_the_node_it_names(void **state)
{
    for (int i = 0; i < oct_pool_nodes(*state); i++) {
        int node = -1;
        assert_int_equal(oct_result(oct_on_node(*state, i, node_here), &node), OCT_OK);
        assert_int_equal(node, i);
    }
}

static void a_node_that_is_not_there_is_refused(void **state)
{
    int missing[] = {oct_pool_nodes(*state), -1, INT32_MAX - 1};
    for (int i = 0; i < 3; i++) {
        oct_future *f = oct_on_node(*state, missing[i], node_here);
        assert_int_equal(oct_result(f, NULL), OCT_E_INVALID);
        char number[16];
        snprintf(number, sizeof(number), "node %d ", missing[i]);
        assert_non_null(strstr(oct_last_error()->what, number));
        oct_release(f);
    }
}

static void results_of_all_nodes_are_in_their_order(void **state)
{
    int nodes = oct_pool_nodes(*state);
    int *out = calloc((size_t)nodes, sizeof(*out));
    oct_future *hundred = oct_submit(*state, node_plus, 100);
    int base = 0;
    assert_int_equal(oct_on_all(*state, node_plus, out, hundred), OCT_OK);
    assert_int_equal(oct_result(hundred, &base), OCT_OK);
    for (int i = 0; i < nodes; i++)
        assert_int_equal(out[i], base + i);
    free(out);
}

static void strings_of_all_nodes_belong_to_the_caller(void **state)
{
    int nodes = oct_pool_nodes(*state);
    char **out = calloc((size_t)nodes, sizeof(*out)), wanted[16];
    assert_int_equal(oct_on_all(*state, node_text, out, "n"), OCT_OK);
    for (int i = 0; i < nodes; i++) {
        snprintf(wanted, sizeof(wanted), "n%d", i);
        assert_string_equal(out[i], wanted);
        free(out[i]);
    }
    free(out);
    assert_int_equal(oct_on_all(*state, is_void, NULL), OCT_OK);
}

static void a_node_that_fails_is_named_and_stops_no_other(void **state)
{
    int nodes = oct_pool_nodes(*state), bad = nodes - 1;
    int *out = calloc((size_t)nodes, sizeof(*out));
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "'fails_on' on node %d: the disk is full", bad);
    assert_int_equal(oct_on_all(*state, fails_on, out, bad), OCT_E_IO);
    assert_string_equal(oct_last_error()->what, wanted);
    for (int i = 0; i < nodes; i++)
        assert_int_equal(out[i], i == bad ? 0 : 7);
    free(out);
}

static void a_task_may_call_all_nodes(void **state)
{
    int nodes = oct_pool_nodes(*state), sum = 0;
    assert_int_equal(oct_result(oct_on_node(*state, nodes - 1, sum_of_all_nodes), &sum), OCT_OK);
    assert_int_equal(sum, nodes * (nodes - 1) / 2);
}

/* A value too large for a message of its own; the task waits, so that others are on their way to it
 * while one of them has brought it home. */
static void a_value_brought_home_stays_where_others_want_it(void **state)
{
    enum { COUNT = 100000, ROUNDS = 4, MOST = 64 };
    int nodes = oct_pool_nodes(*state);
    for (int from = 0; from < nodes; from++) {
        oct_future *sums[MOST];
        int submitted = 0;
        oct_future *ramp = oct_on_node(*state, from, ramp_of, COUNT);
        for (int round = 0; round < ROUNDS; round++)
            for (int node = 0; node < nodes && submitted < MOST; node++)
                sums[submitted++] = oct_on_node(*state, node, sum_of, ramp);
        oct_release(ramp);
        for (int i = 0; i < submitted; i++) {
            double sum = 0;
            assert_int_equal(oct_result(sums[i], &sum), OCT_OK);
            assert_true(sum == (double)COUNT * (COUNT - 1) / 2);
        }
    }
}

static void without_a_pool_there_are_no_nodes(void **state)
{
    int out = 5;
    (void)state;
    assert_null(oct_on_node(NULL, 0, node_here));
    assert_int_not_equal(oct_on_all(NULL, node_here, &out), OCT_OK);
    assert_int_equal(out, 5);
}

int suite_nodes(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_call_runs_on_the_node_it_names),
        SUITE_TEST(a_node_that_is_not_there_is_refused),
        SUITE_TEST(results_of_all_nodes_are_in_their_order),
        SUITE_TEST(strings_of_all_nodes_belong_to_the_caller),
        SUITE_TEST(a_node_that_fails_is_named_and_stops_no_other),
        SUITE_TEST(a_task_may_call_all_nodes),
        SUITE_TEST(a_value_brought_home_stays_where_others_want_it),
        SUITE_TEST(without_a_pool_there_are_no_nodes),
    };
    return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
