/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

#include "readings.h"

extern oct_pool *pool;
extern oct_bag *readings;
extern const weather none;

OCT_TASK(int64_t, station_of, reading, r)
{
    return r.station;
}

OCT_TASK(weather, add, weather, so_far, reading, r)
{
    weather_add(&so_far, r);
    return so_far;
}

OCT_TASK(weather, together, weather, a, weather, b)
{
    a.count += b.count;
    return a;
}

OCT_TASK(weather, all_of, int64_t, station, oct_bytes, group)
{
    (void)station;
    (void)group;
    return none;
}
