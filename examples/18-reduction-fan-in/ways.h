/* ways.h - countries in a row, how long the way through each takes, and the ways through several.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef WAYS_H
#define WAYS_H

#include <oct/error.h>
#include <oct/value.h>

/* Between a country and the next are so many crossings, and as many before the first and after the last. */
enum { COUNTRIES = 64, CROSSINGS = 160 };

/* A table of ways, of CROSSINGS x CROSSINGS minutes, 102 KB: data[from * CROSSINGS + to] is the fastest way
 * from a crossing before the first of its countries to one after the last. */

/* Reads the table of a country, of 0 to COUNTRIES - 1. The caller frees out->data. Any thread, and so are
 * the others. */
oct_err ways_read(int country, oct_ints *out, oct_error *err);

/* Makes *ways go on through the countries of `next`, which begin where its own end: CROSSINGS ways are tried
 * for each pair of crossings, 4 million in all. Before the first table *ways is {0}; a `next` without data
 * changes nothing. The caller frees ways->data. */
oct_err ways_append(oct_ints *ways, oct_ints next, oct_error *err);

/* Prints the fastest way, the slowest and their mean on stdout, and the time on stderr. */
void ways_report(oct_ints ways, double seconds);

/* Ends the program with an error's message and hint. */
__attribute__((noreturn)) void die(const oct_error *err);

/* Seconds since some fixed moment. */
double now(void);

#endif
