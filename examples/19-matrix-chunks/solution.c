/* 19-matrix-chunks: the product of two matrices in square chunks, a task each.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "matrix.h"

/* The shape of a chunk. Squares have the shortest edges, and those are what a task is given. */
enum { ROWS = 192, COLUMNS = 192, DOWN = SIDE / ROWS, ACROSS = SIDE / COLUMNS };

OCT_TASK(oct_doubles, multiply, oct_doubles, rows, oct_doubles, columns)
{
    oct_doubles chunk = {malloc(ROWS * COLUMNS * sizeof(double)), ROWS * COLUMNS};
    if (!chunk.data) {
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for a chunk");
        return (oct_doubles){0};
    }
    matrix_multiply(rows.data, ROWS, columns.data, COLUMNS, chunk.data);
    return chunk;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    static double a[SIDE * SIDE], b[SIDE * SIDE], product[SIDE * SIDE], stripe[SIDE * COLUMNS];
    oct_future *chunks[DOWN][ACROSS];
    double start = now();
    double bytes = 0;
    matrix_read(0, a);
    matrix_read(1, b);
    for (int j = 0; j < ACROSS; j++) {
        matrix_columns(b, j * COLUMNS, COLUMNS, stripe);
        for (int i = 0; i < DOWN; i++) {
            oct_doubles rows = {a + i * ROWS * SIDE, ROWS * SIDE}, columns = {stripe, SIDE * COLUMNS};
            chunks[i][j] = oct_submit(pool, multiply, rows, columns); /* copies both */
            bytes += (double)(sizeof(double) * (rows.count + columns.count));
        }
    }

    for (int j = 0; j < ACROSS; j++) {
        for (int i = 0; i < DOWN; i++) {
            oct_doubles chunk;
            if (oct_result(chunks[i][j], &chunk) != OCT_OK)
                oct_die(chunks[i][j]);
            matrix_put(product, i * ROWS, j * COLUMNS, chunk, COLUMNS);
            bytes += (double)(sizeof(double) * chunk.count);
            free(chunk.data);
        }
    }
    matrix_report(product, bytes, now() - start);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
