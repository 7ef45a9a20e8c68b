/* 19-matrix-chunks: the product of two matrices, all of it by one worker.
 *
 * Let all workers do it, a chunk of the result each, and give them no more of the factors than need be.
 * README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "matrix.h"

/* TODO 1: a task that is given some rows of a and some columns of b, and returns the chunk of the product
 * that they make:
 *
 *   OCT_TASK(oct_doubles, multiply, oct_doubles, rows, oct_doubles, columns) { ... }
 *
 * Of which shape should a chunk be? Of some whole rows, or a square? */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    static double a[SIDE * SIDE], b[SIDE * SIDE], product[SIDE * SIDE];
    double start = now();
    double bytes = 0;
    matrix_read(0, a);
    matrix_read(1, b);

    /* TODO 3: for each chunk a submit with the rows of a, which lie one after the other, and matrix_columns
     * of b; then matrix_put of each result. Count the bytes of all arguments and results. */
    matrix_multiply(a, SIDE, b, SIDE, product);
    matrix_report(product, bytes, now() - start);
    return 0;
}
