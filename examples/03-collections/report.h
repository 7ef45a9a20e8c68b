/* report.h - the answer: which pairs are most alike, as records of a bag. */
#ifndef REPORT_H
#define REPORT_H

#include "series.h"

#define SERIES_STRONG 0.5

/* A plain value, so it may be a record of a bag, and travels from any node. */
typedef struct pair {
    char a[SERIES_NAME], b[SERIES_NAME];
    correlation c;
} pair;

/* Prints the most correlated pairs and how many are above SERIES_STRONG, the same whatever computed
 * them, and the time on stderr. */
void series_report(const pair *best, size_t count, long long strong, size_t pairs, double seconds);

#endif
