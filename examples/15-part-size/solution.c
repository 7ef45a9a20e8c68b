/* 15-part-size: which number below a million takes most steps to 1? In parts of a good size.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "paths.h"

/* About a millisecond of work: a thousand times what a task costs, and a hundred of them for the workers. */
enum { PART = 10000, PARTS = (END - FIRST + PART - 1) / PART };

OCT_TASK(longest, search, int64_t, first)
{
    longest best = {0};
    for (int64_t number = first; number < first + PART && number < END; number++)
        best = path_longer(best, (longest){number, path_steps(number)});
    return best;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    static int64_t firsts[PARTS];
    static longest found[PARTS];
    for (int part = 0; part < PARTS; part++)
        firsts[part] = FIRST + (int64_t)part * PART;
    if (oct_map_with(pool, &(oct_map_options){.chunk = 1}, search, firsts, PARTS, found) != OCT_OK)
        oct_die(NULL);

    longest best = {0};
    for (int part = 0; part < PARTS; part++)
        best = path_longer(best, found[part]);
    path_report(best, now() - start);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
