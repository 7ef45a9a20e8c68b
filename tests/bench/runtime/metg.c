/* METG(50%): the shortest task at which half of the machine's time goes into tasks.
 *
 * E. Slaughter et al., "Task Bench: a parameterized benchmark for evaluating parallel runtime
 * performance", SC 2020: a grid of tasks, one column a worker, in which each task needs its
 * neighbours of the step before; granularity is wall time x workers / tasks, and efficiency the
 * share of the machine's peak, which is what its workers do when they run the kernel alone.
 *
 * The peak is measured on all of the pool's workers, in turn with the grid, and not once on one
 * thread: on a machine that others use as well, a grid compared with an undisturbed
 * kernel never gets to 50 %, and the figure says how busy the machine is.
 *
 * Where a task can submit tasks without a process between them, the grid is submitted by a task, as
 * OpenMP's is by the thread of its `single`: by the program's own thread it would be one thread more
 * than there are workers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/runtime/bench.h"

enum { STEPS = 2000, MAX_WIDTH = 64 };

static double kernel(long iterations, double x)
{
    for (long i = 0; i < iterations; i++)
        x = x * 0.999999 + 0.000001;
    return x;
}

OCT_TASK(double, first, long, iterations)
{
    return kernel(iterations, 1);
}

OCT_TASK(double, of_two, long, iterations, double, a, double, b)
{
    return kernel(iterations, 0.5 * (a + b));
}

OCT_TASK(double, of_three, long, iterations, double, a, double, b, double, c)
{
    return kernel(iterations, (a + b + c) / 3);
}

/* Its start is an argument: from a constant 1, which the kernel keeps at 1, the compiler knows the
 * result without a loop. */
OCT_TASK(double, many, long, kernels, long, iterations, double, x)
{
    for (long i = 0; i < kernels; i++)
        x = kernel(iterations, x);
    return x;
}

typedef struct grid {
    oct_pool *pool;
    int width;
    bool around;   /* nearest: the neighbours' row is a ring; stencil: it has ends */
    bool is_local; /* tasks see this struct */
    long iterations;
} grid;

static oct_future *submit_at(const grid *self, oct_future *const *row, int i)
{
    int left = i - 1, right = i + 1;
    if (self->around) {
        left = (left + self->width) % self->width;
        right %= self->width;
    }
    if (left < 0)
        return oct_submit(self->pool, of_two, self->iterations, row[i], row[right]);
    if (right >= self->width)
        return oct_submit(self->pool, of_two, self->iterations, row[left], row[i]);
    return oct_submit(self->pool, of_three, self->iterations, row[left], row[i], row[right]);
}

static void compute(const grid *self)
{
    oct_future *row[MAX_WIDTH], *next[MAX_WIDTH];
    for (int i = 0; i < self->width; i++)
        row[i] = oct_submit(self->pool, first, self->iterations);
    for (int step = 1; step < STEPS; step++) {
        for (int i = 0; i < self->width; i++)
            next[i] = submit_at(self, row, i);
        for (int i = 0; i < self->width; i++)
            oct_release(row[i]);
        memcpy(row, next, sizeof(row));
    }
    for (int i = 0; i < self->width; i++) {
        double x;
        if (oct_result(row[i], &x) != OCT_OK || !(fabs(x - 1) < 1e-3))
            oct_die(row[i]);
    }
}

/* The address of a grid: only for a pool that shares memory with the program. */
OCT_TASK(int, compute_at, uintptr_t, address)
{
    compute((const grid *)address);
    return 0;
}

static double run_grid(void *ctx)
{
    const grid *self = ctx;
    double began = bench_now();
    if (self->is_local) {
        oct_future *whole = oct_submit(self->pool, compute_at, (uintptr_t)self);
        if (oct_result(whole, NULL) != OCT_OK)
            oct_die(whole);
    } else {
        compute(self);
    }
    return bench_now() - began;
}

