/* trips.h - taxi trips by row groups: stretches of a file that are read one apart from another.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef TRIPS_H
#define TRIPS_H

#include <stddef.h>
#include <stdint.h>

#include <oct/error.h>
#include <oct/value.h>

/* The lines of a file that begin at byte `begin` or after it, and before `end`. A plain value, so it
 * travels to any node; what it names must be there too. */
typedef struct row_group {
    char path[232];
    int64_t begin, end;
} row_group;

/* How many trips had so many passengers; the last is for those where nobody wrote it down. */
enum { PASSENGERS_MOST = 9, UNKNOWN = PASSENGERS_MOST + 1 };
typedef struct counts {
    int64_t of[PASSENGERS_MOST + 2];
} counts;

/* The row groups of all CSV files of a folder, about a quarter of a megabyte each, in order. The caller
 * frees *out. */
oct_err groups_find(const char *folder, row_group **out, size_t *count, oct_error *err);

/* Reads how many passengers each trip of the group had, or -1 where that is not known. A line that is no
 * trip is OCT_E_INVALID and named by file and byte. The caller frees out->data. */
oct_err group_read(row_group group, oct_ints *out, oct_error *err);

/* Four questions. */
int64_t passengers_total(oct_ints passengers);
int64_t passengers_over_two(oct_ints passengers); /* trips */
int64_t passengers_known(oct_ints passengers);    /* trips whose passengers are known */
counts passengers_count(oct_ints passengers);

/* Prints the answers on stdout and both times on stderr. */
void trips_report(int64_t total, int64_t over_two, int64_t known, const counts *count, double reading,
                  double asking);

/* Ends the program with an error's message and hint. */
__attribute__((noreturn)) void die(const oct_error *err);

/* Seconds since some fixed moment. */
double now(void);

#endif
