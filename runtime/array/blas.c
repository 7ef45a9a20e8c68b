#include "runtime/array/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

/* Of cblas.h: row by row, and whether a matrix is transposed. */
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TURNED = 112 };

typedef void (*dgemm_fn)(int order, int turned_a, int turned_b, int m, int n, int k, double alpha,
                         const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
typedef void (*set_threads_fn)(int count);

static struct {
    pthread_once_t once;
    dgemm_fn dgemm;
    char why[128];
} blas = {.once = PTHREAD_ONCE_INIT};

/* The pool's workers are the threads: OpenBLAS is told to add none. */
static void load(void)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    set_threads_fn set_threads = library ? (set_threads_fn)dlsym(library, "openblas_set_num_threads") : NULL;
    blas.dgemm = set_threads ? (dgemm_fn)dlsym(library, "cblas_dgemm") : NULL;
    if (!blas.dgemm) {
        const char *why = dlerror();
        snprintf(blas.why, sizeof(blas.why), "%s", why ? why : "it is not OpenBLAS");
        return;
    }
    set_threads(1);
}

oct_err octi_blas_multiply(const octi_product *p, double *out, oct_error *err)
{
    pthread_once(&blas.once, load);
    if (!blas.dgemm) {
        oct_fail(err, OCT_E_UNSUPPORTED, "no matrix product without OpenBLAS: %s", blas.why);
        return oct_hint(err, "apt-get install libopenblas0-pthread");
    }
    blas.dgemm(ROW_MAJOR, p->turned_a ? TURNED : AS_IT_IS, p->turned_b ? TURNED : AS_IT_IS, (int)p->rows,
               (int)p->columns, (int)p->inner, 1, p->a, (int)(p->turned_a ? p->rows : p->inner), p->b,
               (int)(p->turned_b ? p->inner : p->columns), p->more ? 1 : 0, out, (int)p->columns);
    return OCT_OK;
}
