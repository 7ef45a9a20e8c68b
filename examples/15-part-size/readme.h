/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

#include "paths.h"

enum { PART = 10000, PARTS = (END - FIRST + PART - 1) / PART };

extern oct_pool *pool;
extern int64_t numbers[END], firsts[PARTS];
extern longest of_each[END], found[PARTS];
extern const oct_map_options one_at_a_time;

OCT_TASK(longest, steps_of, int64_t, number)
{
    return (longest){number, path_steps(number)};
}

OCT_TASK(longest, search, int64_t, first)
{
    return (longest){first, path_steps(first)};
}
