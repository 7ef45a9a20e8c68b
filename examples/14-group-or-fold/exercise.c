/* 14-group-or-fold: how warm was it at each of 300 weather stations? One line after the other.
 *
 * Let all workers read, and bring together as little as possible. README.md tells how; solution.c is one
 * answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "readings.h"

/* TODO 1: four tasks. take gives the reading of a number; station_of its station, which is the key; add folds
 * a reading into the weather of its station; and together makes one weather of two of the same station. */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();
    static int64_t stations[STATIONS];
    static weather all[STATIONS];
    for (int station = 0; station < STATIONS; station++) {
        stations[station] = station;
        all[station] = WEATHER_NONE;
    }

    /* TODO 3: a bag of the numbers 0 to READINGS, oct_bag_map, oct_bag_fold_by, oct_bag_compute; and instead
     * of this loop one over the few records that come of it. */
    for (int64_t i = 0; i < READINGS; i++) {
        reading r = reading_take(i);
        weather_add(&all[r.station], r);
    }
    weather_report(stations, all, STATIONS, now() - start);
    return 0;
}
