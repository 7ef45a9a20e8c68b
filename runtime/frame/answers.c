/* Answers to the questions of answers_test.py, as CSV files in a folder: answers [--pool=SPEC] FOLDER.
 * trips*.csv and zones.csv are there. */
#include <stdio.h>
#include <stdlib.h>

#include "oct/oct.h"

static const char *folder;
static int failures;

static void answer(const char *name, oct_frame *frame)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.answer", folder, name);
    if (oct_frame_write_csv(frame, path) != OCT_OK) {
        fprintf(stderr, "%s: %s\n", name, oct_last_error()->what);
        failures++;
    }
    oct_frame_destroy(frame);
}

static oct_frame *table(oct_pool *pool, const char *pattern)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, pattern);
    const oct_csv_options options = {
        .types = "id int64, zone string, big int64, x double, day date, at timestamp"};
    const oct_csv_options of_zones = {.types = "zone string, rate double"};
    return oct_read_csv_with(pool, path, pattern[0] == 't' ? &options : &of_zones);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    folder = argc > 1 ? argv[1] : ".";
    oct_frame *trips = table(pool, "trips*.csv"), *zones = table(pool, "zones.csv");
    if (!trips || !zones)
        oct_die(NULL);
    answer("all", oct_frame_select(trips, "id, zone, big, x, day, at"));
    char path[4096];
    snprintf(path, sizeof(path), "%s/trips.jsonl", folder);
    oct_frame *lines = oct_read_jsonl(pool, path);
    answer("jsonl", oct_frame_select(lines, "id, zone, big, x, day, at"));
    oct_frame_destroy(lines);
    answer("value_counts", oct_frame_value_counts(trips, "zone"));
    answer("distinct", oct_frame_distinct(trips, "zone, day"));
    answer("largest", oct_frame_largest(trips, "x desc", 100));
    answer("smallest", oct_frame_largest(trips, "day, big desc, id", 50));
    answer("sorted", oct_frame_sort(trips, "big"));
    answer("tail", oct_frame_tail(trips, 10));
    answer("inner", oct_frame_join(trips, zones, "zone", OCT_JOIN_INNER));
    answer("left", oct_frame_join(trips, zones, "zone", OCT_JOIN_LEFT));
    answer("outer", oct_frame_join(trips, zones, "zone", OCT_JOIN_OUTER));
    answer("semi", oct_frame_join(trips, zones, "zone", OCT_JOIN_SEMI));
    answer("anti", oct_frame_join(trips, zones, "zone", OCT_JOIN_ANTI));
    answer("concat", oct_frame_concat(zones, trips));
    answer("describe", oct_frame_describe(trips));
    answer("groups", oct_frame_groupby(trips, "day, zone",
                                       "count() as n, count(x) as k, min(big) as b, "
                                       "max(at) as t, first(id) as f"));
    answer("spread", oct_frame_groupby(trips, "day, zone",
                                       "median(x) as m, quantile(x, 0.9) as q, quantile(id * 1.0, 0) as low, "
                                       "nunique(at) as a, nunique(x) as u"));
    answer("different",
           oct_frame_groupby(trips, "big > 0 as positive",
                             "nunique(zone) as z, nunique(x) as u, nunique(big) as b, median(id) as m"));
    oct_frame *few = oct_frame_where(trips, "id < 0"),
              *joined = oct_frame_join(few, zones, "zone", OCT_JOIN_LEFT);
    oct_frame *held = oct_frame_compute(trips), *rich = oct_frame_join(held, zones, "zone", OCT_JOIN_LEFT);
    answer("none", joined);
    answer("held", oct_frame_groupby(rich, "zone", "count() as n, min(rate) as r"));
    oct_frame *all[] = {few, held, rich, trips, zones};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        oct_frame_destroy(all[i]);
    return oct_pool_close(pool) == OCT_OK && failures == 0 ? 0 : 1;
}
