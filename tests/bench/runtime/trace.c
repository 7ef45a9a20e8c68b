/* What recording costs: tasks of 1 us with it and without, in turn, a few milliseconds each. A machine that
 * others use changes its speed by more than is measured here, but seldom within a pair of such runs: the
 * value is the median of the pairs' ratios, and the second figure how far it may be off (half the width of
 * the median's 95 % interval, which the order of the ratios gives: W. J. Conover, Practical Nonparametric
 * Statistics, 3.2). */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/runtime/bench.h"

enum { COUNT = 8000, PAIRS = 1001, WARM_UP = 20 };

/* About a microsecond of arithmetic, each step of which needs the last. (Not from 1, which a step leaves as
 * it is: the compiler sees that, and no work is left.) */
OCT_TASK(double, microsecond, long, iterations)
{
    double x = 2;
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

/* Another process, which records. The two run in turn, so that a disturbance meets both. */
typedef struct twin {
    pid_t pid;
    int go, took; /* pipes: a byte starts a run, its seconds come back */
} twin;

_Noreturn static void serve(int argc, char **argv, long iterations, oct_future **futures, int go, int took)
{
    oct_pool *pool = bench_open(&argc, argv);
    if (oct_trace_start(NULL) != OCT_OK)
        oct_die(NULL);
    for (char byte; read(go, &byte, 1) == 1;) {
        double seconds = run(pool, iterations, futures);
        if (write(took, &seconds, sizeof(seconds)) != sizeof(seconds))
            break;
    }
    oct_pool_close(pool);
    exit(0);
}

/* Before this process has a pool, and with it threads. */
static bool start_twin(int argc, char **argv, long iterations, oct_future **futures, twin *out)
{
    int go[2], took[2];
    if (pipe(go) != 0 || pipe(took) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        close(took[0]);
        serve(argc, argv, iterations, futures, go[0], took[1]);
    }
    close(go[0]);
    close(took[1]);
    *out = (twin){pid, go[1], took[0]};
    return pid > 0;
}

static double run_twin(const twin *self)
{
    double seconds;
    if (write(self->go, "g", 1) == 1 && read(self->took, &seconds, sizeof(seconds)) == sizeof(seconds))
        return seconds;
    fprintf(stderr, "error: the process that records has ended\n");
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* With over without. Each goes first in half of the pairs. */
static void measure(oct_pool *pool, long iterations, oct_future **futures, const twin *recorder,
                    double ratios[PAIRS])
{
    for (int i = -WARM_UP; i < PAIRS; i++) {
        bool first = i & 1;
        double with = first ? run_twin(recorder) : 0;
        double without = run(pool, iterations, futures);
        with = first ? with : run_twin(recorder);
        if (i >= 0)
            ratios[i] = with / without;
    }
    qsort(ratios, PAIRS, sizeof(*ratios), ascending);
}

int main(int argc, char **argv)
{
    oct_future **futures = malloc(COUNT * sizeof(*futures));
    long iterations = iterations_of_a_microsecond();
    twin recorder;
    static double ratios[PAIRS];
    signal(SIGPIPE, SIG_IGN);
    if (!futures || !start_twin(argc, argv, iterations, futures, &recorder))
        return 1;
    oct_pool *pool = bench_open(&argc, argv);
    measure(pool, iterations, futures, &recorder, ratios);
    close(recorder.go);
    waitpid(recorder.pid, NULL, 0);
    int aside = (int)ceil(1.96 * sqrt(PAIRS) / 2);
    bench_line(pool, "trace_cost", ratios[PAIRS / 2], "ratio", "without recording", 1);
    bench_line(pool, "trace_cost_error", (ratios[PAIRS / 2 + aside] - ratios[PAIRS / 2 - aside]) / 2, "ratio",
               NULL, 0);
    free(futures);
    return oct_pool_close(pool);
}
