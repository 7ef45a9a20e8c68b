/* Bags that outgrow their memory: the bound, full disks, and what is left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oct/oct.h"
#include "runtime/base/sanitizer.h"

enum { N = 2 << 20 };

static const char *spec;
static char folder[64];

OCT_TASK(int64_t, the_same, int64_t, x)
{
    return x;
}

OCT_TASK(int64_t, one_giant, int64_t, x)
{
    return x % 16 == 0 ? x : -1;
}

OCT_TASK(int64_t, size_of_group, int64_t, key, oct_int64s, items)
{
    return key < 0 ? (int64_t)items.count : 0;
}

OCT_TASK(void, as_text, int64_t, x)
{
    char text[32];
    snprintf(text, sizeof(text), "%020lld", (long long)x);
    oct_emit((const char *)text);
}

static int64_t random_at(uint64_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (int64_t)(x ^ (x >> 31));
}

OCT_TASK(int64_t, random_of, int64_t, i)
{
    return random_at((uint64_t)i);
}

static int64_t *random_numbers(size_t count)
{
    int64_t *x = malloc(count * sizeof(*x));
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = random_at(i);
    return x;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t files_in_folder(void)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* A pool whose processes have at most so much room in a file. */
static oct_pool *pool_with(rlim_t file_size)
{
    oct_pool *pool;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = file_size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(oct_pool_open_spec(spec, &pool, NULL), OCT_OK);
    return pool;
}

static void release(oct_pool *pool)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(oct_pool_close(pool), OCT_OK);
}

static rlim_t data_in_use(void)
{
    unsigned long long kilobytes = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "re");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status))
        if (sscanf(line, "VmData: %llu", &kilobytes) == 1)
            break;
    fclose(status);
    assert_int_not_equal(kilobytes, 0);
    return (rlim_t)kilobytes << 10;
}

/* A sort holds its records more than twice, and these are 16 MB: with what tasks use meanwhile it needs more
 * than 32 MB where nothing spills, and on each pool less than 16 where everything does. Anonymous memory is
 * refused in between. */
static void a_sort_needs_no_more_memory_than_its_bound(void **state)
{
    (void)state;
#if OCTI_ASAN || OCTI_TSAN
    print_message("a sanitizer takes more memory than is given here\n");
    skip();
#endif
    int64_t *x = random_numbers(N), value;
    oct_pool *pool = pool_with(RLIM_INFINITY);
    oct_bag *range = oct_bag_range(pool, 0, N), *all = oct_bag_map(range, random_of);
    oct_bag *sorted = oct_bag_sort(all);
    struct rlimit limit, before;
    assert_int_equal(getrlimit(RLIMIT_DATA, &before), 0);
    limit = before;
    limit.rlim_cur = data_in_use() + N * 12;
    assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
    oct_bag *result = oct_bag_compute(sorted);
    assert_int_equal(setrlimit(RLIMIT_DATA, &before), 0);
    if (!result)
        fail_msg("%s", oct_last_error()->what);
    assert_int_equal(files_in_folder(), 0); /* while it is there: nothing is left behind, whoever is killed */
    qsort(x, N, sizeof(*x), compare);
    assert_int_equal(oct_bag_rows(result), N);
    for (size_t i = 0; i < N; i++)
        if (oct_bag_get(result, i, &value) != OCT_OK || value != x[i])
            fail_msg("record %zu is %lld, not %lld", i, (long long)value, (long long)x[i]);
    oct_bag_destroy(result);
    oct_bag_destroy(sorted);
    oct_bag_destroy(all);
    oct_bag_destroy(range);
    release(pool);
    free(x);
}

