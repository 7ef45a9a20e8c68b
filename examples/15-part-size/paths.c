#include <stdio.h>
#include <time.h>

#include "paths.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int64_t path_steps(int64_t number)
{
    int64_t steps = 0;
    for (; number > 1; steps++)
        number = number % 2 == 0 ? number / 2 : 3 * number + 1;
    return steps;
}

longest path_longer(longest a, longest b)
{
    if (a.steps != b.steps)
        return a.steps > b.steps ? a : b;
    return a.number < b.number ? a : b;
}

void path_report(longest best, double seconds)
{
    printf("of the numbers below %d, %lld takes most steps: %lld\n", END, (long long)best.number,
           (long long)best.steps);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
