/* template: how many primes are there? One block after the other.
 *
 * Count many blocks at once. README.md tells how; solution.c is one answer. */
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

/* TODO 1: a task: OCT_TASK(long, primes_from, int, start) { ... } */

int main(void)
{
    /* TODO 2: open a pool, which needs main's arguments; close it at the end. */
    int starts[BLOCKS];
    long primes[BLOCKS], all = 0;
    for (int i = 0; i < BLOCKS; i++)
        starts[i] = i * BLOCK;

    /* TODO 3: a map instead of the loop. */
    for (int i = 0; i < BLOCKS; i++)
        primes[i] = count_primes(starts[i]);

    for (int i = 0; i < BLOCKS; i++)
        all += primes[i];
    printf("%ld primes below %d\n", all, BLOCKS * BLOCK);
    return 0;
}
