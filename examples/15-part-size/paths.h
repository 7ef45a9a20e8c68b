/* paths.h - how many steps a number takes to 1: halved when it is even, three times it and one when it is
 * odd.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef PATHS_H
#define PATHS_H

#include <stdint.h>

enum { FIRST = 1, END = 1000000 }; /* the numbers, without END */

/* The number that takes most steps; of several the smallest. A plain value: it can be returned and assigned.
 */
typedef struct longest {
    int64_t number;
    int64_t steps;
} longest;

int64_t path_steps(int64_t number);

/* The longer of two. What is {0} is longer than nothing. */
longest path_longer(longest a, longest b);

/* Prints it on stdout and the time on stderr. */
void path_report(longest best, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
