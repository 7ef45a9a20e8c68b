/* readme.h - what the code in README.md takes for granted. */
#include <stdlib.h>

#include <oct/oct.h>

#include "ways.h"

extern oct_pool *pool;
extern oct_future *ways[COUNTRIES], *fewer[COUNTRIES];
extern oct_ints whole, next;
extern oct_error err;
extern int count;

OCT_TASK(oct_ints, join, oct_ints, a, oct_ints, b, oct_ints, c, oct_ints, d)
{
    oct_ints joined = {0};
    const oct_ints parts[] = {a, b, c, d};
    for (int i = 0; i < 4; i++)
        (void)ways_append(&joined, parts[i], oct_task_error());
    return joined;
}
