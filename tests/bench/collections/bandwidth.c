#include <pthread.h>
#include <stdint.h>

#include "tests/bench/collections/bandwidth.h"
#include "tests/bench/runtime/bench.h"

enum { TIMES = 3, MOST = 64, WORDS = 8 };

typedef struct share {
    const uint64_t *words;
    size_t count;
    uint64_t sum; /* that the loop is not left out */
} share;

static void *add(void *of)
{
    share *mine = of;
    uint64_t sums[WORDS] = {0};
    for (size_t i = 0; i + WORDS <= mine->count; i += WORDS)
        for (size_t w = 0; w < WORDS; w++)
            sums[w] += mine->words[i + w];
    for (size_t w = 0; w < WORDS; w++)
        mine->sum += sums[w];
    return NULL;
}

typedef struct reading {
    int threads;
    const uint64_t *words;
    size_t count;
    uint64_t sum;
} reading;

static double read_all(void *ctx)
{
    reading *r = ctx;
    share shares[MOST];
    pthread_t threads[MOST];
    int started = 0;
    double start = bench_now();
    for (; started < r->threads; started++) {
        size_t begin = r->count * (size_t)started / (size_t)r->threads;
        size_t end = r->count * (size_t)(started + 1) / (size_t)r->threads;
        shares[started] = (share){.words = r->words + begin, .count = end - begin};
        if (pthread_create(&threads[started], NULL, add, &shares[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        r->sum += shares[i].sum;
    }
    return started == r->threads ? bench_now() - start : 1e9;
}

double bandwidth_of(int threads, const void *block, size_t size)
{
    reading r = {threads < MOST ? threads : MOST, block, size / sizeof(uint64_t), 0};
    double took = bench_least(TIMES, read_all, &r);
    return took < 1e8 && r.sum != 1 ? (double)size / took / 1e9 : 0;
}
