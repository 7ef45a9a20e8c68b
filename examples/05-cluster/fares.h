/* fares.h - what a ride from each zone usually costs, and how many cost more.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef FARES_H
#define FARES_H

#include <stddef.h>
#include <stdint.h>

#include <oct/error.h>

enum { ZONES = 266 }; /* of the city, numbered from 1 */

/* What came out of one month's file; a plain value, so it travels from any node. */
typedef struct month {
    int64_t trips;
    int64_t dear; /* of them, those that cost more than usual in their zone */
} month;

/* The .csv files of a folder, sorted by name, a month each; the caller frees with fares_free_paths. */
oct_err fares_paths(const char *folder, char ***paths, size_t *count, oct_error *err);
void fares_free_paths(char **paths, size_t count);

/* The mean fare of each zone in one file; 0 where nobody was picked up. A line that is no trip is
 * OCT_E_INVALID and named: "data/x.csv:17: ...". */
oct_err fares_usual(const char *csv, double usual[ZONES], oct_error *err);

/* Writes them to a file, one a line, and reads such a file. */
oct_err fares_write(const double usual[ZONES], const char *path, oct_error *err);
oct_err fares_read(const char *path, double usual[ZONES], oct_error *err);

/* Counts the trips of one file, and those that cost more than usual. */
oct_err fares_count(const char *csv, const double usual[ZONES], month *out, oct_error *err);

/* Where this user's programs keep what is usual for a moment: a file in $TMPDIR, or in /tmp. */
void fares_scratch(char *path, size_t size);

/* Prints a line a month on stdout, the same whatever computed it, and the time on stderr. */
void fares_report(char **paths, const month *months, size_t count, double seconds);

/* Ends the program with an error's message and hint. */
__attribute__((noreturn)) void die(const oct_error *err);

/* Seconds since some fixed moment. */
double now(void);

#endif
