#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matrix.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void matrix_read(int number, double *m)
{
    /* Knuth's multiplier, The Art of Computer Programming, volume 3, section 6.4. */
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        m[i] = (double)((i + (uint32_t)number) * UINT32_C(2654435761) >> 26) - 32;
}

void matrix_columns(const double *m, int first, int count, double *out)
{
    for (int row = 0; row < SIDE; row++)
        memcpy(out + row * count, m + row * SIDE + first, (size_t)count * sizeof(*out));
}

/* ---- the product: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008 ---- */

/* Of a so many rows and columns at a time stay in the second cache, and of b as many rows of four columns in
 * the first. */
enum { HIGH = 96, DEEP = 192, FOUR = 4 };

/* Two numbers that one instruction takes. */
typedef double two __attribute__((vector_size(16)));

static void load(two to[2], const double *from)
{
    memcpy(to, from, 2 * sizeof(*to));
}

static void store(const two from[2], double *to)
{
    memcpy(to, from, 2 * sizeof(*from));
}

/* Four rows times four columns, in registers; each sum goes on where it was. */
static void multiply_four(const double *a, const two (*b)[2], int depth, double *c, int columns)
{
    two s[FOUR][2];
    for (int row = 0; row < FOUR; row++)
        load(s[row], c + row * columns);
    for (int k = 0; k < depth; k++) {
        s[0][0] += a[k] * b[k][0];
        s[0][1] += a[k] * b[k][1];
        s[1][0] += a[SIDE + k] * b[k][0];
        s[1][1] += a[SIDE + k] * b[k][1];
        s[2][0] += a[2 * SIDE + k] * b[k][0];
        s[2][1] += a[2 * SIDE + k] * b[k][1];
        s[3][0] += a[3 * SIDE + k] * b[k][0];
        s[3][1] += a[3 * SIDE + k] * b[k][1];
    }
    for (int row = 0; row < FOUR; row++)
        store(s[row], c + row * columns);
}

/* A block of a, with all columns of as many rows of b. */
static void multiply_block(const double *a, int height, const double *b, int depth, double *c, int columns)
{
    two packed[DEEP][2];
    for (int column = 0; column < columns; column += FOUR) {
        for (int k = 0; k < depth; k++)
            load(packed[k], b + k * columns + column);
        for (int row = 0; row < height; row += FOUR)
            multiply_four(a + row * SIDE, packed, depth, c + row * columns + column, columns);
    }
}

static int less(int a, int b)
{
    return a < b ? a : b;
}

void matrix_multiply(const double *a, int rows, const double *b, int columns, double *c)
{
    memset(c, 0, (size_t)rows * (size_t)columns * sizeof(*c));
    for (int row = 0; row < rows; row += HIGH)
        for (int k = 0; k < SIDE; k += DEEP)
            multiply_block(a + row * SIDE + k, less(HIGH, rows - row), b + k * columns, less(DEEP, SIDE - k),
                           c + row * columns, columns);
}

void matrix_put(double *m, int row, int column, oct_doubles chunk, int columns)
{
    for (size_t i = 0; i < chunk.count / (size_t)columns; i++)
        memcpy(m + ((size_t)row + i) * SIDE + column, chunk.data + i * (size_t)columns,
               (size_t)columns * sizeof(*m));
}

void matrix_report(const double *m, double bytes, double seconds)
{
    double sum = 0, across = 0;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            sum += m[row * SIDE + column];
            across += (row - column) * m[row * SIDE + column];
        }
    printf("%d x %d: from %.0f to %.0f, sum %.0f, across %.0f\n", SIDE, SIDE, m[0], m[SIDE * SIDE - 1], sum,
           across);
    fflush(stdout);
    fprintf(stderr, "%.2f s, %.1f MB to tasks and back\n", seconds, bytes / 1e6);
}
