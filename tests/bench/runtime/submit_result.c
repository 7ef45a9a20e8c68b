/* Small tasks from one submitter, each with a result that is asked for; and one at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/runtime/bench.h"
#include "tests/bench/runtime/tbb_peer.h"

OCT_TASK(long, plus_one, long, x)
{
    return x + 1;
}

typedef struct context {
    oct_pool *pool;
    long count;
    oct_future **futures;
} context;

static double run_many(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    for (long i = 0; i < self->count; i++)
        self->futures[i] = oct_submit(self->pool, plus_one, i);
    long sum = 0;
    for (long i = 0; i < self->count; i++) {
        long x;
        if (oct_result(self->futures[i], &x) != OCT_OK)
            oct_die(self->futures[i]);
        sum += x;
    }
    double took = bench_now() - began;
    if (sum != self->count * (self->count + 1) / 2) {
        fprintf(stderr, "error: the sum is %ld\n", sum);
        exit(1);
    }
    return took;
}

static double run_one_by_one(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    for (long i = 0; i < self->count; i++) {
        long x;
        oct_future *f = oct_submit(self->pool, plus_one, i);
        if (oct_result(f, &x) != OCT_OK)
            oct_die(f);
    }
    return bench_now() - began;
}

#ifdef HAVE_TBB
static double run_tbb(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    tbb_submit(self->count, oct_pool_workers(self->pool));
    return bench_now() - began;
}
#endif

typedef struct figures {
    double per_second, round_trip;
} figures;

static void tell(oct_pool *pool, figures ours, const char *peer, figures theirs)
{
    bench_line(pool, "submit_result", ours.per_second, "tasks_per_s", peer, theirs.per_second);
    bench_line(pool, "submit_result", ours.round_trip, "round_trip_us", peer, theirs.round_trip);
}

/* What peer.py, which lies in the repository (OCTAVO_ROOT, or the current folder), measures; by
 * Debian's Python, which has Debian's packages, whatever is first on the PATH. False: no such peer here. */
static bool run_python(const char *peer, int workers, figures *out)
{
    const char *root = getenv("OCTAVO_ROOT");
    char command[4096];
    snprintf(command, sizeof(command), "/usr/bin/python3 '%s/tests/bench/runtime/peer.py' %s %d 2>/dev/null",
             root ? root : ".", peer, workers);
    FILE *output = popen(command, "re");
    bool found = output && fscanf(output, "%lf %lf", &out->per_second, &out->round_trip) == 2;
    if (output)
        pclose(output);
    return found;
}

static void tell_beside_python(oct_pool *pool, figures ours)
{
    figures theirs = {0};
    int workers = oct_pool_workers(pool);
    bool is_known = run_python(oct_pool_kind(pool), workers, &theirs);
    tell(pool, ours, is_known ? "python concurrent.futures" : NULL, theirs);
    if (strcmp(oct_pool_kind(pool), "processes") == 0 && run_python("dask", workers, &theirs))
        tell(pool, ours, "dask distributed", theirs);
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    bool is_local = strcmp(oct_pool_kind(pool), "threads") == 0;
    context many = {pool, is_local ? 1000000 : 200000, NULL}, few = {pool, is_local ? 100000 : 10000, NULL};
    many.futures = malloc((size_t)many.count * sizeof(oct_future *));
    if (!many.futures)
        return 1;
    figures ours = {.per_second = (double)many.count / bench_least(7, run_many, &many),
                    .round_trip = bench_least(3, run_one_by_one, &few) / (double)few.count * 1e6};
    tell_beside_python(pool, ours);
#ifdef HAVE_TBB
    if (is_local)
        bench_line(pool, "submit_result", ours.per_second, "tasks_per_s", "onetbb (without results)",
                   (double)many.count / bench_least(3, run_tbb, &many));
#endif
    free(many.futures);
    oct_pool_close(pool);
}
