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

/* The same with Python's concurrent.futures: tasks a second, and microseconds for one. */
static const char python_peer[] =
    "import concurrent.futures as c, time, sys\n"
    "def f(x): return x + 1\n"
    "if __name__ == '__main__':\n"
    "    kind = c.ProcessPoolExecutor if sys.argv[1] == 'processes' else c.ThreadPoolExecutor\n"
    "    with kind(int(sys.argv[2])) as e:\n"
    "        e.submit(f, 0).result()\n"
    "        n = 20000\n"
    "        t = time.perf_counter(); r = [x.result() for x in [e.submit(f, i) for i in range(n)]]\n"
    "        a = n / (time.perf_counter() - t)\n"
    "        n = 2000\n"
    "        t = time.perf_counter(); r = [e.submit(f, i).result() for i in range(n)]\n"
    "        print(a, (time.perf_counter() - t) / n * 1e6)\n";

static int run_python(oct_pool *pool, double *per_second, double *round_trip)
{
    char path[] = "/tmp/octavo-bench-XXXXXX", command[256];
    int file = mkstemp(path);
    if (file < 0)
        return 0;
    FILE *script = fdopen(file, "w");
    fputs(python_peer, script);
    fclose(script);
    snprintf(command, sizeof(command), "python3 %s %s %d 2>/dev/null", path, oct_pool_kind(pool),
             oct_pool_workers(pool));
    FILE *output = popen(command, "r");
    int found = output && fscanf(output, "%lf %lf", per_second, round_trip) == 2;
    if (output)
        pclose(output);
    remove(path);
    return found;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    bool is_local = strcmp(oct_pool_kind(pool), "threads") == 0;
    context many = {pool, is_local ? 1000000 : 200000, NULL}, few = {pool, is_local ? 100000 : 10000, NULL};
    many.futures = malloc((size_t)many.count * sizeof(oct_future *));
    if (!many.futures)
        return 1;
    double rate = (double)many.count / bench_least(7, run_many, &many);
    double round_trip = bench_least(3, run_one_by_one, &few) / (double)few.count * 1e6;
    double peer_rate, peer_round_trip;
    bool python = run_python(pool, &peer_rate, &peer_round_trip);
    const char *peer = python ? "python concurrent.futures" : NULL;
    bench_line(pool, "submit_result", rate, "tasks_per_s", peer, python ? peer_rate : 0);
    bench_line(pool, "submit_result", round_trip, "round_trip_us", peer, python ? peer_round_trip : 0);
#ifdef HAVE_TBB
    if (is_local)
        bench_line(pool, "submit_result", rate, "tasks_per_s", "onetbb (without results)",
                   (double)many.count / bench_least(3, run_tbb, &many));
#endif
    free(many.futures);
    oct_pool_close(pool);
}
