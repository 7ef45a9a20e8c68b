/* jsonl: minute prices of stocks from JSON lines to typed columns, all of them: bytes of file a second and
 * worker. jsonl [--pool=SPEC] FOLDER */
#include <stdio.h>

#include "tests/bench/collections/files.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

static double ask(void *ctx)
{
    const files_question *q = ctx;
    double start = bench_now();
    oct_frame *prices = oct_read_jsonl(q->pool, q->pattern);
    oct_frame *counts = oct_frame_groupby(prices, "1 as all",
                                          "count(timestamp) as times, count(open), count(high), count(low), "
                                          "count(close) as prices");
    oct_frame *table = oct_frame_compute(counts);
    double took = bench_now() - start;
    if (!table || oct_frame_int64s(table, "times")[0] != oct_frame_int64s(table, "prices")[0])
        oct_die(NULL);
    oct_frame *all[] = {prices, counts, table};
    for (int i = 0; i < 3; i++)
        oct_frame_destroy(all[i]);
    return took;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/json/*.json", argc > 1 ? argv[1] : "data/stocks");
    files_figures ours = files_measure(&(files_question){pool, pattern}, ask);
    peer_figures peer = peer_run("jsonl", pattern);
    bench_line(pool, "jsonl", ours.bytes / ours.core_seconds / 1e9, "gb_per_s_core", peer.name,
               ours.bytes / peer.cpu_seconds / 1e9);
    return oct_pool_close(pool);
}
