/* readme.h - what the code in README.md takes for granted. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "digits.h"
#include "search.h"

extern oct_pool *pool;
extern oct_bytes digits;
extern oct_error err;
extern const char *folder;
extern trial trials[SEARCH_TRIALS];
extern double accuracy[SEARCH_TRIALS];
extern oct_future *futures[SEARCH_TRIALS];
extern oct_future *f;
extern size_t i, k;

OCT_TASK(oct_bytes, load, const char *, path)
{
    oct_bytes all = {0};
    (void)digits_read(path, &all, oct_task_error());
    return all;
}

OCT_TASK(double, try_one, trial, t, oct_bytes, all)
{
    double share = 0;
    (void)search_score(all, t, &share, oct_task_error());
    return share;
}
