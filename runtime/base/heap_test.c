#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/base/heap.h"

enum { BLOCKS = 8, SIZE = 1 << 20, ROUNDS = 10 };

/* How many pages malloc had to ask for, in so many rounds of taking, filling and freeing. */
static long faults(int rounds)
{
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    while (rounds-- > 0) {
        char *blocks[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(SIZE);
            assert_non_null(blocks[i]);
            memset(blocks[i], rounds, SIZE);
        }
        for (int i = 0; i < BLOCKS; i++)
            free(blocks[i]);
    }
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt - before.ru_minflt;
}

static void large_blocks_are_used_again(void **state)
{
    (void)state;
    octi_heap_keep();
    assert_in_range(faults(1), BLOCKS * SIZE / 4096 - 64, BLOCKS * SIZE / 4096 + 64);
    assert_in_range(faults(ROUNDS), 0, ROUNDS * 8);
}

static void what_the_user_set_stands(void **state)
{
    (void)state;
    setenv("MALLOC_TRIM_THRESHOLD_", "0", 1); /* glibc itself looks at it before main: nothing changes here */
    octi_heap_keep();
    unsetenv("MALLOC_TRIM_THRESHOLD_");
    assert_in_range(faults(ROUNDS), ROUNDS * (BLOCKS * SIZE / 4096 / 2),
                    ROUNDS * (BLOCKS * SIZE / 4096 + 64));
}

static void blocks_of_any_size_are_there_and_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, OCTI_HEAP_LARGE - 1, OCTI_HEAP_LARGE, OCTI_HEAP_LARGE + 1};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *block = octi_heap_block(sizes[i]);
        assert_non_null(block);
        assert_true(sizes[i] < OCTI_HEAP_LARGE || (uintptr_t)block % OCTI_HEAP_PAGE == 0);
        memset(block, 1, sizes[i]);
        free(block);
        char *zeroes = octi_heap_zeroes(sizes[i]);
        assert_non_null(zeroes);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(zeroes[at], 0);
        free(zeroes);
    }
    assert_null(octi_heap_zeroes(SIZE_MAX));
    assert_null(octi_heap_block(SIZE_MAX)); /* no multiple of a page is as large */
}

int main(void)
{
    /* In this order: there is no way back. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_user_set_stands),
        cmocka_unit_test(large_blocks_are_used_again),
        cmocka_unit_test(blocks_of_any_size_are_there_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
