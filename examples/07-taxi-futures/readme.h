/* readme.h - what the code in README.md takes for granted. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "trips.h"

extern oct_pool *pool;
extern row_group *groups;
extern size_t count;
extern oct_error err;
extern oct_future **passengers, **answers;
extern oct_ints mine[8];
extern oct_future *parts[8];
extern int64_t sum, one;

OCT_TASK(oct_ints, load, row_group, group)
{
    oct_ints trips = {0};
    (void)group_read(group, &trips, oct_task_error());
    return trips;
}

OCT_TASK(int64_t, total, oct_ints, trips)
{
    return passengers_total(trips);
}
