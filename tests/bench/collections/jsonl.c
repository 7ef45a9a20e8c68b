/* jsonl: minute prices of stocks from JSON lines to typed columns, all of them: bytes of file a second and
 * worker. jsonl [--pool=SPEC] FOLDER */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

enum { TIMES = 3 };

typedef struct question {
    oct_pool *pool;
    const char *pattern;
} question;

static double ask(void *ctx)
{
    const question *q = ctx;
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

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double bytes_of(const char *pattern)
{
    glob_t paths = {0};
    struct stat st;
    double bytes = 0;
    if (glob(pattern, 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc; i++)
            bytes += stat(paths.gl_pathv[i], &st) == 0 ? (double)st.st_size : 0;
    globfree(&paths);
    return bytes;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/json/*.json", argc > 1 ? argv[1] : "data/stocks");
    question q = {pool, pattern};
    double bytes = bytes_of(pattern), workers = oct_pool_workers(pool);
    double took = bench_least(TIMES, ask, &q);
    /* Of threads we know what they computed, however busy the machine is with others' work. */
    double of_core = strcmp(oct_pool_kind(pool), "threads") == 0 ? cpu_seconds() / TIMES : took * workers;
    peer_figures peer = peer_run("jsonl", pattern);
    bench_line(pool, "jsonl", bytes / of_core / 1e9, "gb_per_s_core", peer.name,
               bytes / peer.cpu_seconds / 1e9);
    return oct_pool_close(pool);
}
