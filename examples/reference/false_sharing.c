/* False sharing: counters that nobody shares, in a cache line that everybody does.
 *
 *   false_sharing [WORKERS] */
#include <stdatomic.h>
#include <stdio.h>

#include "measure.h"

enum { ADDS = 5000000, LINE = 64 };
enum layout { ADJACENT, PADDED };

/* Each worker has a counter of its own. Side by side eight of them are in one cache line, which
 * only one core can hold for writing: the line travels from core to core with every add. */
static _Atomic long adjacent[WORKERS_MOST];
static struct {
    _Alignas(LINE) _Atomic long value;
} padded[WORKERS_MOST];

OCT_TASK(long, count, int, worker, int, layout)
{
    _Atomic long *counter = layout == ADJACENT ? &adjacent[worker] : &padded[worker].value;
    atomic_store(counter, 0);
    for (int i = 0; i < ADDS; i++)
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    return atomic_load(counter);
}

static double run(const char *kind, int workers, enum layout layout)
{
    long totals[WORKERS_MOST];
    oct_pool *pool = measure_pool(kind, workers);
    double seconds = measure_map(pool, workers, count, totals, layout);
    for (int i = 0; i < workers; i++)
        if (totals[i] != ADDS)
            fprintf(stderr, "error: worker %d counted %ld of %d\n", i, totals[i], ADDS);
    oct_pool_close(pool);
    return seconds / ADDS * 1e9;
}

int main(int argc, char **argv)
{
    int workers = measure_workers(argc, argv);
    double alone = run("threads", 1, ADJACENT);
    printf("each worker counts to %d in a counter of its own; ns an add\n\n", ADDS);
    printf("%-32s %-14s %8s %8s\n", "counters", "pool", "ns", "times");
    printf("%-32s threads:%-6d %8.2f %8.2f\n", "one", 1, alone, 1.0);
    static const struct {
        const char *name, *kind;
        enum layout layout;
    } cases[] = {
        {"side by side", "threads", ADJACENT},
        {"a cache line each", "threads", PADDED},
        {"side by side, own memory", "processes", ADJACENT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double ns = run(cases[i].kind, workers, cases[i].layout);
        printf("%-32.32s %s:%-*d %8.2f %8.2f\n", cases[i].name, cases[i].kind,
               cases[i].kind[0] == 't' ? 6 : 4, workers, ns, ns / alone);
    }
    return 0;
}