static double run_openmp(void *ctx)
{
    const grid *self = ctx;
    static double cells[2][MAX_WIDTH + 2];
    double began = bench_now();
    long iterations = self->iterations;
    int width = self->width;
#pragma omp parallel
#pragma omp single
    for (int step = 0; step < STEPS; step++) {
        double *from = cells[step % 2], *to = cells[(step + 1) % 2];
        for (int i = 1; i <= width; i++) {
#pragma omp task depend(in : from[i - 1], from[i], from[i + 1]) depend(out : to[i])
            to[i] = kernel(iterations, step == 0 ? 1 : from[i]);
        }
    }
    return bench_now() - began;
}

/* Seconds for as many kernels as the grid has tasks, on all workers and nothing between them. Not by
 * an OpenMP loop: its threads go on spinning for milliseconds afterwards, in the grid's way. */
static double run_peak(void *ctx)
{
    const grid *self = ctx;
    oct_future *parts[MAX_WIDTH];
    int workers = oct_pool_workers(self->pool); /* main sees to it that they fit */
    double began = bench_now();
    for (int i = 0; i < workers; i++)
        parts[i] = oct_submit(self->pool, many, (long)STEPS * self->width / workers, self->iterations, 1.0);
    for (int i = 0; i < workers; i++) {
        if (oct_result(parts[i], NULL) != OCT_OK)
            oct_die(parts[i]);
    }
    return bench_now() - began;
}

typedef struct sample {
    double granularity, efficiency;
} sample;

/* The least of a few rounds, of both in turn: a disturbance meets both. */
static sample measure(grid *self, double (*run)(void *ctx))
{
    enum { ROUNDS = 5 };
    double peak = run_peak(self), took = run(self);
    for (int i = 1; i < ROUNDS; i++) {
        peak = fmin(peak, run_peak(self));
        took = fmin(took, run(self));
    }
    double tasks = (double)STEPS * self->width;
    return (sample){took * oct_pool_workers(self->pool) / tasks, peak / took};
}

/* Microseconds, where efficiency passes 50 % on the way down, between the two sizes around it. 0 when
 * the longest tasks do not come to 50 %: then METG is longer than they are, and there is no figure. */
static double metg(grid *self, double (*run)(void *ctx))
{
    sample last = {0, 1};
    for (long iterations = 1 << 15; iterations >= 1; iterations = iterations * 3 / 4) {
        self->iterations = iterations;
        sample now = measure(self, run);
        if (now.efficiency < 0.5) {
            if (last.granularity == 0) {
                fprintf(stderr, "metg: efficiency is %.2f at %.0f us a task already: is the machine busy?\n",
                        now.efficiency, now.granularity * 1e6);
                return 0;
            }
            double share = (last.efficiency - 0.5) / (last.efficiency - now.efficiency);
            return (last.granularity + share * (now.granularity - last.granularity)) * 1e6;
        }
        last = now;
    }
    return last.granularity * 1e6;
}

static void tell(oct_pool *pool, const char *bench, double us, double peer_us)
{
    if (us > 0)
        bench_line(pool, bench, us, "us", peer_us > 0 ? "openmp" : NULL, peer_us);
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    int width = oct_pool_workers(pool);
    if (width > MAX_WIDTH) {
        fprintf(stderr, "error: %d workers; the grid is made for at most %d\n", width, MAX_WIDTH);
        return 2;
    }
    bool is_local = strcmp(oct_pool_kind(pool), "threads") == 0;
    grid stencil = {pool, width, false, is_local, 0}, by_openmp = stencil,
         nearest = {pool, 4 * width < MAX_WIDTH ? 4 * width : MAX_WIDTH, true, is_local, 0};
    double peer = is_local ? metg(&by_openmp, run_openmp) : 0;
    if (width > 1)
        tell(pool, "metg_stencil", metg(&stencil, run_grid), peer);
    tell(pool, "metg_nearest", metg(&nearest, run_grid), peer);
    oct_pool_close(pool);
}
