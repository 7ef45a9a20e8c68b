/* readings.h - temperatures that weather stations sent, a line each, and what is wanted of each station.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef READINGS_H
#define READINGS_H

#include <stddef.h>
#include <stdint.h>

enum { STATIONS = 300, READINGS = 600000 };

/* A line: which station, and how warm it was in tenths of a degree. */
typedef struct reading {
    int64_t station; /* of 0 to STATIONS - 1 */
    int64_t tenths;
} reading;

/* Takes line i apart, such as "station-17;-3.4". Any thread. */
reading reading_take(int64_t i);

/* What is known of a station. */
typedef struct weather {
    int64_t count, sum, least, most; /* tenths of a degree */
} weather;

/* That of a station which sent nothing: it changes nothing when it is put together with another. */
#define WEATHER_NONE ((weather){0, 0, INT64_MAX, INT64_MIN})

void weather_add(weather *to, reading r);

/* Prints the mean of all stations, and the coldest and the warmest few, on stdout and the time on stderr.
 * Stations may come in any order. */
void weather_report(const int64_t *stations, const weather *all, size_t count, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
