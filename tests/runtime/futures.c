#include <stdlib.h>
#include <string.h>

#include "tests/runtime/suite.h"

typedef struct point {
    double x, y;
    int id;
} point;

typedef struct word_list {
    size_t count;
    char **words;
} word_list;

static void pack_words(const word_list *list, oct_packer *to)
{
    uint64_t count = list->count;
    oct_pack(to, &count, sizeof(count));
    for (size_t i = 0; i < list->count; i++)
        oct_pack_string(to, list->words[i]);
}

static void release_words(word_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->words[i]);
    free(list->words);
}

static bool unpack_words(word_list *list, oct_unpacker *from)
{
    uint64_t count;
    if (!oct_unpack(from, &count, sizeof(count)) || count > oct_unpack_left(from) / 8)
        return false;
    *list = (word_list){count, calloc(count + 1, sizeof(char *))};
    for (size_t i = 0; list->words && i < count; i++)
        list->words[i] = oct_unpack_string(from);
    return list->words;
}

OCT_TYPE(word_list, pack_words, unpack_words, release_words);

OCT_TASK(double, add, double, a, double, b)
{
    return a + b;
}

OCT_TASK(int, nothing_in)
{
    return 42;
}

OCT_TASK(void, nothing_out, int, x)
{
    (void)x;
}

OCT_TASK(point, mirrored, point, p)
{
    return (point){p.y, p.x, p.id + 1};
}

OCT_TASK(const char *, literal, int, which)
{
    return which == 0 ? NULL : which == 1 ? "" : "words";
}

OCT_TASK(char *, joined, const char *, a, const char *, b)
{
    char *both = malloc(strlen(a) + strlen(b) + 1);
    return both ? strcat(strcpy(both, a), b) : NULL;
}

OCT_TASK(double, total, oct_doubles, values)
{
    double sum = 0;
    for (size_t i = 0; i < values.count; i++)
        sum += values.data[i];
    return sum;
}

OCT_TASK(oct_doubles, ramp, int, count)
{
    oct_doubles values = {malloc((size_t)count * sizeof(double)), (size_t)count};
    for (int i = 0; i < count; i++)
        values.data[i] = i;
    return values;
}

OCT_TASK(word_list, split, const char *, text)
{
    word_list list = {0, calloc(strlen(text) + 1, sizeof(char *))};
    char *copy = strdup(text), *rest = copy, *word;
    while ((word = strsep(&rest, " ")))
        list.words[list.count++] = strdup(word);
    free(copy);
    return list;
}

OCT_TASK(int, words_longer, word_list, list, int, length)
{
    int count = 0;
    for (size_t i = 0; i < list.count; i++)
        count += (int)strlen(list.words[i]) > length;
    return count;
}

OCT_TASK(int, refuses, int, x)
{
    oct_fail(oct_task_error(), OCT_E_IO, "no %d today", x);
    return 0;
}

OCT_TASK(oct_err, outcome, int, code)
{
    return (oct_err)code;
}

OCT_TASK(int, plus_one, int, x)
{
    return x + 1;
}

