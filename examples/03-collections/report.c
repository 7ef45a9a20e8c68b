#include <stdio.h>

#include "report.h"

void series_report(const pair *best, size_t count, long long strong, size_t pairs, double seconds)
{
    for (size_t i = 0; i < count; i++)
        printf("%-5s %-5s %8.5f at %d min\n", best[i].a, best[i].b, best[i].c.r, best[i].c.lag);
    printf("%lld of %zu pairs are above %.2f\n", strong, pairs, SERIES_STRONG);
    fflush(stdout);
    fprintf(stderr, "%.2f s in all\n", seconds);
}
