#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oct/oct.h"

static oct_pool *pool;

typedef struct trade {
    int64_t key;
    double price;
} trade;

OCT_TASK(double, squared, double, x)
{
    return x * x;
}

OCT_TASK(bool, above_half, double, x)
{
    return x > 0.5;
}

OCT_TASK(double, plus, double, a, double, b)
{
    return a + b;
}

OCT_TASK(int64_t, mod_seven, int64_t, x)
{
    return x % 7;
}

OCT_TASK(int64_t, key_of, trade, t)
{
    return t.key;
}

OCT_TASK(double, price_of, trade, t)
{
    return t.price;
}

OCT_TASK(double, add_price, double, sum, trade, t)
{
    return sum + t.price;
}

OCT_TASK(double, weird, double, x)
{
    if (x == 77)
        oct_fail(oct_task_error(), OCT_E_INVALID, "%g is weird", x);
    return x;
}

OCT_TASK(void, words, const char *, line)
{
    char word[64];
    for (int used; sscanf(line, "%63s%n", word, &used) == 1; line += used)
        oct_emit((const char *)word);
}

OCT_TASK(void, emits_ints, const char *, line)
{
    oct_emit((int)strlen(line));
}

OCT_TASK(int64_t, length, const char *, text)
{
    return text ? (int64_t)strlen(text) : -1;
}

OCT_TASK(int64_t, the_first, int64_t, a, int64_t, b)
{
    (void)b;
    return a;
}

OCT_TASK(int64_t, times, int64_t, a, int64_t, b)
{
    return a * b;
}

OCT_TASK(int64_t, sum_of, int64_t, key, oct_int64s, items)
{
    int64_t sum = key * 0;
    for (size_t i = 0; i < items.count; i++)
        sum += items.data[i];
    return sum;
}

OCT_TASK(bool, never, int64_t, x)
{
    return x < 0;
}

static double random_at(uint64_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

static double *random_doubles(size_t count)
{
    double *x = malloc((count + 1) * sizeof(*x));
    for (size_t i = 0; i < count; i++)
        x[i] = random_at(i);
    return x;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static oct_bag *computed(oct_bag *bag)
{
    oct_bag *result = oct_bag_compute(bag);
    if (!result)
        fail_msg("%s", oct_last_error()->what);
    return result;
}

static void destroy_all(oct_bag *const *bags, size_t count)
{
    for (size_t i = 0; i < count; i++)
        oct_bag_destroy(bags[i]);
}
#define DESTROY(...)                                                                                         \
    destroy_all((oct_bag *const[]){__VA_ARGS__}, sizeof((oct_bag *const[]){__VA_ARGS__}) / sizeof(oct_bag *))

static void a_map_and_a_filter_keep_the_order_of_records(void **state)
{
    enum { N = 300000 };
    (void)state;
    double *x = random_doubles(N), value;
    oct_bag *all = oct_bag_from(pool, x, N), *squares = oct_bag_map(all, squared);
    oct_bag *some = oct_bag_filter(squares, above_half), *result = computed(some);
    size_t at = 0;
    for (size_t i = 0; i < N; i++)
        if (x[i] * x[i] > 0.5) {
            assert_int_equal(oct_bag_get(result, at, &value), OCT_OK);
            assert_true(value == x[i] * x[i]);
            at++;
        }
    assert_int_equal(oct_bag_rows(result), at);
    int64_t count;
    assert_int_equal(oct_bag_count(some, &count), OCT_OK);
    assert_int_equal(count, at);
    DESTROY(all, squares, some, result);
    free(x);
}

static void sums_do_not_depend_on_the_pool(void **state)
{
    enum { N = 200001 };
    (void)state;
    double *x = random_doubles(N), zero = 0, sum, alone, exact = 0, most;
    oct_bag *all = oct_bag_from(pool, x, N);
    assert_int_equal(oct_bag_fold(all, plus, plus, &zero, &sum), OCT_OK);
    oct_pool *single;
    assert_int_equal(oct_pool_open_spec("threads:1", &single, NULL), OCT_OK);
    oct_bag *same = oct_bag_from(single, x, N);
    assert_int_equal(oct_bag_reduce(same, plus, &alone), OCT_OK);
    for (size_t i = 0; i < N; i++)
        exact += x[i];
    assert_true(sum == alone);
    assert_true(fabs(sum - exact) < 1e-9 * exact);
    assert_int_equal(oct_bag_max(all, &most), OCT_OK);
    qsort(x, N, sizeof(*x), compare_doubles);
    assert_true(most == x[N - 1]);
    DESTROY(all, same);
    oct_pool_close(single);
    free(x);
}

static void a_sort_is_that_of_qsort(void **state)
{
    static const size_t counts[] = {0, 1, 5, 1000, 400000};
    (void)state;
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        size_t n = counts[c];
        double *x = random_doubles(n), value;
        for (size_t i = 0; i < n; i += 3)
            x[i] = i % 2 ? 0.25 : -x[i]; /* many are equal, some negative */
        oct_bag *all = oct_bag_from(pool, x, n), *sorted = oct_bag_sort(all), *result = computed(sorted);
        oct_bag *top = oct_bag_top(all, 10), *best = computed(top);
        oct_bag *bottom = oct_bag_bottom(all, 3), *worst = computed(bottom);
        qsort(x, n, sizeof(*x), compare_doubles);
        assert_int_equal(oct_bag_rows(result), n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(oct_bag_get(result, i, &value), OCT_OK);
            assert_true(value == x[i]);
        }
        assert_int_equal(oct_bag_rows(best), n < 10 ? n : 10);
        for (size_t i = 0; i < oct_bag_rows(best); i++) {
            assert_int_equal(oct_bag_get(best, i, &value), OCT_OK);
            assert_true(value == x[n - 1 - i]);
        }
        assert_int_equal(oct_bag_rows(worst), n < 3 ? n : 3);
        for (size_t i = 0; i < oct_bag_rows(worst); i++) {
            assert_int_equal(oct_bag_get(worst, i, &value), OCT_OK);
            assert_true(value == x[i]);
        }
        DESTROY(all, sorted, result, top, best, bottom, worst);
        free(x);
    }
}

static void nan_sorts_last_and_zeros_are_equal(void **state)
{
    (void)state;
    double x[] = {NAN, 1, -INFINITY, -0.0, 0.0, INFINITY, -1, NAN}, value;
    oct_bag *all = oct_bag_from(pool, x, 8), *sorted = oct_bag_sort(all), *result = computed(sorted);
    static const double wanted[] = {-INFINITY, -1, 0, 0, 1, INFINITY};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(oct_bag_get(result, i, &value), OCT_OK);
        assert_true(i < 6 ? value == wanted[i] : isnan(value));
    }
    oct_bag *distinct = oct_bag_distinct(all), *few = computed(distinct);
    assert_int_equal(oct_bag_rows(few), 6);
    DESTROY(all, sorted, result, distinct, few);
}

