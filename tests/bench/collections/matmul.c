/* matmul: the product of two square matrices whose chunks are there already, beside OpenBLAS's own dgemm of
 * the same ones with as many threads as the pool has workers. matmul [--pool=SPEC] [SIDE] */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/runtime/bench.h"

enum { TIMES = 2, ROW_MAJOR = 101, AS_IT_IS = 111 };

typedef void (*dgemm_fn)(int, int, int, int, int, int, double, const double *, int, const double *, int,
                         double, double *, int);
typedef void (*set_threads_fn)(int);

typedef struct question {
    int side, threads;
    oct_array *a, *b, *product;
    double *x, *y, *z; /* the same for the peer */
    dgemm_fn dgemm;
    set_threads_fn set_threads;
} question;

static double ask(void *ctx)
{
    question *q = ctx;
    oct_array_destroy(q->product);
    double start = bench_now();
    oct_array *lazy = oct_array_matmul(q->a, q->b);
    q->product = oct_array_compute(lazy);
    double took = bench_now() - start;
    oct_array_destroy(lazy);
    if (!q->product)
        oct_die(NULL);
    return took;
}

/* Ours use one thread each: so it must be again when they are next. */
static double ask_peer(void *ctx)
{
    question *q = ctx;
    int n = q->side;
    q->set_threads(q->threads);
    double start = bench_now();
    q->dgemm(ROW_MAJOR, AS_IT_IS, AS_IT_IS, n, n, n, 1, q->x, n, q->y, n, 0, q->z, n);
    double took = bench_now() - start;
    q->set_threads(1);
    return took;
}

static double *elements(oct_array *array, size_t count)
{
    double *out = malloc(count * sizeof(*out));
    if (!out || (array && oct_array_gather(array, out) != OCT_OK))
        oct_die(NULL);
    return out;
}

/* Both must have computed the same. */
static void compare(const question *q, const double *ours)
{
    for (size_t i = 0; i < (size_t)q->side * (size_t)q->side; i++)
        if (!(fabs(ours[i] - q->z[i]) <= 1e-9 * q->side)) {
            fprintf(stderr, "element %zu is %.17g, and OpenBLAS's %.17g\n", i, ours[i], q->z[i]);
            exit(1);
        }
}

static double peer(question *q)
{
    size_t count = (size_t)q->side * (size_t)q->side;
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    q->dgemm = library ? (dgemm_fn)dlsym(library, "cblas_dgemm") : NULL;
    q->set_threads = library ? (set_threads_fn)dlsym(library, "openblas_set_num_threads") : NULL;
    if (!q->dgemm || !q->set_threads)
        return 0;
    q->x = elements(q->a, count);
    q->y = elements(q->b, count);
    q->z = elements(NULL, count);
    double took = bench_least(TIMES, ask_peer, q);
    double *ours = elements(q->product, count);
    compare(q, ours);
    free(ours);
    free(q->x);
    free(q->y);
    free(q->z);
    return took;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    question q = {.side = argc > 1 ? atoi(argv[1]) : 8192, .threads = oct_pool_workers(pool)};
    oct_array *x = oct_array_random(pool, (size_t)q.side, (size_t)q.side, 1);
    oct_array *y = oct_array_random(pool, (size_t)q.side, (size_t)q.side, 2);
    q.a = oct_array_compute(x);
    q.b = oct_array_compute(y);
    if (!q.a || !q.b)
        oct_die(NULL);
    double took = bench_least(TIMES, ask, &q), of_peer = peer(&q);
    double work = 2e-9 * pow(q.side, 3);
    bench_line(pool, "matmul", work / took, "gflops", of_peer > 0 ? "OpenBLAS" : NULL, work / of_peer);
    oct_array *all[] = {x, y, q.a, q.b, q.product};
    for (int i = 0; i < 5; i++)
        oct_array_destroy(all[i]);
    return oct_pool_close(pool);
}
