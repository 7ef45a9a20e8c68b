/* 08-taxi-frame: who tips? By hand, in a loop over the lines.
 *
 *   exercise FOLDER
 *
 * Say the same with a frame. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "trips.h"

enum { KEYS = 256 }; /* one more than any key; key UNKNOWN is counted at the end */

typedef struct sums {
    int64_t count[KEYS + 1];
    double sum[KEYS + 1];
} sums;

static void add(sums *to, int key, double value)
{
    int at = key < 0 || key >= KEYS ? KEYS : key;
    to->count[at]++;
    to->sum[at] += value;
}

/* Prints the keys that came up, the unknown one last. */
static void report(const char *title, const sums *all, bool means)
{
    int64_t keys[KEYS + 1], count[KEYS + 1];
    double mean[KEYS + 1];
    int rows = 0;
    for (int key = 0; key <= KEYS; key++) {
        if (all->count[key] == 0)
            continue;
        keys[rows] = key == KEYS ? UNKNOWN : key;
        count[rows] = all->count[key];
        mean[rows++] = all->sum[key] / (double)all->count[key];
    }
    if (means)
        print_means(title, keys, count, mean, rows);
    else
        print_counts(title, keys, count, rows);
}

int main(int argc, char **argv)
{
    /* TODO 1: open a pool, and instead of trips_open write
     *
     *   oct_frame *all = oct_read_csv(pool, "data/taxi/" "*.csv");
     *
     * It reads only the headers, and the first lines to find out the columns' types. */
    static sums passengers, hours, weekdays, payments, day;
    double start = now();
    trips *all = trips_open(argc > 1 ? argv[1] : "data/taxi");

    /* TODO 2: the condition and the fraction, by oct_frame_where and oct_frame_assign.
     * TODO 3: each of these sums is a group-by of the frame: oct_frame_groupby(tips,
     *         "hour(tpep_pickup_datetime) as key", "count() as trips, mean(tip_fraction) as mean").
     * TODO 4: compute them (oct_frame_compute) and print their columns (oct_frame_int64s,
     *         oct_frame_doubles) by print_means. Or all at once: oct_frame_print. */
    for (trip t; trips_next(all, &t);) {
        add(&payments, t.payment, 0);
        if (t.of_the_day)
            add(&day, t.hour, t.fare);
        if (t.fare <= 0 || t.payment != CARD)
            continue;
        double tip_fraction = t.tip / t.fare;
        add(&passengers, t.passengers, tip_fraction);
        add(&hours, t.hour, tip_fraction);
        add(&weekdays, t.weekday, tip_fraction);
    }
    trips_close(all);

    report("tip fraction by passengers", &passengers, true);
    report("tip fraction by hour", &hours, true);
    report("tip fraction by weekday, 0 is Monday", &weekdays, true);
    report("trips by payment", &payments, false);
    report("fares by hour on " THE_DAY, &day, true);
    fprintf(stderr, "%.2f s\n", now() - start);
    return 0;
}