/* Most trades have key 3: one giant group. */
static trade *some_trades(size_t count)
{
    trade *t = malloc(count * sizeof(*t));
    for (size_t i = 0; i < count; i++)
        t[i] = (trade){random_at(i) < 0.8 ? 3 : (int64_t)(random_at(i + 7) * 5000),
                       floor(100 * random_at(i * 3))};
    return t;
}

static void states_by_key_are_those_of_a_loop(void **state)
{
    enum { N = 150000, KEYS = 5000 };
    (void)state;
    trade *t = some_trades(N);
    double *sums = calloc(KEYS, sizeof(*sums)), zero = 0, sum;
    int64_t *counts = calloc(KEYS, sizeof(*counts)), key, n, distinct_count = 0;
    for (size_t i = 0; i < N; i++) {
        sums[t[i].key] += t[i].price;
        distinct_count += counts[t[i].key]++ == 0;
    }
    oct_bag *all = oct_bag_from(pool, t, N), *keys = oct_bag_map(all, key_of);
    oct_bag *folded = oct_bag_fold_by(all, key_of, add_price, plus, &zero), *result = computed(folded);
    assert_int_equal(oct_bag_rows(result), distinct_count);
    for (size_t i = 0; i < oct_bag_rows(result); i++) {
        assert_int_equal(oct_bag_get(result, i, &key, &sum), OCT_OK);
        assert_true(sum == sums[key]);
    }
    oct_bag *frequent = oct_bag_frequencies(keys), *often = computed(frequent);
    assert_int_equal(oct_bag_rows(often), distinct_count);
    for (size_t i = 0; i < oct_bag_rows(often); i++) {
        assert_int_equal(oct_bag_get(often, i, &key, &n), OCT_OK);
        assert_int_equal(n, counts[key]);
    }
    oct_bag *groups = oct_bag_group_by(all, key_of), *lists = computed(groups);
    assert_int_equal(oct_bag_rows(lists), distinct_count);
    oct_bytes list;
    for (size_t i = 0; i < oct_bag_rows(lists); i++) {
        assert_int_equal(oct_bag_get(lists, i, &key, &list), OCT_OK);
        assert_int_equal(list.size, (size_t)counts[key] * sizeof(trade));
        const trade *in = list.data;
        double total = 0;
        for (int64_t k = 0; k < counts[key]; k++) {
            assert_int_equal(in[k].key, key);
            total += in[k].price;
        }
        assert_true(total == sums[key]);
    }
    oct_bag *by_price = oct_bag_sort_by(all, price_of), *order = computed(by_price);
    trade before = {0, -1}, now;
    for (size_t i = 0; i < N; i++, before = now) {
        assert_int_equal(oct_bag_get(order, i, &now), OCT_OK);
        assert_true(before.price <= now.price);
    }
    DESTROY(all, keys, folded, result, frequent, often, groups, lists, by_price, order);
    free(t);
    free(sums);
    free(counts);
}