static void one_giant_group_spills(void **state)
{
    enum { ROWS = 1 << 19 };
    (void)state;
    int64_t value, most = 0;
    oct_pool *pool = pool_with(RLIM_INFINITY);
    oct_bag *all = oct_bag_range(pool, 0, ROWS), *groups = oct_bag_group_by(all, one_giant);
    oct_bag *sizes = oct_bag_map(groups, size_of_group), *result = oct_bag_compute(sizes);
    assert_int_equal(oct_bag_rows(result), ROWS / 16 + 1);
    for (size_t i = 0; i < oct_bag_rows(result); i++) {
        assert_int_equal(oct_bag_get(result, i, &value), OCT_OK);
        most = value > most ? value : most;
    }
    assert_int_equal(most, ROWS / 16 * 15);
    oct_bag_destroy(all);
    oct_bag_destroy(groups);
    oct_bag_destroy(sizes);
    oct_bag_destroy(result);
    release(pool);
}

static void expect_full(oct_bag *bag)
{
    assert_non_null(bag);
    assert_null(oct_bag_compute(bag));
    const oct_error *err = oct_last_error();
    if (err->code != OCT_E_EXHAUSTED || !strstr(err->what, folder) || !strstr(err->hint, "TMPDIR"))
        fail_msg("%d: %s (%s)", err->code, err->what, err->hint);
}

static void a_full_disk_is_told_and_leaves_nothing_half_written(void **state)
{
    enum { ROWS = 1 << 19 };
    (void)state;
    char path[128];
    int64_t count;
    snprintf(path, sizeof(path), "%s/out.txt", folder);
    oct_pool *pool = pool_with(64 << 10);
    oct_bag *all = oct_bag_range(pool, 0, ROWS), *sorted = oct_bag_sort(all);
    oct_bag *groups = oct_bag_group_by(all, the_same), *joined = oct_bag_join(all, the_same, all, one_giant);
    oct_bag *distinct = oct_bag_distinct(all), *text = oct_bag_flat_map(all, as_text, const char *);
    oct_bag *lines = oct_bag_sort(text);
    expect_full(sorted);
    expect_full(groups);
    expect_full(joined);
    expect_full(distinct);
    assert_int_equal(oct_bag_write_text(lines, path), OCT_E_EXHAUSTED);
    assert_int_equal(files_in_folder(), 0);
    assert_int_equal(oct_bag_count(all, &count), OCT_OK); /* the pool is as good as before */
    assert_int_equal(count, ROWS);
    oct_bag *const made[] = {all, sorted, groups, joined, distinct, text, lines};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        oct_bag_destroy(made[i]);
    release(pool);
}

/* In a process of its own: what the setting says is read once. */
static int told_of_nonsense(void)
{
    oct_pool *pool;
    if (setenv("OCTAVO_MEMORY", "plenty", 1) != 0 || oct_pool_open_spec("threads:1", &pool, NULL) != OCT_OK)
        return 2;
    oct_bag *bag = oct_bag_range(pool, 0, 10);
    bool told = !bag && oct_last_error()->code == OCT_E_INVALID &&
                strstr(oct_last_error()->what, "OCTAVO_MEMORY") && strstr(oct_last_error()->what, "plenty");
    oct_bag_destroy(bag);
    oct_pool_close(pool);
    return told ? 0 : 1;
}

static void a_setting_that_makes_no_sense_is_told(void **state)
{
    int status = -1;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(told_of_nonsense());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    spec = argc > 1 && strncmp(argv[1], "--pool=", 7) == 0 ? argv[1] + 7 : "threads:3";
    snprintf(folder, sizeof(folder), "/tmp/spill_test.XXXXXX");
    if (!mkdtemp(folder) || setenv("TMPDIR", folder, 1) != 0 || setenv("OCTAVO_MEMORY", "1m", 1) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_that_makes_no_sense_is_told),
        cmocka_unit_test(a_sort_needs_no_more_memory_than_its_bound),
        cmocka_unit_test(one_giant_group_spills),
        cmocka_unit_test(a_full_disk_is_told_and_leaves_nothing_half_written),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 && failed == 0 ? 0 : 1;
}
