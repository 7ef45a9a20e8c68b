/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

enum { BLOCKS = 400 };

extern oct_pool *pool;
extern int starts[BLOCKS];
extern long primes[BLOCKS];
long count_primes(int start);

OCT_TASK(long, primes_from, int, start)
{
    return count_primes(start);
}
