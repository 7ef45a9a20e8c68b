/* A matrix product in chunks: what their size costs, and what moves between nodes.
 *
 *   chunked_product [WORKERS] */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

enum { SIDE = 1024, ROUNDS = 3, NODES = 4 };

/* Both factors cut into squares, and their product. */
typedef struct product {
    oct_array *a, *b, *lazy;
} product;

static product make(oct_pool *pool, size_t chunk)
{
    oct_array *x = oct_array_random(pool, SIDE, SIDE, 1), *y = oct_array_random(pool, SIDE, SIDE, 2);
    oct_array *cut_x = oct_array_rechunk(x, chunk, chunk), *cut_y = oct_array_rechunk(y, chunk, chunk);
    product p = {.a = oct_array_compute(cut_x), .b = oct_array_compute(cut_y)};
    p.lazy = oct_array_matmul(p.a, p.b);
    if (!p.lazy)
        oct_die(NULL);
    oct_array *all[] = {x, y, cut_x, cut_y};
    for (int i = 0; i < 4; i++)
        oct_array_destroy(all[i]);
    return p;
}

static void destroy(product *p)
{
    oct_array_destroy(p->a);
    oct_array_destroy(p->b);
    oct_array_destroy(p->lazy);
}

static void cost(oct_array *array, int nodes, uint64_t *tasks, uint64_t *bytes)
{
    if (oct_array_cost(array, nodes, tasks, bytes) != OCT_OK)
        oct_die(NULL);
}

/* Seconds of the fastest round; *sum is of all elements. */
static double run(oct_array *lazy, double *sum)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = measure_now();
        oct_array *done = oct_array_compute(lazy);
        double seconds = measure_now() - start;
        best = seconds < best ? seconds : best;
        oct_array *total = oct_array_sum(done, OCT_ALL);
        if (oct_array_gather(total, sum) != OCT_OK)
            oct_die(NULL);
        oct_array_destroy(done);
        oct_array_destroy(total);
    }
    return best;
}

static void by_chunk(oct_pool *pool)
{
    double first = 0;
    printf("%-8s %8s %10s %22s %22s\n", "chunk", "tasks", "gflops", "moved, kept by a node",
           "fetched for each pair");
    for (size_t chunk = 64; chunk <= SIDE / 2; chunk *= 2) {
        product p = make(pool, chunk);
        uint64_t tasks, bytes;
        double sum, seconds = run(p.lazy, &sum);
        cost(p.lazy, NODES, &tasks, &bytes);
        /* On 2 x 2 nodes half of the chunks that a pair needs are elsewhere. */
        double pairs = pow((double)SIDE / (double)chunk, 3), fetched = pairs * (double)(chunk * chunk) * 8;
        printf("%-8zu %8" PRIu64 " %10.1f %19.1f MB %19.1f MB\n", chunk, tasks, 2e-9 * pow(SIDE, 3) / seconds,
               (double)bytes / 1e6, fetched / 1e6);
        if (chunk == 64)
            first = sum;
        else if (fabs(sum - first) > 1e-9 * first)
            fprintf(stderr, "error: chunks of %zu give %.17g, not %.17g\n", chunk, sum, first);
        destroy(&p);
    }
}

static void by_nodes(oct_pool *pool)
{
    product p = make(pool, SIDE / 16);
    printf("\n%-8s %14s %14s %22s\n", "nodes", "moved in all", "by a node", "operations a byte");
    for (int nodes = 1; nodes <= 16; nodes *= 2) {
        uint64_t tasks, bytes;
        cost(p.lazy, nodes, &tasks, &bytes);
        printf("%-8d %11.1f MB %11.1f MB %22.0f\n", nodes, (double)bytes / 1e6, (double)bytes / nodes / 1e6,
               bytes ? 2 * pow(SIDE, 3) / (double)bytes : INFINITY);
    }
    destroy(&p);
}

int main(int argc, char **argv)
{
    int workers = measure_workers(argc, argv);
    oct_pool *pool = measure_pool("threads", workers);
    printf("%d x %d times %d x %d doubles on threads:%d, and what would move on %d nodes\n\n", SIDE, SIDE,
           SIDE, SIDE, workers, NODES);
    by_chunk(pool);
    by_nodes(pool);
    oct_pool_close(pool);
    return 0;
}
