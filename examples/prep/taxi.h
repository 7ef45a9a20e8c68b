/* prep/taxi.h - made-up trips of New York's yellow taxis in 2019.
 *
 * A file a month with the names, columns and forms of the city's own CSV files, for which they can
 * be exchanged (TLC Trip Record Data, www.nyc.gov/site/tlc/about/tlc-trip-record-data.page). Trips
 * follow the hours of the week; longer ones cost more; cards tip and cash does not, evenings more
 * than mornings; a few fares are refunds, and a few fields are empty, as in the real files. */
#ifndef PREP_TAXI_H
#define PREP_TAXI_H

#include <stdint.h>

#include "oct/error.h"

enum { TAXI_MONTHS = 12 };

/* The first line of each file: the names of the columns. */
extern const char taxi_header[];

/* Trips a month that make all months together about `bytes` large; at least 1. */
int taxi_trips(int64_t bytes);

/* Writes that many trips of a month (0 is January) to path, in the order of their hours. What
 * is written depends on month, trips and seed alone. OCT_E_IO, OCT_E_EXHAUSTED (disk full);
 * nothing is left behind then. Any thread. */
oct_err taxi_write_csv(int month, int trips, uint64_t seed, const char *path, int64_t *bytes, oct_error *err);

#endif
