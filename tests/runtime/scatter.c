/* Values put on nodes, and results brought home. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

enum { LARGE = 20000 }; /* doubles: more than travels with a task */

typedef struct spot {
    int x, y;
} spot;

typedef struct unknown_here {
    int x;
} unknown_here;

/* A value that counts how often it was packed in this process. */
typedef struct counted {
    double *data;
    size_t count;
} counted;

static _Atomic int packs;

static void pack_counted(const counted *self, oct_packer *to)
{
    atomic_fetch_add(&packs, 1);
    oct_pack(to, &self->count, sizeof(self->count));
    oct_pack(to, self->data, self->count * sizeof(*self->data));
}

static bool unpack_counted(counted *self, oct_unpacker *from)
{
    size_t count;
    if (!oct_unpack(from, &count, sizeof(count)) || count != oct_unpack_left(from) / sizeof(double))
        return false;
    *self = (counted){malloc(count * sizeof(double) + 1), count};
    return self->data && oct_unpack(from, self->data, count * sizeof(double));
}

static void release_counted(counted *self)
{
    free(self->data);
}

OCT_TYPE(counted, pack_counted, unpack_counted, release_counted);

OCT_TASK(double, last_counted, counted, value)
{
    return value.data[value.count - 1];
}

OCT_TASK(int, spot_sum, spot, a, spot, b)
{
    return a.x + a.y + b.x + b.y;
}

OCT_TASK(double, last_of, oct_doubles, values)
{
    return values.count > 0 ? values.data[values.count - 1] : -1;
}

OCT_TASK(int, length_of, const char *, text)
{
    return text ? (int)strlen(text) : -1;
}

OCT_TASK(oct_doubles, ramp_to, int, count)
{
    oct_doubles ramp = {malloc((size_t)count * sizeof(double)), (size_t)count};
    if (!ramp.data)
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory");
    for (int i = 0; ramp.data && i < count; i++)
        ramp.data[i] = i;
    return ramp;
}

OCT_TASK(double, fails_if_negative, double, x)
{
    if (x < 0)
        oct_fail(oct_task_error(), OCT_E_INVALID, "%g is negative", x);
    return x;
}

OCT_TASK(void, gives_nothing)
{
}

/* A task scatters to all nodes and gathers what it put there. */
OCT_TASK(double, scatters_too, int, count)
{
    double in[64], out[64], sum = 0;
    oct_future *futures[64];
    for (int i = 0; i < count; i++)
        in[i] = i;
    if (oct_scatter(oct_task_pool(), double, in, count, futures) != OCT_OK ||
        oct_gather(futures, count, out) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    for (int i = 0; i < count; i++)
        sum += out[i];
    return sum;
}

static void what_was_scattered_is_gathered_in_order(void **state)
{
    enum { COUNT = 100 };
    int in[COUNT], out[COUNT];
    oct_future *futures[COUNT];
    for (int i = 0; i < COUNT; i++)
        in[i] = 3 * i;
    assert_int_equal(oct_scatter(*state, int, in, COUNT, futures), OCT_OK);
    memset(in, 0, sizeof(in)); /* they were copied */
    assert_int_equal(oct_gather(futures, COUNT, out), OCT_OK);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(out[i], 3 * i);
    assert_int_equal(oct_result(futures[0], NULL), OCT_E_STATE);
    assert_int_equal(oct_scatter(*state, int, in, 0, futures), OCT_OK);
    assert_int_equal(oct_gather(futures, 0, out), OCT_OK);
}

static void tasks_take_scattered_values(void **state)
{
    enum { COUNT = 7 };
    oct_doubles in[COUNT];
    oct_future *parts[COUNT], *last[COUNT];
    double out[COUNT];
    for (int i = 0; i < COUNT; i++) {
        in[i] = (oct_doubles){calloc(LARGE, sizeof(double)), LARGE};
        in[i].data[LARGE - 1] = i;
    }
    assert_int_equal(oct_scatter(*state, oct_doubles, in, COUNT, parts), OCT_OK);
    for (int i = 0; i < COUNT; i++) {
        free(in[i].data);
        last[i] = oct_submit(*state, last_of, parts[i]);
        if (i % 2 == 0)
            oct_release(parts[i]);
    }
    assert_int_equal(oct_gather(last, COUNT, out), OCT_OK);
    for (int i = 0; i < COUNT; i++)
        assert_true(out[i] == i);
    oct_doubles back = {NULL, 0};
    assert_int_equal(oct_result(parts[COUNT - 2], &back), OCT_OK);
    assert_int_equal(back.count, LARGE);
    assert_true(back.data[LARGE - 1] == COUNT - 2);
    free(back.data);
}

static void structs_and_strings_are_values_too(void **state)
{
    spot in[2] = {{1, 2}, {3, 4}};
    const char *words[3] = {"one", NULL, "three"};
    oct_future *spots[2], *texts[3], *lengths[3];
    int sum = 0, length[3];
    assert_int_equal(oct_scatter(*state, spot, in, 2, spots), OCT_OK);
    assert_int_equal(oct_result(oct_submit(*state, spot_sum, spots[0], spots[1]), &sum), OCT_OK);
    assert_int_equal(sum, 10);
    assert_int_equal(oct_scatter(*state, const char *, words, 3, texts), OCT_OK);
    for (int i = 0; i < 3; i++)
        lengths[i] = oct_submit(*state, length_of, texts[i]);
    assert_int_equal(oct_gather(lengths, 3, length), OCT_OK);
    assert_int_equal(length[0], 3);
    assert_int_equal(length[1], -1);
    assert_int_equal(length[2], 5);
    char *text = NULL;
    assert_int_equal(oct_result(texts[2], &text), OCT_OK);
    assert_string_equal(text, "three");
    free(text);
}

static void a_type_that_no_task_knows_is_refused(void **state)
{
    unknown_here in = {1};
    oct_future *future = NULL;
    assert_int_equal(oct_scatter(*state, unknown_here, &in, 1, &future), OCT_E_TYPE);
    assert_non_null(strstr(oct_last_error()->what, "unknown_here"));
    assert_null(future);
    assert_null(oct_broadcast(*state, unknown_here, &in));
}

static void every_node_has_what_was_broadcast(void **state)
{
    enum { ROUNDS = 100 };
    int nodes = oct_pool_nodes(*state);
    double *out = calloc((size_t)nodes, sizeof(*out));
    counted value = {calloc(LARGE, sizeof(double)), LARGE};
    value.data[LARGE - 1] = 7;
    atomic_store(&packs, 0);
    oct_future *all = oct_broadcast(*state, counted, &value);
    release_counted(&value);
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(oct_on_all(*state, last_counted, out, all), OCT_OK);
        for (int i = 0; i < nodes; i++)
            assert_true(out[i] == 7);
    }
    /* Once the copies are there the value is not sent any more. */
    if (nodes > 1)
        assert_in_range(atomic_load(&packs), nodes, ROUNDS / 2 * (nodes - 1));
    assert_int_equal(oct_result(all, &value), OCT_OK);
    assert_true(value.data[LARGE - 1] == 7);
    release_counted(&value);
    free(out);
}