OCT_TASK(long, nested, int, n)
{
    if (n < 2)
        return n;
    oct_future *left = oct_submit(oct_task_pool(), nested, n - 1);
    oct_future *right = oct_submit(oct_task_pool(), nested, n - 2);
    long a = 0, b = 0;
    if (oct_result(left, &a) != OCT_OK || oct_result(right, &b) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    return a + b;
}

OCT_TASK(long, forked, int, n)
{
    if (n < 2)
        return n;
    oct_fork(left, forked, n - 1);
    long right = forked(n - 2);
    return oct_join(left) + right;
}

OCT_TASK(int, forks_a_failure, int, x)
{
    oct_fork(left, refuses, x);
    oct_fork(right, plus_one, x);
    int a = oct_join(right);
    return a + oct_join(left);
}

static void a_result_is_the_value_the_task_returned(void **state)
{
    double sum = 0;
    assert_int_equal(oct_result(oct_submit(*state, add, 1.5, 2), &sum), OCT_OK);
    assert_true(sum == 3.5);
    int answer = 0;
    assert_int_equal(oct_result(oct_submit(*state, nothing_in), &answer), OCT_OK);
    assert_int_equal(answer, 42);
    assert_int_equal(oct_result(oct_submit(*state, nothing_out, 1), NULL), OCT_OK);
}

static void structs_strings_and_arrays_travel_both_ways(void **state)
{
    point p;
    assert_int_equal(oct_result(oct_submit(*state, mirrored, ((point){1, 2, 3})), &p), OCT_OK);
    assert_true(p.x == 2 && p.y == 1 && p.id == 4);

    char *text;
    assert_int_equal(oct_result(oct_submit(*state, joined, "oct", "avo"), &text), OCT_OK);
    assert_string_equal(text, "octavo");
    free(text);

    oct_doubles values;
    assert_int_equal(oct_result(oct_submit(*state, ramp, 1000), &values), OCT_OK);
    assert_int_equal(values.count, 1000);
    double sum;
    oct_future *f = oct_submit(*state, total, values);
    memset(values.data, 0, values.count * sizeof(double)); /* it was copied */
    free(values.data);
    assert_int_equal(oct_result(f, &sum), OCT_OK);
    assert_true(sum == 499500);
}

static void null_and_empty_values_travel(void **state)
{
    char *text = (char *)"unset";
    assert_int_equal(oct_result(oct_submit(*state, literal, 0), &text), OCT_OK);
    assert_null(text);
    assert_int_equal(oct_result(oct_submit(*state, literal, 1), &text), OCT_OK);
    assert_string_equal(text, "");
    free(text);
    double sum = 1;
    assert_int_equal(oct_result(oct_submit(*state, total, ((oct_doubles){NULL, 0})), &sum), OCT_OK);
    assert_true(sum == 0);
}

static void types_of_ones_own_travel_by_pack_and_unpack(void **state)
{
    oct_future *list = oct_submit(*state, split, "a bb ccc dddd");
    oct_future *longer = oct_then(list, words_longer, 2);
    int count = 0;
    assert_int_equal(oct_result(longer, &count), OCT_OK);
    assert_int_equal(count, 2);
    word_list words;
    assert_int_equal(oct_result(list, &words), OCT_OK);
    assert_int_equal(words.count, 4);
    assert_string_equal(words.words[3], "dddd");
    assert_int_equal(oct_result(oct_submit(*state, words_longer, words, 3), &count), OCT_OK);
    assert_int_equal(count, 1);
    release_words(&words);
}

static void a_future_may_be_an_argument_of_several_tasks(void **state)
{
    oct_future *values = oct_submit(*state, ramp, 100);
    oct_future *first = oct_submit(*state, total, values), *second = oct_submit(*state, total, values);
    oct_future *sum = oct_submit(*state, add, first, second);
    double result;
    assert_int_equal(oct_result(sum, &result), OCT_OK);
    assert_true(result == 9900);
    oct_release(values);
    oct_release(first);
    oct_release(second);
}

static void macros_evaluate_their_arguments_once(void **state)
{
    int calls = 0, x = 0;
    oct_future *f = oct_then((calls++, oct_submit(*state, plus_one, (calls++, 1))), plus_one);
    assert_int_equal(oct_result((calls++, f), &x), OCT_OK);
    assert_int_equal(x, 3);
    assert_int_equal(calls, 3);
}

static void a_long_chain_of_futures_ends(void **state)
{
    oct_future *f = oct_submit(*state, plus_one, 0);
    for (int i = 0; i < 5000; i++) {
        oct_future *next = oct_submit(*state, plus_one, f);
        oct_release(f);
        f = next;
    }
    int x = 0;
    assert_int_equal(oct_result(f, &x), OCT_OK);
    assert_int_equal(x, 5001);
}

static void a_failure_says_which_task_with_what_and_why(void **state)
{
    oct_future *f = oct_submit(*state, refuses, 7);
    int x = 5;
    assert_int_equal(oct_result(f, &x), OCT_E_IO);
    assert_int_equal(x, 5);
    const oct_failure *failure = oct_future_failure(f);
    assert_non_null(failure);
    assert_string_equal(failure->task, "refuses");
    assert_string_equal(failure->args, "7");
    assert_string_equal(failure->error.what, "no 7 today");
    assert_true(failure->node[0]);
    oct_release(f);
}

static void an_outcome_that_is_not_ok_fails_the_task(void **state)
{
    assert_int_equal(oct_result(oct_submit(*state, outcome, OCT_OK), NULL), OCT_OK);
    oct_future *f = oct_submit(*state, outcome, OCT_E_DENIED);
    assert_int_equal(oct_result(f, NULL), OCT_E_DENIED);
    oct_release(f);
}

static void a_failed_argument_fails_who_needs_it(void **state)
{
    oct_future *bad = oct_submit(*state, refuses, 1), *next = oct_then(bad, plus_one),
               *last = oct_then(next, plus_one);
    int x;
    assert_int_equal(oct_result(last, &x), OCT_E_IO);
    assert_non_null(strstr(oct_future_failure(last)->error.what, "no 1 today"));
    oct_release(bad);
    oct_release(next);
    oct_release(last);
}

static void the_wrong_type_is_refused_and_loses_nothing(void **state)
{
    oct_future *f = oct_submit(*state, add, 1, 2);
    int wrong;
    double sum;
    assert_int_equal(oct_result(f, &wrong), OCT_E_TYPE);
    assert_int_equal(oct_result(f, &sum), OCT_OK);
    oct_future *g = oct_submit(*state, add, 1, 2), *h = oct_submit(*state, plus_one, g);
    assert_int_equal(oct_result(h, &wrong), OCT_E_TYPE);
    oct_release(g);
    oct_release(h);
}

static void a_result_can_be_taken_once(void **state)
{
    oct_future *f = oct_submit(*state, add, 1, 2);
    double sum;
    assert_int_equal(oct_result(f, &sum), OCT_OK);
    assert_int_equal(oct_result(f, &sum), OCT_E_STATE);
    oct_release(f);
    assert_int_equal(oct_cancel(f), OCT_E_STATE);
    assert_int_equal(oct_wait(f, 0), OCT_E_STATE);
    assert_null(oct_future_failure(f));
}

static void a_task_may_submit_and_wait(void **state)
{
    long x = 0;
    assert_int_equal(oct_result(oct_submit(*state, nested, 15), &x), OCT_OK);
    assert_int_equal(x, 610);
}

static void a_task_may_fork_and_join(void **state)
{
    long x = 0;
    assert_int_equal(oct_result(oct_submit(*state, forked, 25), &x), OCT_OK);
    assert_int_equal(x, 75025);
    assert_int_equal(forked(10), 55); /* and outside of any pool */
}

static void a_forked_call_that_fails_fails_its_task(void **state)
{
    for (int i = 0; i < 200; i++) {
        oct_future *f = oct_submit(*state, forks_a_failure, i);
        assert_int_equal(oct_result(f, NULL), OCT_E_IO);
        oct_release(f);
    }
}

static void nobody_need_take_a_future(void **state)
{
    for (int i = 0; i < 1000; i++)
        assert_non_null(oct_submit(*state, ramp, 10));
}

static void a_closed_pool_refuses_and_does_not_crash(void **state)
{
    if (suite_shares_pool())
        skip();
    oct_pool *pool;
    (void)state;
    assert_int_equal(oct_pool_open_spec(suite_spec, &pool, NULL), OCT_OK);
    oct_future *f = oct_submit(pool, add, 1, 2);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
    double sum;
    assert_int_equal(oct_result(f, &sum), OCT_E_STATE);
    assert_null(oct_submit(pool, add, 1, 2));
    assert_int_equal(oct_last_error()->code, OCT_E_STATE);
    assert_int_equal(oct_pool_close(pool), OCT_E_STATE);
}

int suite_futures(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_result_is_the_value_the_task_returned),
        SUITE_TEST(structs_strings_and_arrays_travel_both_ways),
        SUITE_TEST(null_and_empty_values_travel),
        SUITE_TEST(types_of_ones_own_travel_by_pack_and_unpack),
        SUITE_TEST(a_future_may_be_an_argument_of_several_tasks),
        SUITE_TEST(macros_evaluate_their_arguments_once),
        SUITE_TEST(a_long_chain_of_futures_ends),
        SUITE_TEST(a_failure_says_which_task_with_what_and_why),
        SUITE_TEST(an_outcome_that_is_not_ok_fails_the_task),
        SUITE_TEST(a_failed_argument_fails_who_needs_it),
        SUITE_TEST(the_wrong_type_is_refused_and_loses_nothing),
        SUITE_TEST(a_result_can_be_taken_once),
        SUITE_TEST(a_task_may_submit_and_wait),
        SUITE_TEST(a_task_may_fork_and_join),
        SUITE_TEST(a_forked_call_that_fails_fails_its_task),
        SUITE_TEST(nobody_need_take_a_future),
        SUITE_TEST(a_closed_pool_refuses_and_does_not_crash),
    };
    return cmocka_run_group_tests_name("futures", tests, NULL, NULL);
}
