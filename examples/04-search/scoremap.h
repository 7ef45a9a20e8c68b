/* scoremap.h - how good each choice of C and gamma is, as a picture. */
#ifndef SCOREMAP_H
#define SCOREMAP_H

#include <stddef.h>
#include <stdio.h>

#include <oct/error.h>

typedef struct score {
    double c, gamma, tol;
    double mean, low, high; /* shares from 0 to 1, over the random splits */
    int candidate;
} score;

/* The best of each cell in percent: C from left to right, gamma from bottom to top, both by their
 * logarithms, within the ranges of search.h. */
void scoremap_print(const score *scores, size_t count, FILE *to);

/* The same as an SVG file: a dot a candidate, the better the darker. OCT_E_IO. */
oct_err scoremap_draw(const score *scores, size_t count, const char *path, oct_error *err);

#endif
