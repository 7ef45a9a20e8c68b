/* Fork and join: fib(n), where every call with n >= 2 forks one of its two. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/runtime/bench.h"
#include "tests/bench/runtime/tbb_peer.h"

enum { N = 32 };

OCT_TASK(long, fib, int, n)
{
    if (n < 2)
        return n;
    oct_fork(left, fib, n - 1);
    long right = fib(n - 2);
    return oct_join(left) + right;
}

static long serial_fib(int n)
{
    return n < 2 ? n : serial_fib(n - 1) + serial_fib(n - 2);
}

static long openmp_fib(int n)
{
    if (n < 2)
        return n;
    long left, right;
#pragma omp task shared(left)
    left = openmp_fib(n - 1);
    right = openmp_fib(n - 2);
#pragma omp taskwait
    return left + right;
}

typedef struct context {
    oct_pool *pool;
    int n;
    long result;
} context;

static double run_octavo(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    oct_future *f = oct_submit(self->pool, fib, self->n);
    if (oct_result(f, &self->result) != OCT_OK)
        oct_die(f);
    return bench_now() - began;
}

static double run_openmp(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
#pragma omp parallel
#pragma omp single
    self->result = openmp_fib(self->n);
    return bench_now() - began;
}

#ifdef HAVE_TBB
static double run_tbb(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    self->result = tbb_fib(self->n, oct_pool_workers(self->pool));
    return bench_now() - began;
}
#endif

/* Nanoseconds of one worker for each forked call. */
static double per_task(double seconds, int n, oct_pool *pool)
{
    return seconds * 1e9 * oct_pool_workers(pool) / (double)(serial_fib(n + 1) - 1);
}

static void check(const context *self, const char *who)
{
    if (self->result == serial_fib(self->n))
        return;
    fprintf(stderr, "error: %s says that fib(%d) is %ld\n", who, self->n, self->result);
    exit(1);
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    context ours = {pool, N, 0}, openmp = {pool, N - 6, 0};
    double value = per_task(bench_least(5, run_octavo, &ours), ours.n, pool);
    double peer = per_task(bench_least(3, run_openmp, &openmp), openmp.n, pool);
    check(&ours, "octavo");
    check(&openmp, "openmp");
    bench_line(pool, "spawn_join", value, "ns", "openmp", peer);
#ifdef HAVE_TBB
    context tbb = {pool, N - 4, 0};
    peer = per_task(bench_least(3, run_tbb, &tbb), tbb.n, pool);
    check(&tbb, "onetbb");
    bench_line(pool, "spawn_join", value, "ns", "onetbb", peer);
#endif
    oct_pool_close(pool);
}
