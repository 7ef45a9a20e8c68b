/* Answers to the questions of times_test.py, as CSV files in a folder: times [--pool=SPEC] FOLDER. prices.csv
 * is there. */
#include <stdio.h>

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

static const char *const stretch = "count() as n, count(price) as k, mean(price) as m, sum(volume) as v, "
                                   "argmax(at, price) as w, nunique(zone) as u";
static const char *const window = "count() as n, count(price) as k, sum(volume) as v, mean(price) as m, "
                                  "min(price) as low, max(price) as high, std(price) as s, sum(y) as t, "
                                  "first(id) as f, argmin(id, price) as w, median(price) as mid, "
                                  "quantile(price, 0.9) as most, nunique(zone) as u";

static void ask(oct_frame *prices, const char *suffix)
{
    char name[64];
#define NAMED(text) (snprintf(name, sizeof(name), "%s%s", text, suffix), name)
    oct_frame *ordered = oct_frame_set_index(prices, "at"), *held = oct_frame_compute(ordered);
    answer(NAMED("groups"), oct_frame_groupby(prices, "day",
                                              "argmax(at, price) as w, argmin(id, price) as low, "
                                              "max(price) as high, argmax(price, at) as p"));
    answer(NAMED("stretches"), oct_frame_resample(prices, "at", "6 hours", stretch));
    answer(NAMED("months"), oct_frame_resample(prices, "day", "month", stretch));
    oct_frame *rows = oct_frame_rolling(ordered, "9 rows", window);
    oct_frame *rolled = oct_frame_rolling(held, "5 minutes", window);
    answer(NAMED("rows"), oct_frame_where(rows, "id % 7 = 0"));
    answer(NAMED("rolled"), oct_frame_where(rolled, "id % 7 = 0"));
    oct_frame *slice = oct_frame_between(held, "1969-12-31 12:00:00", "1970-01-02");
    answer(NAMED("slice"), oct_frame_select(slice, "id, at"));
    oct_frame *tail = oct_frame_between(ordered, "1970-01-05", NULL);
    answer(NAMED("tail"), oct_frame_groupby(tail, "zone", "count() as n"));
    answer(NAMED("head"), oct_frame_rolling(slice, "2 rows", "min(id) as f"));
    answer(NAMED("pivot"), oct_frame_pivot(prices, "day", "zone", "max(volume)"));
    answer(NAMED("correlation"),
           oct_frame_correlation(prices, "price, volume, id * 1.0 as id, price * -2 as less"));
    oct_frame *all[] = {ordered, held, rows, rolled, slice, tail};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        oct_frame_destroy(all[i]);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    char path[4096];
    folder = argc > 1 ? argv[1] : ".";
    snprintf(path, sizeof(path), "%s/prices.csv", folder);
    oct_frame *prices = oct_read_csv(pool, path), *none = oct_frame_where(prices, "id < 0");
    oct_frame *few = oct_frame_where(prices, "id % 7 = 0");
    if (!none)
        oct_die(NULL);
    answer("cut", oct_frame_select(few, "id, truncate(at, '15 minutes') as a, truncate(at, 'week') as b, "
                                        "truncate(day, '3 months') as c, truncate(day, '2 weeks') as d, "
                                        "truncate(at, 'year') as e, truncate(at, '100 milliseconds') as f"));
    ask(prices, "");
    ask(none, "_none");
    oct_frame_destroy(few);
    oct_frame_destroy(none);
    oct_frame_destroy(prices);
    return oct_pool_close(pool) == OCT_OK && failures == 0 ? 0 : 1;
}
