/* Lock contention: one sum for all workers, guarded in three ways.
 *
 *   lock_contention [WORKERS] */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "measure.h"

enum { ADDS = 1000000 };
enum way { LOCK_EACH, ATOMIC_EACH, OWN_SUM, WAYS };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long locked_sum;
static _Atomic long atomic_sum;

/* Its argument, of which the compiler knows nothing: else it makes one addition of a million. */
static long keep(long value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

static void add_locked(long value)
{
    pthread_mutex_lock(&lock);
    locked_sum += value;
    pthread_mutex_unlock(&lock);
}

OCT_TASK(void, add_up, int, worker, int, way)
{
    long own = 0;
    (void)worker;
    for (int i = 0; i < ADDS; i++) {
        if (way == LOCK_EACH)
            add_locked(1);
        else if (way == ATOMIC_EACH)
            atomic_fetch_add_explicit(&atomic_sum, 1, memory_order_relaxed);
        else
            own = keep(own + 1);
    }
    if (way == OWN_SUM)
        add_locked(own);
}

static double run(int workers, enum way way)
{
    oct_pool *pool = measure_pool("threads", workers);
    locked_sum = 0;
    atomic_store(&atomic_sum, 0);
    double seconds = measure_map(pool, workers, add_up, (void *)NULL, way);
    oct_pool_close(pool);
    long sum = locked_sum + atomic_load(&atomic_sum);
    if (sum != 5L * workers * ADDS)
        fprintf(stderr, "error: the sum is %ld, not %ld\n", sum, 5L * workers * ADDS);
    return seconds / ADDS / workers * 1e9;
}

int main(int argc, char **argv)
{
    static const char *const names[WAYS] = {"a lock for each add", "an atomic add",
                                            "own sum, one lock at the end"};
    int workers = measure_workers(argc, argv);
    printf("all workers add %d times each to one sum; ns an add, over all workers\n\n", ADDS);
    printf("%-32s %12s %9s:%-2d %10s\n", "guarded by", "threads:1", "threads", workers, "speed-up");
    for (int way = 0; way < WAYS; way++) {
        double one = run(1, way), many = run(workers, way);
        printf("%-32s %12.2f %12.2f %10.2f\n", names[way], one, many, one / many);
    }
    return 0;
}
