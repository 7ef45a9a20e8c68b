/* csv_groupby: tip fractions by passengers, from the CSV of a year of taxi trips: bytes of file a
 * second and worker, and how large the process grew. csv_groupby [--pool=SPEC] FOLDER */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
    snprintf(pattern, sizeof(pattern), "%s/*.csv", argc > 1 ? argv[1] : "data/taxi");
    question q = {pool, pattern};
    double bytes = bytes_of(pattern), workers = oct_pool_workers(pool);
    double took = bench_least(TIMES, ask, &q);
    /* Of threads we know what they computed, however busy the machine is with others' work. */
    double of_core = strcmp(oct_pool_kind(pool), "threads") == 0 ? cpu_seconds() / TIMES : took * workers;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    peer_figures peer = peer_run("csv_groupby", pattern);
    bench_line(pool, "csv_groupby", bytes / of_core / 1e9, "gb_per_s_core", peer.name,
               bytes / peer.cpu_seconds / 1e9);
    bench_line(pool, "csv_groupby", took, "s", peer.name, peer.seconds);
    bench_line(pool, "csv_groupby_peak", (double)usage.ru_maxrss * 1024, "bytes", peer.name, peer.bytes);
    return oct_pool_close(pool);
}