static void a_result_is_replicated_where_it_is(void **state)
{
    int nodes = oct_pool_nodes(*state);
    double *out = calloc((size_t)nodes, sizeof(*out));
    oct_future *ramp = oct_on_node(*state, nodes - 1, ramp_to, LARGE);
    oct_future *copies = oct_replicate(ramp, 0), *one = oct_replicate(ramp, 1);
    oct_release(ramp);
    for (int round = 0; round < 5; round++) {
        assert_int_equal(oct_on_all(*state, last_of, out, round % 2 ? one : copies), OCT_OK);
        for (int i = 0; i < nodes; i++)
            assert_true(out[i] == LARGE - 1);
    }
    oct_release(copies);
    oct_release(one);
    assert_null(oct_replicate(ramp, 0));
    assert_int_equal(oct_last_error()->code, OCT_E_STATE);
    oct_future *nothing = oct_submit(*state, gives_nothing);
    assert_null(oct_replicate(nothing, 0));
    assert_int_equal(oct_last_error()->code, OCT_E_TYPE);
    assert_null(oct_replicate(copies = oct_submit(*state, ramp_to, 2), nodes + 1));
    assert_int_equal(oct_last_error()->code, OCT_E_INVALID);
    oct_release(copies);
    oct_release(nothing);
    free(out);
}

static void a_replicated_failure_is_a_failure(void **state)
{
    double x;
    oct_future *bad = oct_submit(*state, fails_if_negative, -1.0), *copies = oct_replicate(bad, 0);
    assert_int_equal(oct_result(copies, &x), OCT_E_INVALID);
    oct_release(bad);
    oct_release(copies);
}

static void one_that_fails_stops_no_other_and_is_named(void **state)
{
    oct_future *futures[3];
    double in[3] = {1, -2, 3}, out[3] = {9, 9, 9};
    for (int i = 0; i < 3; i++)
        futures[i] = oct_submit(*state, fails_if_negative, in[i]);
    assert_int_equal(oct_gather(futures, 3, out), OCT_E_INVALID);
    assert_string_equal(oct_last_error()->what, "future 1 of 3, of fails_if_negative: -2 is negative");
    assert_true(out[0] == 1 && out[1] == 0 && out[2] == 3);
    assert_int_equal(oct_future_failure(futures[1])->error.code, OCT_E_INVALID);
    oct_release(futures[1]);
    float wrong[1] = {5};
    assert_int_equal(oct_gather(&(oct_future *){oct_submit(*state, fails_if_negative, 1.0)}, 1, wrong),
                     OCT_E_TYPE);
    assert_int_equal(oct_gather(&(oct_future *){NULL}, 1, out), OCT_E_INVALID);
}

static void a_task_may_scatter_and_gather(void **state)
{
    double sum = 0;
    int last = oct_pool_nodes(*state) - 1;
    assert_int_equal(oct_result(oct_on_node(*state, last, scatters_too, 64), &sum), OCT_OK);
    assert_true(sum == 63 * 32);
}

int suite_scatter(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(what_was_scattered_is_gathered_in_order),
        SUITE_TEST(tasks_take_scattered_values),
        SUITE_TEST(structs_and_strings_are_values_too),
        SUITE_TEST(a_type_that_no_task_knows_is_refused),
        SUITE_TEST(every_node_has_what_was_broadcast),
        SUITE_TEST(a_result_is_replicated_where_it_is),
        SUITE_TEST(a_replicated_failure_is_a_failure),
        SUITE_TEST(one_that_fails_stops_no_other_and_is_named),
        SUITE_TEST(a_task_may_scatter_and_gather),
    };
    return cmocka_run_group_tests_name("scatter", tests, NULL, NULL);
}
