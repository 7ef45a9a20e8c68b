/* Memory bandwidth: workers share the way to memory, whatever they are.
 *
 *   memory_bandwidth [WORKERS] */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

enum { SMALL = 16 << 10, LARGE = 64 << 20, TOTAL = 256 << 20 };

/* Two words that are added in one instruction. */
typedef uint64_t pair __attribute__((vector_size(16)));

/* Filled before the first pool opens, so that processes have it from their parent. */
static pair *memory[WORKERS_MOST];

/* Reads the first `bytes` of a worker's memory again and again until TOTAL are read. Eight sums,
 * so that the adding is not what is waited for. */
OCT_TASK(uint64_t, read_all, int, worker, int, bytes)
{
    const pair *data = memory[worker];
    size_t pairs = (size_t)bytes / sizeof(*data);
    pair sums[8] = {0};
    for (size_t round = 0; round < TOTAL / (size_t)bytes; round++) {
        for (size_t i = 0; i < pairs; i += 8)
            for (size_t k = 0; k < 8; k++)
                sums[k] += data[i + k];
        __asm__ volatile("" : : : "memory"); /* the next round is read again, not deduced */
    }
    uint64_t sum = 0;
    for (size_t k = 0; k < 8; k++)
        sum += sums[k][0] + sums[k][1];
    return sum;
}

/* GB/s over all workers. */
static double run(const char *kind, int workers, int bytes)
{
    uint64_t sums[WORKERS_MOST];
    oct_pool *pool = measure_pool(kind, workers);
    double seconds = measure_map(pool, workers, read_all, sums, bytes);
    oct_pool_close(pool);
    for (int i = 0; i < workers; i++)
        if (sums[i] != TOTAL / sizeof(uint64_t) / 2)
            fprintf(stderr, "error: worker %d read %llu\n", i, (unsigned long long)sums[i]);
    return (double)workers * TOTAL / seconds / 1e9;
}

static void fill_memory(int workers)
{
    for (int w = 0; w < workers; w++) {
        memory[w] = aligned_alloc(64, LARGE);
        if (!memory[w]) {
            fprintf(stderr, "error: no room for %d times %d bytes\n", workers, LARGE);
            exit(1);
        }
        for (size_t i = 0; i < LARGE / sizeof(pair); i++)
            memory[w][i] = (pair){0, 1};
    }
}

int main(int argc, char **argv)
{
    int workers = measure_workers(argc, argv);
    fill_memory(workers);
    printf("each worker reads memory of its own; GB/s over all workers\n\n");
    printf("%-24s %-10s %12s %9s:%-2d %10s\n", "read", "pool", "1 worker", "workers", workers, "speed-up");
    static const char *const kinds[] = {"threads", "processes"};
    for (int k = 0; k < 2; k++)
        for (int large = 0; large < 2; large++) {
            int bytes = large ? LARGE : SMALL;
            double one = run(kinds[k], 1, bytes), many = run(kinds[k], workers, bytes);
            printf("%-24s %-10s %12.1f %12.1f %10.2f\n",
                   large ? "64 MB, from memory" : "16 KB, from the cache", kinds[k], one, many, many / one);
        }
    for (int w = 0; w < workers; w++)
        free(memory[w]);
    return 0;
}
