/* oct/array.h - dense arrays of doubles in chunks, computed where the pool runs.
 *
 *   oct_array *x = oct_array_random(pool, 20000, 500, 42);
 *   oct_array *centred = oct_array_sub(x, oct_array_mean(x, 0));      // each column's mean is 0 now
 *   oct_array *products = oct_array_matmul(oct_array_transpose(centred), centred);
 *   oct_array_print(oct_array_div(products, 19999), stdout);          // runs here, on every node
 *
 * An array has rows and columns; a vector is an array of one row or of one column, a number one of
 * both. It is cut into chunks, rectangles that are equal but for the last ones, each the value of a
 * future: a chunk stays on the node that made it, and only what is needed elsewhere moves.
 * oct_array_explain shows the passes, their chunks and the bytes that move.
 *
 * Building an array is free: it says what is wanted. Computing, gathering or printing it runs it.
 * Operations element by element are fused: one pass over each chunk makes the last of them from the
 * first, with what is generated (random, function, numbers) made on the way and no array in between;
 * a sum or another reduction takes its elements from the same pass. What two passes need is computed
 * once and kept until both have it. What rechunk, reshape, slice and matmul take is computed in full.
 *
 * Chunks depend on sizes and on oct_array_rechunk, never on the pool, and so does what is added to
 * what: results are the same on every pool, to the last bit, where the processors are of one kind
 * (the matrix product's kernels are chosen by the processor).
 *
 * Arrays do not change. The caller owns each array it gets and destroys it, in any order. A call that
 * returns NULL says why by oct_last_error, and every call accepts NULL as an array and fails with the
 * same error, so that a chain needs one check at its end. OCT_E_INVALID: shapes that do not go
 * together (both are told), sizes beyond any memory, chunks of no size, of more than 2 GiB or more
 * than 2^20 of them. OCT_E_UNSUPPORTED: more than 20000 steps after each other. OCT_E_NOMEM: out of memory,
 * on the node that the message names. One thread at a time uses an array and those derived from it. */
#ifndef OCT_ARRAY_H
#define OCT_ARRAY_H

#include <stdio.h>

#include "oct/map.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct oct_array oct_array;

/* ---- from ---- */

OCT_API oct_array *oct_array_full(oct_pool *pool, size_t rows, size_t columns, double value);
OCT_API oct_array *oct_array_zeros(oct_pool *pool, size_t rows, size_t columns);

/* A row: first, first + step, first + 2 * step, ... */
OCT_API oct_array *oct_array_arange(oct_pool *pool, double first, double step, size_t count);

/* The caller's elements, row by row, which must stay as they are while arrays of them are computed. Read in
 * place by threads, sent chunk by chunk elsewhere. */
OCT_API oct_array *oct_array_from(oct_pool *pool, const double *data, size_t rows, size_t columns);

