/* runs.h - the runners of a marathon, how long each took, and the list of winners.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef RUNS_H
#define RUNS_H

#include <stddef.h>
#include <stdint.h>

enum { RUNS = 800000, WINNERS = 10 };

typedef struct run {
    int64_t runner; /* of 0 to RUNS - 1 */
    int64_t millis;
} run;

/* How long the runner took in milliseconds, from a line such as "run-17;3:12:05.250". Any thread. */
int64_t run_millis(int64_t runner);

/* Who comes before whom, as a number that no two runs share: the faster one, and of two as fast the one
 * whose number is smaller. */
int64_t run_rank(run r);

/* The same for qsort. */
int run_compare(const void *a, const void *b);

/* Prints the winners, best first, on stdout and the time on stderr. */
void run_report(const run *winners, size_t count, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
