/* 15-part-size: which number below a million takes most steps to 1? One number after the other.
 *
 * Divide them among the workers. In how many parts? README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "paths.h"

/* TODO 1: a task that goes through a part of the numbers, and returns the longest of them:
 *
 *   OCT_TASK(longest, search, int64_t, first) { ... from first, and before first + PART ... } */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();

    /* TODO 3: an array of where each part begins, and oct_map_with of it, one part a task (chunk = 1). How
     * many numbers make a good part? Then the longest of the parts' longest is left to find. */
    longest best = {0};
    for (int64_t number = FIRST; number < END; number++)
        best = path_longer(best, (longest){number, path_steps(number)});
    path_report(best, now() - start);
    return 0;
}
