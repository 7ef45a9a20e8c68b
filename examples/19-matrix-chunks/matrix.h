/* matrix.h - square matrices of doubles, parts of them, and their product.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef MATRIX_H
#define MATRIX_H

#include <oct/value.h>

/* A matrix has SIDE rows and columns, row after row: m[row * SIDE + column]. */
enum { SIDE = 768 };

/* Reads a matrix, number 0 or 1: whole numbers, so that sums are exact in any order. */
void matrix_read(int number, double *m);

/* Copies `count` columns from number `first` on: SIDE rows of so many doubles. Any thread, and so are the
 * others. (Rows lie one after the other already.) */
void matrix_columns(const double *m, int first, int count, double *out);

/* The product of some rows of one matrix and some columns of another: c[row * columns + column]. It works
 * through blocks that stay in the cache, however large its parts are. `rows` and `columns` are multiples of
 * four. */
void matrix_multiply(const double *a, int rows, const double *b, int columns, double *c);

/* Puts a chunk with so many columns in its place. */
void matrix_put(double *m, int row, int column, oct_doubles chunk, int columns);

/* Prints what tells one product from another on stdout; the time, and how many bytes tasks were given and
 * gave back, on stderr. */
void matrix_report(const double *m, double bytes, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
