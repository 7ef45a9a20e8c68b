/* A time series: each day's mean and highest price and when that was, weeks, windows, and what an index is
 * worth.
 *
 *   octavo prep stocks
 *   stock_series [--pool=SPEC] data/stocks/json/hal.json */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "measure.h"

enum { TIMES = 20 };

static void show(const char *title, oct_frame *frame)
{
    printf("%s\n", title);
    if (oct_frame_print(frame, stdout) != OCT_OK)
        oct_die(NULL);
    printf("\n");
    oct_frame_destroy(frame);
}

/* All of it in one pass over the file: a chunk adds up its minutes, and only its few days go any further. */
static void by_day(oct_frame *prices)
{
    show("days",
         oct_frame_groupby(prices, "date(timestamp) as day",
                           "mean(close) as mean, max(high) as highest, argmax(timestamp, high) as at"));
    oct_frame *days = oct_frame_resample(prices, "timestamp", "day", "count() as minutes");
    oct_frame *closed = oct_frame_where(days, "minutes = 0"), *table = oct_frame_compute(closed);
    oct_frame *all = oct_frame_compute(days);
    if (!table || !all)
        oct_die(NULL);
    printf("%zu days from the first to the last, without trade on %zu\n\n", oct_frame_rows(all),
           oct_frame_rows(table));
    oct_frame *each[] = {days, closed, table, all};
    for (int i = 0; i < 4; i++)
        oct_frame_destroy(each[i]);
}

/* The last price of a week is that of its latest minute, not that of the last row to be read. */
static void by_week(oct_frame *prices)
{
    show("weeks", oct_frame_resample(prices, "timestamp", "week",
                                     "argmin(open, timestamp) as open, max(high) as high, min(low) as low, "
                                     "argmax(close, timestamp) as close, std(close) as spread"));
}

/* In the morning 30 rows reach back into yesterday, and 30 minutes do not. */
static void windows(oct_frame *held)
{
    oct_frame *rows = oct_frame_rolling(held, "30 rows", "mean(close) as `30 rows`, count() as n");
    oct_frame *both = oct_frame_rolling(rows, "30 minutes", "mean(close) as `30 minutes`, count() as m");
    oct_frame *morning = oct_frame_where(both, "hour(timestamp) = 9 and minute(timestamp) = 34");
    oct_frame *few = oct_frame_head(morning, 3);
    show("windows at 09:34", oct_frame_select(few, "timestamp, close, `30 rows`, n, `30 minutes`, m"));
    oct_frame *all[] = {rows, both, morning, few};
    for (int i = 0; i < 4; i++)
        oct_frame_destroy(all[i]);
}

static double seconds_of(oct_frame *asked, size_t *rows)
{
    double best = 1e9;
    for (int i = 0; i < TIMES; i++) {
        double start = measure_now();
        oct_frame *table = oct_frame_compute(asked);
        double seconds = measure_now() - start;
        if (!table)
            oct_die(NULL);
        best = seconds < best ? seconds : best;
        *rows = oct_frame_rows(table);
        oct_frame_destroy(table);
    }
    oct_frame_destroy(asked);
    return best;
}

/* One hour, three times: of the file, of all that is in memory, and of the rows that the index finds. */
static void slices(oct_frame *prices, oct_frame *held)
{
    static const char *const hour =
        "timestamp >= '2013-01-03 10:00:00' and timestamp < '2013-01-03 11:00:00'";
    oct_frame *unordered = oct_frame_sort(held, "timestamp"), *table = oct_frame_compute(unordered);
    oct_frame *asked[] = {oct_frame_where(prices, hour), oct_frame_where(table, hour),
                          oct_frame_between(held, "2013-01-03 10:00:00", "2013-01-03 11:00:00")};
    static const char *const what[] = {"where, of the file", "where, in memory", "between, by the index"};
    printf("%-24s %8s %12s\n", "one hour", "rows", "ms");
    for (int i = 0; i < 3; i++) {
        size_t rows = 0;
        double seconds = seconds_of(asked[i], &rows);
        printf("%-24s %8zu %12.3f\n", what[i], rows, 1e3 * seconds);
    }
    oct_frame_destroy(unordered);
    oct_frame_destroy(table);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: stock_series [--pool=SPEC] FILE, such as data/stocks/json/hal.json\n");
        oct_pool_close(pool);
        return 2;
    }
    oct_frame *prices = oct_read_jsonl(pool, argv[1]);
    oct_frame *ordered = oct_frame_set_index(prices, "timestamp"), *held = oct_frame_compute(ordered);
    if (!held)
        oct_die(NULL);
    by_day(prices);
    by_week(prices);
    windows(held);
    slices(prices, held);
    oct_frame *all[] = {prices, ordered, held};
    for (int i = 0; i < 3; i++)
        oct_frame_destroy(all[i]);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
