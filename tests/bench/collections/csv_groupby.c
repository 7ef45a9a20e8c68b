/* csv_groupby: tip fractions by passengers, from the CSV of a year of taxi trips: bytes of file a
 * second and worker, and how large the process grew. csv_groupby [--pool=SPEC] FOLDER */
#include <stdio.h>
#include <sys/resource.h>

#include "tests/bench/collections/files.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

static double ask(void *ctx)
{
    const files_question *q = ctx;
    double start = bench_now();
    oct_frame *trips = oct_read_csv(q->pool, q->pattern);
    oct_frame *paid = oct_frame_where(trips, "fare_amount > 0");
    oct_frame *tips = oct_frame_assign(paid, "tip_fraction", "tip_amount / fare_amount");
    oct_frame *mean = oct_frame_groupby(tips, "passenger_count", "mean(tip_fraction)");
    oct_frame *table = oct_frame_compute(mean);
    double took = bench_now() - start;
    if (!table || oct_frame_rows(table) != 8) /* 0 to 6, and unknown */
        oct_die(NULL);
    oct_frame *all[] = {trips, paid, tips, mean, table};
    for (int i = 0; i < 5; i++)
        oct_frame_destroy(all[i]);
    return took;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/*.csv", argc > 1 ? argv[1] : "data/taxi");
    files_figures ours = files_measure(&(files_question){pool, pattern}, ask);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    peers others = peers_ask(pool, "csv_groupby", pattern);
    peers_lines(pool, "csv_groupby", ours.bytes / ours.core_seconds / 1e9, PEER_RATE, &others, ours.bytes);
    peers_lines(pool, "csv_groupby", ours.seconds, PEER_SECONDS, &others, 0);
    peers_lines(pool, "csv_groupby_peak", (double)usage.ru_maxrss * 1024, PEER_BYTES, &others, 0);
    return oct_pool_close(pool);
}
