/* 08-taxi-frame: who tips? By a frame, on all workers.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "trips.h"

/* The first failure is told at the end of its chain. */
static void check(const void *frame)
{
    if (!frame)
        oct_die(NULL);
}

/* Groups by a key and prints the means, or only how many rows each key has. */
static void report(const char *title, oct_frame *frame, const char *key, const char *aggregates)
{
    char keys[128];
    snprintf(keys, sizeof(keys), "%s as key", key);
    oct_frame *groups = oct_frame_groupby(frame, keys, aggregates);
    oct_frame *table = oct_frame_compute(groups);
    check(table);
    size_t rows = oct_frame_rows(table);
    const double *means = oct_frame_doubles(table, "mean");
    int64_t *known = malloc((rows + 1) * sizeof(*known));
    check(known);
    for (size_t i = 0; i < rows; i++)
        known[i] = oct_frame_is_null(table, "key", i) ? UNKNOWN : oct_frame_int64s(table, "key")[i];
    if (means)
        print_means(title, known, oct_frame_int64s(table, "trips"), means, (int)rows);
    else
        print_counts(title, known, oct_frame_int64s(table, "trips"), (int)rows);
    free(known);
    oct_frame_destroy(table);
    oct_frame_destroy(groups);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    check(pool);
    double start = now();
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/*.csv", argc > 1 ? argv[1] : "data/taxi");

    oct_frame *all = oct_read_csv(pool, pattern);
    oct_frame *paid = oct_frame_where(all, "fare_amount > 0 and payment_type = 1");
    oct_frame *tips = oct_frame_assign(paid, "tip_fraction", "tip_amount / fare_amount");
    oct_frame *day = oct_frame_where(all, "date(tpep_pickup_datetime) = '" THE_DAY "'");
    static const char mean[] = "count() as trips, mean(tip_fraction) as mean";

    report("tip fraction by passengers", tips, "passenger_count", mean);
    report("tip fraction by hour", tips, "hour(tpep_pickup_datetime)", mean);
    report("tip fraction by weekday, 0 is Monday", tips, "weekday(tpep_pickup_datetime)", mean);
    report("trips by payment", all, "payment_type", "count() as trips");
    report("fares by hour on " THE_DAY, day, "hour(tpep_pickup_datetime)",
           "count() as trips, mean(fare_amount) as mean");
    fprintf(stderr, "%.2f s\n", now() - start);

    oct_frame *frames[] = {day, tips, paid, all};
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        oct_frame_destroy(frames[i]);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
