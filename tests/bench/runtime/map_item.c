/* A map over many trivial items, as a ratio to an OpenMP loop that does the same. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/runtime/bench.h"

OCT_TASK(double, affine, double, x)
{
    return 1.5 * x + 0.25;
}

typedef struct context {
    oct_pool *pool;
    size_t count;
    double *in, *out;
} context;

static double run_map(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    if (oct_map(self->pool, affine, self->in, self->count, self->out) != OCT_OK)
        oct_die(NULL);
    return bench_now() - began;
}

static double run_openmp(void *ctx)
{
    context *self = ctx;
    double began = bench_now();
    const double *in = self->in;
    double *out = self->out;
#pragma omp parallel for
    for (size_t i = 0; i < self->count; i++)
        out[i] = affine(in[i]);
    return bench_now() - began;
}

static void check(const context *self)
{
    for (size_t i = 0; i < self->count; i += 997) {
        if (self->out[i] == affine(self->in[i]))
            continue;
        fprintf(stderr, "error: item %zu is %g\n", i, self->out[i]);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    size_t count = oct_pool_nodes(pool) == 1 ? 100000000 : 1000000;
    context self = {pool, count, malloc(count * sizeof(double)), malloc(count * sizeof(double))};
    if (!self.in || !self.out)
        return 1;
    for (size_t i = 0; i < count; i++) {
        self.in[i] = (double)i;
        self.out[i] = 0;
    }
    double ours = 1e9, openmp = 1e9;
    for (int i = 0; i < 5; i++) { /* in turn, so that a disturbance meets both */
        oct_sleep(0.05);          /* OpenMP's threads spin for some milliseconds after a loop */
        double next = run_map(&self);
        ours = next < ours ? next : ours;
        check(&self);
        next = run_openmp(&self);
        openmp = next < openmp ? next : openmp;
    }
    bench_line(pool, "map_item", ours / (double)count * 1e9, "ns", "openmp", openmp / (double)count * 1e9);
    bench_line(pool, "map_item", ours / openmp, "ratio", "openmp", 1);
    free(self.in);
    free(self.out);
    oct_pool_close(pool);
}
