/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

#include "matrix.h"

enum { STRIPES = 16, SQUARES = 4 };

extern oct_pool *pool;
extern oct_doubles rows[STRIPES], columns[SQUARES], all;
extern oct_future *chunks[STRIPES];

OCT_TASK(oct_doubles, multiply, oct_doubles, some, oct_doubles, others)
{
    (void)some, (void)others;
    return (oct_doubles){0};
}
