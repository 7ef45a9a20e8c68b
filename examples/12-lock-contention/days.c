#include <stdio.h>
#include <time.h>

#include "days.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void days_report(const days *all, double seconds)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t people = 0;
    int fullest = 0, emptiest = 0;
    for (int month = 0, day = 0; month < 12; month++) {
        int64_t born = 0;
        for (int last = day + lengths[month]; day < last; day++) {
            born += all->of[day];
            fullest = all->of[day] > all->of[fullest] ? day : fullest;
            emptiest = all->of[day] < all->of[emptiest] ? day : emptiest;
        }
        printf("month %2d %10lld\n", month + 1, (long long)born);
        people += born;
    }
    printf("people   %10lld\n", (long long)people);
    printf("day %3d  %10lld, the most\n", fullest + 1, (long long)all->of[fullest]);
    printf("day %3d  %10lld, the fewest\n", emptiest + 1, (long long)all->of[emptiest]);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