/* fn(i, j) of each element, a task of two int64_t that returns double. */
#define oct_array_function(pool, rows, columns, fn)                                                          \
    octi_array_function(pool, rows, columns,                                                                 \
                        &octi__task_##fn + OCTI_ASSERT(OCTI_SAME((octi__r_##fn *)0, double) &&               \
                                                           OCTI_SAME((octi__t0_##fn *)0, int64_t) &&         \
                                                           OCTI_SAME((octi__t1_##fn *)0, int64_t),           \
                                                       "octavo: " #fn                                        \
                                                       " does not make a double of two int64_t"))

/* Uniform in [0, 1), and normal with mean 0 and deviation 1. Element by element from the seed and the
 * element's place alone, by Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011), normal ones by Box and Muller's transform of two of them: chunks and pools
 * do not matter. */
OCT_API oct_array *oct_array_random(oct_pool *pool, size_t rows, size_t columns, uint64_t seed);
OCT_API oct_array *oct_array_normal(oct_pool *pool, size_t rows, size_t columns, uint64_t seed);

/* ---- element by element ----
 *
 * Each operand is an array or a number. Where one has a single row (or column) and the other more, that
 * row (column) meets each of the other's. IEEE 754 says what comes of NaN, infinities and zeros. */

#define oct_array_add(a, b) octi_array_binary(OCTI_ARRAY_ADD, OCTI_OPERAND(a), OCTI_OPERAND(b))
#define oct_array_sub(a, b) octi_array_binary(OCTI_ARRAY_SUB, OCTI_OPERAND(a), OCTI_OPERAND(b))
#define oct_array_mul(a, b) octi_array_binary(OCTI_ARRAY_MUL, OCTI_OPERAND(a), OCTI_OPERAND(b))
#define oct_array_div(a, b) octi_array_binary(OCTI_ARRAY_DIV, OCTI_OPERAND(a), OCTI_OPERAND(b))

/* The lesser and the greater of two; NaN where one is NaN. */
#define oct_array_minimum(a, b) octi_array_binary(OCTI_ARRAY_MINIMUM, OCTI_OPERAND(a), OCTI_OPERAND(b))
#define oct_array_maximum(a, b) octi_array_binary(OCTI_ARRAY_MAXIMUM, OCTI_OPERAND(a), OCTI_OPERAND(b))

/* 1 where it is so, 0 elsewhere; nothing is so of NaN. */
#define oct_array_less(a, b) octi_array_binary(OCTI_ARRAY_LESS, OCTI_OPERAND(a), OCTI_OPERAND(b))
#define oct_array_less_equal(a, b) octi_array_binary(OCTI_ARRAY_LESS_EQUAL, OCTI_OPERAND(a), OCTI_OPERAND(b))
#define oct_array_equal(a, b) octi_array_binary(OCTI_ARRAY_EQUAL, OCTI_OPERAND(a), OCTI_OPERAND(b))

/* `yes` where the condition is not 0 (NaN is not), `no` elsewhere. */
#define oct_array_where(condition, yes, no)                                                                  \
    octi_array_where(OCTI_OPERAND(condition), OCTI_OPERAND(yes), OCTI_OPERAND(no))

OCT_API oct_array *oct_array_neg(oct_array *array);
OCT_API oct_array *oct_array_abs(oct_array *array);
OCT_API oct_array *oct_array_sqrt(oct_array *array);
OCT_API oct_array *oct_array_exp(oct_array *array);
OCT_API oct_array *oct_array_log(oct_array *array);

/* fn of each element: OCT_TASK(double, logistic, double, x) { return 1 / (1 + exp(-x)); } An element that
 * fails fails what was asked for. */
#define oct_array_map(array, fn)                                                                             \
    octi_array_map(array, &octi__task_##fn + OCTI_ASSERT(OCTI_SAME((octi__r_##fn *)0, double) &&             \
                                                             OCTI_SAME((octi__t0_##fn *)0, double),          \
                                                         "octavo: " #fn " does not make a double of one"))

/* ---- over an axis ----
 *
 * Axis 0 goes down the rows and leaves one row, axis 1 goes along the columns and leaves one column,
 * OCT_ALL leaves one element.
 *
 * A sum is made pairwise in blocks of at most 512 elements, and of the blocks' sums with the rounding
 * errors carried along (Knuth's TwoSum): it differs from the exact sum of n elements by at most
 * (16 eps + n^2 eps^2) times the sum of their absolute values, eps = 2^-53. Of no elements it is 0, the mean
 * NaN, and min and max are OCT_E_INVALID. NaN among the elements gives NaN. */

#define OCT_ALL (-1)

OCT_API oct_array *oct_array_sum(oct_array *array, int axis);
OCT_API oct_array *oct_array_mean(oct_array *array, int axis);
OCT_API oct_array *oct_array_min(oct_array *array, int axis);
OCT_API oct_array *oct_array_max(oct_array *array, int axis);

/* ---- other shapes ---- */

OCT_API oct_array *oct_array_transpose(oct_array *array);

/* The same elements, row by row, in as many rows and columns as have the same number of elements. */
OCT_API oct_array *oct_array_reshape(oct_array *array, size_t rows, size_t columns);

/* Rows from `row` and columns from `column` on. */
OCT_API oct_array *oct_array_slice(oct_array *array, size_t row, size_t rows, size_t column, size_t columns);

/* In chunks of so many rows and columns. Free for what is generated or the caller's, which is then made or
 * read so. Without it, chunks have about 2^20 elements (8 MiB), 2^22 in an array of 2^26 or more, and are
 * as wide as the array where it is narrow. Small chunks cost tasks and, in a matrix product, more bytes
 * moved; large ones leave workers idle.
 */
OCT_API oct_array *oct_array_rechunk(oct_array *array, size_t rows, size_t columns);

/* The matrix product, by OpenBLAS with one thread in each chunk. On several nodes by SUMMA (van de
 * Geijn and Watts, "SUMMA: scalable universal matrix multiplication algorithm", 1997): nodes form a grid,
 * each makes the chunks that are its own, and each chunk of a and b goes once to each node of its row or
 * column of the grid that needs it, a few steps ahead of the product. A transpose as an operand costs
 * nothing. OCT_E_UNSUPPORTED when it runs where libopenblas is not installed. */
OCT_API oct_array *oct_array_matmul(oct_array *a, oct_array *b);

/* ---- run it ---- */

/* Computes it: an array whose chunks are there, on the nodes that made them. */
OCT_API oct_array *oct_array_compute(oct_array *array);

/* All elements, row by row, into `out`, which has room for rows times columns. On failure `out` holds
 * anything. */
OCT_API oct_err oct_array_gather(oct_array *array, double *out);

/* 0 of NULL. */
OCT_API size_t oct_array_rows(const oct_array *array);
OCT_API size_t oct_array_columns(const oct_array *array);

/* Of its chunks, but for the last ones. */
OCT_API size_t oct_array_chunk_rows(const oct_array *array);
OCT_API size_t oct_array_chunk_columns(const oct_array *array);

/* Its shape and its elements; the first and last rows and columns where there are more than eight. */
OCT_API oct_err oct_array_print(oct_array *array, FILE *to);

/* Prints what computing it would do, without doing it: passes in their order, chunks, tasks, and the bytes
 * that move between the nodes. oct_array_explain_on shows the same for a pool of so many nodes. */
OCT_API oct_err oct_array_explain(oct_array *array, FILE *to);
OCT_API oct_err oct_array_explain_on(oct_array *array, int nodes, FILE *to);

/* The tasks that computing it would start on a pool of so many nodes, and the bytes that would move. */
OCT_API oct_err oct_array_cost(oct_array *array, int nodes, uint64_t *tasks, uint64_t *bytes);

/* NULL is ignored. */
OCT_API void oct_array_destroy(oct_array *array);

/* ---- what the macros need; not for programs ---- */

/* Numbers travel inside plans: append only. */
typedef enum octi_array_code {
    OCTI_ARRAY_ADD,
    OCTI_ARRAY_SUB,
    OCTI_ARRAY_MUL,
    OCTI_ARRAY_DIV,
    OCTI_ARRAY_MINIMUM,
    OCTI_ARRAY_MAXIMUM,
    OCTI_ARRAY_LESS,
    OCTI_ARRAY_LESS_EQUAL,
    OCTI_ARRAY_EQUAL,
    OCTI_ARRAY_WHERE,
    OCTI_ARRAY_NEG,
    OCTI_ARRAY_ABS,
    OCTI_ARRAY_SQRT,
    OCTI_ARRAY_EXP,
    OCTI_ARRAY_LOG,
    OCTI_ARRAY_TASK,
} octi_array_code;

typedef struct octi_operand {
    oct_array *array;
    double number;
    bool is_number;
} octi_operand;

static inline octi_operand octi_operand_array(oct_array *array)
{
    octi_operand operand = {array, 0, false};
    return operand;
}

static inline octi_operand octi_operand_number(double number)
{
    octi_operand operand = {NULL, number, true};
    return operand;
}

#define OCTI_OPERAND(x) _Generic((x), oct_array * : octi_operand_array, default : octi_operand_number)(x)

OCT_API oct_array *octi_array_binary(octi_array_code code, octi_operand a, octi_operand b);
OCT_API oct_array *octi_array_where(octi_operand condition, octi_operand yes, octi_operand no);
OCT_API oct_array *octi_array_map(oct_array *array, oct_task *fn);
OCT_API oct_array *octi_array_function(oct_pool *pool, size_t rows, size_t columns, oct_task *fn);

#ifdef __cplusplus
}
#endif
#endif
