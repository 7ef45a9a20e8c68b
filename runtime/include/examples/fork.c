/* Fork and join: how many ways there are to place n queens on a board of n by n. */
#include <oct/oct.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

OCT_TASK(long, queens, int, n, uint32_t, columns, uint32_t, left, uint32_t, right)
{
    uint32_t full = (1u << n) - 1, places = full & ~(columns | left | right);
    if (columns == full)
        return 1;

    oct_forked(queens) parts[32];
    int count = 0;
    for (; places; places &= places - 1) {
        uint32_t place = places & -places;
        oct_fork_at(&parts[count++], queens, n, columns | place, (left | place) << 1, (right | place) >> 1);
    }
    long ways = 0;
    while (count > 0)
        ways += oct_join_at(&parts[--count], queens);
    return ways;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    long ways;
    oct_future *f = oct_submit(pool, queens, argc > 1 ? atoi(argv[1]) : 8, 0, 0, 0);
    if (oct_result(f, &ways) != OCT_OK)
        oct_die(f);
    printf("%ld\n", ways);
    return oct_pool_close(pool);
}
