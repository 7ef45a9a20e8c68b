/* Operations by key and by order on keys of every distribution, beside loops over arrays. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oct/oct.h"
#include "runtime/base/sanitizer.h"

/* Each part has more than it tries its table with (TRIAL of collector.c). A sanitizer makes all of it slow.
 */
#if OCTI_ASAN || OCTI_TSAN
enum { N = 120000, PARTS = 3 };
#else
enum { N = 400000, PARTS = 8 };
#endif
enum { KEYS = 1 << 20 };

static oct_pool *pool;

OCT_TASK(int64_t, the_same, int64_t, x)
{
    return x;
}

OCT_TASK(int64_t, add_place, int64_t, sum, int64_t, x)
{
    return sum + 3 * x + 1;
}

OCT_TASK(int64_t, add, int64_t, a, int64_t, b)
{
    return a + b;
}

OCT_TASK(void, spell, int64_t, x)
{
    char text[32];
    snprintf(text, sizeof(text), "key %lld", (long long)x);
    oct_emit((const char *)text);
}

OCT_TASK(double, add_part, double, sum, int64_t, x)
{
    return sum + 1 / (3.0 + (double)x);
}

OCT_TASK(double, plus, double, a, double, b)
{
    return a + b;
}

static uint64_t random_at(uint64_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 31);
}

/* Nearly all different; one giant among them; a few; many at the small end; one. */
static int64_t key_at(int distribution, size_t i)
{
    uint64_t x = random_at(i);
    switch (distribution) {
    case 0:
        return (int64_t)(x % KEYS);
    case 1:
        return x % 4 ? 77 : (int64_t)(x % KEYS);
    case 2:
        return (int64_t)(x % 5);
    case 3:
        return (int64_t)(1 << (x % 20)) + (int64_t)((x >> 20) % (1 + (x >> 40) % 1000));
    default:
        return 9;
    }
}
enum { DISTRIBUTIONS = 5 };

static oct_bag *computed(oct_bag *bag)
{
    oct_bag *result = oct_bag_compute(bag);
    if (!result)
        fail_msg("%s", oct_last_error()->what);
    return result;
}

static void the_states_of(int distribution)
{
    int64_t *x = malloc(N * sizeof(*x)), *sums = calloc(2 * KEYS, sizeof(*sums)), zero = 0, key, value;
    int64_t *counts = calloc(2 * KEYS, sizeof(*counts));
    assert_true(x && sums && counts);
    size_t groups = 0;
    for (size_t i = 0; i < N; i++) {
        x[i] = key_at(distribution, i);
        groups += counts[x[i]]++ == 0;
        sums[x[i]] += 3 * x[i] + 1;
    }
    oct_bag *given = oct_bag_from(pool, x, N), *all = oct_bag_repartition(given, PARTS);
    oct_bag *folded = oct_bag_fold_by(all, the_same, add_place, add, &zero), *by_key = computed(folded);
    oct_bag *often = oct_bag_frequencies(all), *frequencies = computed(often);
    oct_bag *distinct = oct_bag_distinct(all), *once = computed(distinct);
    assert_int_equal(oct_bag_rows(by_key), groups);
    assert_int_equal(oct_bag_rows(frequencies), groups);
    assert_int_equal(oct_bag_rows(once), groups);
    for (size_t i = 0; i < groups; i++) { /* each key is there once: what was found is crossed out */
        assert_int_equal(oct_bag_get(by_key, i, &key, &value), OCT_OK);
        if (value != sums[key])
            fail_msg("%d: key %lld has %lld, not %lld", distribution, (long long)key, (long long)value,
                     (long long)sums[key]);
        sums[key] = -1;
        assert_int_equal(oct_bag_get(frequencies, i, &key, &value), OCT_OK);
        if (value != counts[key])
            fail_msg("%d: key %lld is there %lld times, not %lld", distribution, (long long)key,
                     (long long)value, (long long)counts[key]);
        counts[key] = -1;
    }
    oct_bag *const made[] = {given, all, folded, by_key, often, frequencies, distinct, once};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        oct_bag_destroy(made[i]);
    free(x);
    free(sums);
    free(counts);
}

static void states_by_key_are_those_of_a_loop_however_keys_are_distributed(void **state)
{
    (void)state;
    for (int d = 0; d < DISTRIBUTIONS; d++)
        the_states_of(d);
}

static void strings_that_hardly_repeat_are_counted(void **state)
{
    enum { ROWS = 150000 };
    (void)state;
    oct_bag *range = oct_bag_range(pool, 0, ROWS), *parts = oct_bag_repartition(range, 4);
    oct_bag *text = oct_bag_flat_map(parts, spell, const char *);
    oct_bag *again = oct_bag_range(pool, ROWS - 10, ROWS + 10);
    oct_bag *more = oct_bag_flat_map(again, spell, const char *);
    oct_bag *often = oct_bag_frequencies(text), *counted = computed(often);
    oct_bag *few = oct_bag_frequencies(more), *few_counted = computed(few);
    assert_int_equal(oct_bag_rows(counted), ROWS);
    assert_int_equal(oct_bag_rows(few_counted), 20);
    char *seen = calloc(ROWS, 1);
    for (size_t i = 0; i < ROWS; i++) {
        const char *key;
        int64_t n;
        assert_int_equal(oct_bag_get(counted, i, &key, &n), OCT_OK);
        assert_int_equal(n, 1);
        seen[atoi(key + 4)]++;
    }
    assert_null(memchr(seen, 0, ROWS));
    free(seen);
    oct_bag *const made[] = {range, parts, text, again, more, often, counted, few, few_counted};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        oct_bag_destroy(made[i]);
}

