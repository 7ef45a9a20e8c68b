/* METG(50%): the shortest task at which half of the machine's time goes into tasks.
 *
 * E. Slaughter et al., "Task Bench: a parameterized benchmark for evaluating parallel runtime
 * performance", SC 2020: a grid of tasks, one column a worker, in which each task needs its
 * neighbours of the step before; granularity is wall time x workers / tasks, and efficiency the
 * share of it that the tasks' kernel takes alone. */
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

typedef struct grid {
    oct_pool *pool;
    int width;
    bool around; /* nearest: the neighbours' row is a ring; stencil: it has ends */
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

static double run_grid(void *ctx)
{
    const grid *self = ctx;
    oct_future *row[MAX_WIDTH], *next[MAX_WIDTH];
    double began = bench_now();
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

static double seconds_of_kernel(long iterations)
{
    enum { TIMES = 200 };
    double least = 1e9;
    for (int k = 0; k < 5; k++) {
        double began = bench_now(), x = 1;
        for (int i = 0; i < TIMES; i++)
            x = kernel(iterations, x);
        double took = (bench_now() - began) / TIMES;
        least = took < least && x > 0 ? took : least;
    }
    return least;
}

/* Microseconds, where efficiency passes 50 % on the way down, between the two sizes around it. */
static double metg(grid *self, double (*run)(void *ctx))
{
    double tasks = (double)STEPS * self->width, last_granularity = 0, last_efficiency = 1;
    int workers = oct_pool_workers(self->pool);
    for (long iterations = 1 << 15; iterations >= 1; iterations = iterations * 3 / 4) {
        self->iterations = iterations;
        double granularity = bench_least(3, run, self) * workers / tasks;
        double efficiency = seconds_of_kernel(iterations) / granularity;
        if (efficiency < 0.5) {
            if (last_granularity == 0)
                return granularity * 1e6;
            double share = (last_efficiency - 0.5) / (last_efficiency - efficiency);
            return (last_granularity + share * (granularity - last_granularity)) * 1e6;
        }
        last_granularity = granularity;
        last_efficiency = efficiency;
    }
    return last_granularity * 1e6;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    int width = oct_pool_workers(pool) < MAX_WIDTH ? oct_pool_workers(pool) : MAX_WIDTH;
    grid stencil = {pool, width, false, 0},
         nearest = {pool, 4 * width < MAX_WIDTH ? 4 * width : MAX_WIDTH, true, 0};
    bool is_local = strcmp(oct_pool_kind(pool), "threads") == 0;
    double peer = is_local ? metg(&(grid){pool, width, false, 0}, run_openmp) : 0;
    if (width > 1)
        bench_line(pool, "metg_stencil", metg(&stencil, run_grid), "us", is_local ? "openmp" : NULL, peer);
    bench_line(pool, "metg_nearest", metg(&nearest, run_grid), "us", is_local ? "openmp" : NULL, peer);
    oct_pool_close(pool);
}