static void a_join_pairs_equal_keys_whichever_way_it_goes(void **state)
{
    (void)state;
    for (int parts = 1; parts <= 9; parts += 8) { /* one part is sent to all; nine are shuffled */
        oct_bag *a = oct_bag_range(pool, 0, 70), *b = oct_bag_range(pool, 5, 40);
        oct_bag *c = oct_bag_repartition(b, (size_t)parts);
        oct_bag *joined = oct_bag_join(a, mod_seven, c, mod_seven), *product = oct_bag_map(joined, times);
        int64_t sum = 0, wanted = 0, count = 0;
        assert_int_equal(oct_bag_count(joined, &count), OCT_OK);
        assert_int_equal(count, 70 * 5);
        oct_bag *all = computed(product);
        for (size_t i = 0; i < oct_bag_rows(all); i++) {
            int64_t value;
            assert_int_equal(oct_bag_get(all, i, &value), OCT_OK);
            sum += value;
        }
        for (int64_t x = 0; x < 70; x++)
            for (int64_t y = 5; y < 40; y++)
                wanted += x % 7 == y % 7 ? x * y : 0;
        assert_int_equal(sum, wanted);
        DESTROY(a, b, c, joined, product, all);
    }
}

static void products_zips_and_partitions_keep_positions(void **state)
{
    (void)state;
    int64_t a, b;
    oct_bag *few = oct_bag_range(pool, 0, 30), *pairs = oct_bag_product(few, few), *all = computed(pairs);
    assert_int_equal(oct_bag_rows(all), 900);
    int64_t seen[30] = {0};
    for (size_t i = 0; i < 900; i++) {
        assert_int_equal(oct_bag_get(all, i, &a, &b), OCT_OK);
        seen[a] |= INT64_C(1) << b;
    }
    for (int i = 0; i < 30; i++)
        assert_int_equal(seen[i], (INT64_C(1) << 30) - 1);

    oct_bag *odd = oct_bag_repartition(few, 7), *shifted = oct_bag_range(pool, 100, 130);
    oct_bag *zipped = oct_bag_zip(odd, shifted), *both = computed(zipped);
    assert_int_equal(oct_bag_rows(both), 30);
    for (size_t i = 0; i < 30; i++) {
        assert_int_equal(oct_bag_get(both, i, &a, &b), OCT_OK);
        assert_int_equal(a, i);
        assert_int_equal(b, 100 + (int64_t)i);
    }
    oct_bag *longer = oct_bag_range(pool, 0, 31), *wrong = oct_bag_zip(few, longer);
    assert_null(oct_bag_compute(wrong));
    assert_string_equal(oct_last_error()->what, "a bag of 30 records cannot be zipped with one of 31");
    DESTROY(few, pairs, all, odd, shifted, zipped, both, longer, wrong);
}

static void take_computes_no_more_parts_than_it_needs(void **state)
{
    (void)state;
    double x[100], value;
    for (int i = 0; i < 100; i++)
        x[i] = i;
    oct_bag *all = oct_bag_from(pool, x, 100), *checked = oct_bag_map(all, weird);
    oct_bag *first = oct_bag_take(checked, 5), *result = computed(first);
    assert_int_equal(oct_bag_rows(result), 5);
    assert_int_equal(oct_bag_get(result, 4, &value), OCT_OK);
    assert_true(value == 4);
    assert_null(oct_bag_compute(checked)); /* record 77 fails it */
    assert_string_equal(oct_last_error()->what, "77 is weird");
    DESTROY(all, checked, first, result);
}

