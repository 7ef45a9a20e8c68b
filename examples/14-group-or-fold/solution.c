/* 14-group-or-fold: how warm was it at each of 300 weather stations? Each part of the lines is folded where
 * it is read.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "readings.h"

OCT_TASK(reading, take, int64_t, i)
{
    return reading_take(i);
}

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
    a.sum += b.sum;
    a.least = a.least < b.least ? a.least : b.least;
    a.most = a.most > b.most ? a.most : b.most;
    return a;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    const weather none = WEATHER_NONE;
    oct_bag *lines = oct_bag_range(pool, 0, READINGS);
    oct_bag *readings = oct_bag_map(lines, take);
    oct_bag *folded = oct_bag_fold_by(readings, station_of, add, together, &none);
    oct_bag *found = oct_bag_compute(folded); /* all of it runs here */
    if (!found)
        oct_die(NULL);

    static int64_t stations[STATIONS];
    static weather all[STATIONS];
    for (size_t i = 0; i < oct_bag_rows(found); i++)
        if (oct_bag_get(found, i, &stations[i], &all[i]) != OCT_OK)
            oct_die(NULL);
    weather_report(stations, all, oct_bag_rows(found), now() - start);

    oct_bag *bags[] = {lines, readings, folded, found};
    for (size_t i = 0; i < sizeof(bags) / sizeof(bags[0]); i++)
        oct_bag_destroy(bags[i]);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