static bool is_sooner(double a, double b) /* ascending, NaN last */
{
    return isnan(b) ? !isnan(a) : a < b;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return is_sooner(x, y) ? -1 : is_sooner(y, x);
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

/* Of an array that is sorted, shuffled and reversed, with so many NaN. */
static void the_ends_of(double *x, double *sorted, size_t rows, size_t count)
{
    double value;
    oct_bag *all = oct_bag_from(pool, x, rows), *top = oct_bag_top(all, count);
    oct_bag *bottom = oct_bag_bottom(all, count), *best = computed(top), *worst = computed(bottom);
    memcpy(sorted, x, rows * sizeof(*x));
    qsort(sorted, rows, sizeof(*x), compare);
    size_t wanted = count < rows ? count : rows;
    assert_int_equal(oct_bag_rows(best), wanted);
    assert_int_equal(oct_bag_rows(worst), wanted);
    for (size_t i = 0; i < wanted; i++) {
        assert_int_equal(oct_bag_get(best, i, &value), OCT_OK);
        if (!same(value, sorted[rows - 1 - i]))
            fail_msg("largest %zu of %zu is %g, not %g", i, rows, value, sorted[rows - 1 - i]);
        assert_int_equal(oct_bag_get(worst, i, &value), OCT_OK);
        if (!same(value, sorted[i]))
            fail_msg("least %zu of %zu is %g, not %g", i, rows, value, sorted[i]);
    }
    oct_bag *const made[] = {all, top, bottom, best, worst};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        oct_bag_destroy(made[i]);
}

static void the_largest_and_the_least_are_those_of_a_sort(void **state)
{
    static const size_t counts[] = {1, 10, 700};
    (void)state;
    double *x = malloc(N * sizeof(*x)), *sorted = malloc(N * sizeof(*x));
    assert_true(x && sorted);
    for (int nans = 0; nans < 3; nans++) { /* none; some; nearly all */
        for (size_t i = 0; i < N; i++) {
            uint64_t r = random_at(i);
            x[i] = r % 7 == 0 ? 0.5 : r % 11 == 0 ? -INFINITY : (double)(int64_t)r * 0x1p-63;
            if (nans == 1 ? r % 1000 == 1 : nans == 2 && i % 2000 != 3)
                x[i] = NAN;
        }
        for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
            the_ends_of(x, sorted, N, counts[c]);
        the_ends_of(sorted, x, N, 50); /* as a sort leaves them: each block is better than the one before */
        the_ends_of(x, sorted, 100, 200);
        the_ends_of(x, sorted, 0, 3);
    }
    free(x);
    free(sorted);
}

/* Sums of doubles tell in which order they were added up. */
static void sums_by_key_are_the_same_on_every_pool(void **state)
{
    (void)state;
    oct_pool *single;
    assert_int_equal(oct_pool_open_spec("threads:1", &single, NULL), OCT_OK);
    int64_t *x = malloc(N * sizeof(*x)), key, same_key;
    double zero = 0, here, there;
    for (int d = 0; d < DISTRIBUTIONS; d++) {
        oct_bag *all[2], *sums[2], *results[2];
        for (size_t i = 0; i < N; i++)
            x[i] = key_at(d, i);
        for (int p = 0; p < 2; p++) {
            all[p] = oct_bag_from(p ? single : pool, x, N);
            sums[p] = oct_bag_fold_by(all[p], the_same, add_part, plus, &zero);
            results[p] = computed(sums[p]);
        }
        assert_int_equal(oct_bag_rows(results[0]), oct_bag_rows(results[1]));
        for (size_t i = 0; i < oct_bag_rows(results[0]); i++) {
            assert_int_equal(oct_bag_get(results[0], i, &key, &here), OCT_OK);
            assert_int_equal(oct_bag_get(results[1], i, &same_key, &there), OCT_OK);
            assert_int_equal(key, same_key);
            if (here != there)
                fail_msg("%d: key %lld has %.17g here and %.17g there", d, (long long)key, here, there);
        }
        for (int p = 0; p < 2; p++) {
            oct_bag_destroy(all[p]);
            oct_bag_destroy(sums[p]);
            oct_bag_destroy(results[p]);
        }
    }
    oct_pool_close(single);
    free(x);
}

int main(int argc, char **argv)
{
    pool = oct_pool_open(&argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_by_key_are_those_of_a_loop_however_keys_are_distributed),
        cmocka_unit_test(strings_that_hardly_repeat_are_counted),
        cmocka_unit_test(the_largest_and_the_least_are_those_of_a_sort),
        cmocka_unit_test(sums_by_key_are_the_same_on_every_pool),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return oct_pool_close(pool) == OCT_OK && failed == 0 ? 0 : 1;
}
