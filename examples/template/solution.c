/* template: how many primes are there? Many blocks at once. */
#include <stdio.h>

#include <oct/oct.h>

enum { BLOCKS = 400, BLOCK = 1000 };

static long count_primes(int start)
{
    long count = 0;
    for (int n = start < 2 ? 2 : start; n < start + BLOCK; n++) {
        int divisor = 2;
        while (divisor * divisor <= n && n % divisor != 0)
            divisor++;
        count += divisor * divisor > n;
    }
    return count;
}

OCT_TASK(long, primes_from, int, start)
{
    return count_primes(start);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    int starts[BLOCKS];
    long primes[BLOCKS], all = 0;
    for (int i = 0; i < BLOCKS; i++)
        starts[i] = i * BLOCK;
    if (oct_map(pool, primes_from, starts, BLOCKS, primes) != OCT_OK)
        oct_die(NULL);
    for (int i = 0; i < BLOCKS; i++)
        all += primes[i];
    printf("%ld primes below %d\n", all, BLOCKS * BLOCK);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