static void empty_bags_are_bags(void **state)
{
    (void)state;
    oct_bag *range = oct_bag_range(pool, 0, 50), *none = oct_bag_filter(range, never);
    oct_bag *all[] = {oct_bag_sort(none),
                      oct_bag_top(none, 3),
                      oct_bag_distinct(none),
                      oct_bag_product(none, range),
                      oct_bag_take(none, 2),
                      oct_bag_group_by(none, mod_seven),
                      oct_bag_repartition(none, 4),
                      oct_bag_zip(none, none),
                      oct_bag_join(none, mod_seven, range, mod_seven)};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        oct_bag *result = computed(all[i]);
        assert_int_equal(oct_bag_rows(result), 0);
        oct_bag_destroy(result);
    }
    int64_t count = 5, most = 5;
    assert_int_equal(oct_bag_count(none, &count), OCT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(oct_bag_max(none, &most), OCT_E_INVALID);
    assert_int_equal(most, 5);
    destroy_all(all, sizeof(all) / sizeof(all[0]));
    DESTROY(range, none);
}

static char path[64], made[80];

static void write_lines(size_t count)
{
    snprintf(path, sizeof(path), "/tmp/bag_test.XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "line %zu w%zu%s\n", i, i % 10, i % 2 ? "\r" : "");
    fputs("the end", file);
    fclose(file);
}

static void lines_are_read_once_wherever_parts_begin(void **state)
{
    enum { LINES = 200000 };
    (void)state;
    write_lines(LINES);
    oct_bag *lines = oct_bag_lines(pool, path), *all = computed(lines);
    assert_int_equal(oct_bag_rows(all), LINES + 1);
    for (size_t i = 0; i < LINES; i += 999) {
        char wanted[64];
        const char *text;
        snprintf(wanted, sizeof(wanted), "line %zu w%zu", i, i % 10);
        assert_int_equal(oct_bag_get(all, i, &text), OCT_OK);
        assert_string_equal(text, wanted);
    }
    oct_bag *word = oct_bag_flat_map(lines, words, const char *), *often = oct_bag_frequencies(word);
    oct_bag *counted = computed(often);
    assert_int_equal(oct_bag_rows(counted), LINES + 10 + 3);
    const char *text;
    for (size_t i = 0; i < oct_bag_rows(counted); i++) {
        int64_t n;
        assert_int_equal(oct_bag_get(counted, i, &text, &n), OCT_OK);
        assert_int_equal(n, text[0] == 'l' ? LINES : text[0] == 'w' ? LINES / 10 : 1);
    }
    oct_bag *bad = oct_bag_flat_map(lines, emits_ints, double);
    assert_null(oct_bag_compute(bad));
    assert_int_equal(oct_last_error()->code, OCT_E_TYPE);
    DESTROY(lines, all, word, often, counted, bad);
    unlink(path);
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    char line[64];
    const char *words_in[] = {"b\"x", "a", NULL, "a"};
    snprintf(made, sizeof(made), "/tmp/bag_test.%d.jsonl", (int)getpid());
    oct_bag *all = oct_bag_from(pool, words_in, 4), *often = oct_bag_frequencies(all);
    oct_bag *lengths = oct_bag_map(all, length), *longest = oct_bag_top(lengths, 1),
            *sorted = oct_bag_sort(all);
    assert_int_equal(oct_bag_write_jsonl(sorted, made), OCT_OK);
    FILE *file = fopen(made, "r");
    static const char *const wanted[] = {"null\n", "\"a\"\n", "\"a\"\n", "\"b\\\"x\"\n"};
    for (int i = 0; i < 4; i++) {
        assert_non_null(fgets(line, sizeof(line), file));
        assert_string_equal(line, wanted[i]);
    }
    assert_null(fgets(line, sizeof(line), file));
    fclose(file);
    assert_int_equal(oct_bag_write_text(sorted, made), OCT_OK);
    oct_bag *again = oct_bag_lines(pool, made), *read = computed(again);
    assert_int_equal(oct_bag_rows(read), 4);
    oct_bag *most = computed(longest);
    int64_t value;
    assert_int_equal(oct_bag_get(most, 0, &value), OCT_OK);
    assert_int_equal(value, 3);
    assert_int_equal(oct_bag_write_text(lengths, made), OCT_E_TYPE);
    assert_int_equal(oct_bag_write_text(all, "/nowhere/x"), OCT_E_IO);
    DESTROY(all, often, lengths, longest, sorted, again, read, most);
    unlink(made);
}

static void samples_are_the_same_on_every_pool(void **state)
{
    (void)state;
    int64_t here, there;
    oct_pool *single;
    assert_int_equal(oct_pool_open_spec("threads:1", &single, NULL), OCT_OK);
    oct_bag *all = oct_bag_range(pool, 0, 100000), *some = oct_bag_sample(all, 0.1, 42),
            *result = computed(some);
    oct_bag *all2 = oct_bag_range(single, 0, 100000), *some2 = oct_bag_sample(all2, 0.1, 42);
    oct_bag *result2 = computed(some2);
    assert_in_range(oct_bag_rows(result), 9500, 10500);
    assert_int_equal(oct_bag_rows(result), oct_bag_rows(result2));
    for (size_t i = 0; i < oct_bag_rows(result); i++) {
        assert_int_equal(oct_bag_get(result, i, &here), OCT_OK);
        assert_int_equal(oct_bag_get(result2, i, &there), OCT_OK);
        assert_int_equal(here, there);
    }
    DESTROY(all, some, result, all2, some2, result2);
    oct_pool_close(single);
}

static void what_makes_no_sense_is_told_when_it_is_built(void **state)
{
    (void)state;
    oct_bag *range = oct_bag_range(pool, 0, 10);
    assert_null(oct_bag_map(range, squared));
    assert_string_equal(oct_last_error()->what,
                        "'squared' does not take what is in the bag: (8-byte integer)");
    assert_null(oct_bag_sort(oct_bag_map(NULL, squared)));
    assert_null(oct_bag_lines(pool, "/nowhere/*.txt"));
    assert_int_equal(oct_last_error()->code, OCT_E_NOTFOUND);
    assert_null(oct_bag_sample(range, 2, 0));
    assert_null(oct_bag_repartition(range, 0));
    trade t = {0};
    oct_bag *trades = oct_bag_from(pool, &t, 1);
    assert_null(oct_bag_sort(trades));
    assert_int_equal(oct_last_error()->code, OCT_E_TYPE);
    assert_null(oct_bag_join(range, mod_seven, trades, price_of));
    assert_string_equal(
        oct_last_error()->what,
        "the keys of a join have different types: 'mod_seven' returns int64_t, 'price_of' double");
    int64_t value;
    assert_int_equal(oct_bag_get(range, 0, &value), OCT_E_STATE);
    oct_bag *groups = oct_bag_group_by(range, mod_seven), *sums = oct_bag_map(groups, sum_of);
    oct_bag *pairs = oct_bag_product(range, range), *firsts = oct_bag_map(pairs, the_first);
    assert_non_null(sums);
    assert_non_null(firsts);
    DESTROY(range, trades, groups, sums, pairs, firsts);
}

static void a_plan_shows_its_passes_and_shuffles(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    double x[4] = {0};
    oct_bag *all = oct_bag_from(pool, x, 4), *squares = oct_bag_map(all, squared);
    oct_bag *some = oct_bag_filter(squares, above_half), *top = oct_bag_top(some, 2);
    assert_int_equal(oct_bag_explain(top, to), OCT_OK);
    fclose(to);
    assert_string_equal(
        text, "top 2: at most so many of each part move, merged by 7\n"
              "  one pass: 4 parts of an array of 4 (8-byte float), map squared, filter above_half\n");
    free(text);
    DESTROY(all, squares, some, top);
}

int main(int argc, char **argv)
{
    pool = oct_pool_open(&argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_and_a_filter_keep_the_order_of_records),
        cmocka_unit_test(sums_do_not_depend_on_the_pool),
        cmocka_unit_test(a_sort_is_that_of_qsort),
        cmocka_unit_test(nan_sorts_last_and_zeros_are_equal),
        cmocka_unit_test(states_by_key_are_those_of_a_loop),
        cmocka_unit_test(a_join_pairs_equal_keys_whichever_way_it_goes),
        cmocka_unit_test(products_zips_and_partitions_keep_positions),
        cmocka_unit_test(take_computes_no_more_parts_than_it_needs),
        cmocka_unit_test(empty_bags_are_bags),
        cmocka_unit_test(lines_are_read_once_wherever_parts_begin),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(samples_are_the_same_on_every_pool),
        cmocka_unit_test(what_makes_no_sense_is_told_when_it_is_built),
        cmocka_unit_test(a_plan_shows_its_passes_and_shuffles),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return oct_pool_close(pool) == OCT_OK && failed == 0 ? 0 : 1;
}
