/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

#include "runs.h"

extern oct_bag *runs;

OCT_TASK(int64_t, rank_of, run, r)
{
    return run_rank(r);
}
