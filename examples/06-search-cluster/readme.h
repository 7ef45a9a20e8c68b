/* readme.h - what the code in README.md takes for granted. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "digits.h"
#include "nodes.h"
#include "search.h"

extern oct_pool *pool;
extern oct_bytes digits;
extern trial trials[SEARCH_TRIALS];
extern outcome outcomes[SEARCH_TRIALS];
extern oct_future *futures[SEARCH_TRIALS];

OCT_TASK(outcome, try_one, trial, t, oct_bytes, all)
{
    outcome out = {.node = oct_node()};
    (void)search_score(all, t, &out.accuracy, oct_task_error());
    return out;
}
