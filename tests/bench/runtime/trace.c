/* What recording costs: tasks of 1 us with it and without. */
#include <stdlib.h>

#include "tests/bench/runtime/bench.h"

enum { COUNT = 200000 };

/* About a microsecond of arithmetic. */
OCT_TASK(double, microsecond, long, iterations)
{
    double x = 1;
    for (long i = 0; i < iterations; i++)
        x = x * 0.999999 + 0.000001;
    return x;
}

static long iterations_of_a_microsecond(void)
{
    enum { MANY = 10000000 };
    double began = bench_now();
    double x = microsecond(MANY);
    double took = bench_now() - began;
    return x > 0 ? (long)(MANY * 1e-6 / took) : 1;
}

static double run(oct_pool *pool, long iterations, oct_future **futures)
{
    double began = bench_now();
    for (int i = 0; i < COUNT; i++)
        futures[i] = oct_submit(pool, microsecond, iterations);
    for (int i = 0; i < COUNT; i++) {
        if (oct_result(futures[i], NULL) != OCT_OK)
            oct_die(futures[i]);
    }
    return bench_now() - began;
}

/* Recording cannot be stopped once it has started: first all runs without it. */
int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    oct_future **futures = malloc(COUNT * sizeof(*futures));
    long iterations = iterations_of_a_microsecond();
    double without = 1e9, with = 1e9;
    for (int i = 0; futures && i < 15; i++) {
        double took = run(pool, iterations, futures);
        without = took < without ? took : without;
    }
    if (!futures || oct_trace_start(NULL) != OCT_OK)
        return 1;
    for (int i = 0; i < 15; i++) {
        double took = run(pool, iterations, futures);
        with = took < with ? took : with;
    }
    bench_line(pool, "trace_cost", with / without, "ratio", "without recording", 1);
    free(futures);
    oct_pool_close(pool);
}
