/* report.h - the answer: which pairs are most alike. */
#ifndef REPORT_H
#define REPORT_H

#include "series.h"

/* How many pairs there are of count series: (0,1) (0,2) ... (1,2) ... */
size_t series_pairs(size_t count);

/* Prints the five most correlated pairs and a digest of all on stdout, the same whatever computed
 * them, and the time on stderr. pairs[k] is the k-th pair in the order above. */
void series_report(char **paths, size_t count, const correlation *pairs, double seconds);

#endif
