/* 08-taxi-frame/trips.h - trips read by hand, a line at a time, and the reports that both programs print. */
#ifndef TRIPS_H
#define TRIPS_H

#include <stdbool.h>
#include <stdint.h>

enum { UNKNOWN = -1, CARD = 1 };

typedef struct trip {
    int passengers; /* or UNKNOWN */
    int hour;       /* of its start */
    int weekday;    /* 0 is Monday */
    int payment;    /* a code: 1 card, 2 cash, 3 no charge, 4 dispute */
    double fare, tip;
    bool of_the_day; /* it began on THE_DAY */
} trip;

#define THE_DAY "2019-03-15"

typedef struct trips trips;

/* All CSV files of a folder, in the order of their names; ends the program where there are none. */
trips *trips_open(const char *folder);

/* False after the last one; ends the program at a line that is no trip. */
bool trips_next(trips *all, trip *next);
void trips_close(trips *all);

/* A line a key: how many trips, and the mean of something. A key below 0 is not known. */
void print_means(const char *title, const int64_t *keys, const int64_t *count, const double *means, int rows);

/* The same without means. */
void print_counts(const char *title, const int64_t *keys, const int64_t *count, int rows);

double now(void);

#endif
