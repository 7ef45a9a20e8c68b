/* Many values into one: of futures, where they are, and of an array; and running totals. */
#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(int, square, int, x)
{
    return x * x;
}

OCT_TASK(int, sum, int, a, int, b)
{
    return a + b;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_future *squares[5];
    for (int i = 0; i < 5; i++)
        squares[i] = oct_submit(pool, square, i);
    oct_future *all = oct_reduce(pool, sum, squares, 5);
    int total;
    if (oct_result(all, &total) != OCT_OK)
        oct_die(all);
    printf("%d\n", total);

    int in[4] = {1, 2, 3, 4}, out[4], before = 100;
    if (oct_fold(pool, sum, in, 4, &total) != OCT_OK || oct_scan(pool, sum, in, 4, out) != OCT_OK)
        oct_die(NULL);
    printf("%d: %d %d %d %d\n", total, out[0], out[1], out[2], out[3]);
    if (oct_scan_exclusive(pool, sum, in, 4, &before, out) != OCT_OK)
        oct_die(NULL);
    printf("%d %d %d %d\n", out[0], out[1], out[2], out[3]);
    return oct_pool_close(pool);
}
