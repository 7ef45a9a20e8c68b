/* array/blas.h - the matrix product of two chunks, by OpenBLAS.
 *
 * Loaded when the first product runs, not when the program starts: it would cost each program and each
 * worker process that never multiplies some milliseconds, a thread a processor and tens of megabytes of
 * address space, and the library would need it to be there. */
#ifndef OCTI_ARRAY_BLAS_H
#define OCTI_ARRAY_BLAS_H

#include <stdbool.h>
#include <stdint.h>

#include "oct/error.h"

/* out (rows x columns) = a (rows x inner) times b (inner x columns), plus out where `more`. Where turned, the
 * memory holds the transpose. Sides are below 2^31. */
typedef struct octi_product {
    uint64_t rows, columns, inner;
    const double *a, *b;
    bool turned_a, turned_b, more;
} octi_product;

/* On the calling thread alone. OCT_E_UNSUPPORTED where there is no OpenBLAS. */
OCT_NODISCARD oct_err octi_blas_multiply(const octi_product *product, double *out, oct_error *err);

#endif
