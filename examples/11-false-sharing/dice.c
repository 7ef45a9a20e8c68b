#include <stdio.h>
#include <time.h>

#include "dice.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

dice dice_of(int player)
{
    dice d = {UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(player + 1)};
    (void)dice_throw(&d);
    return d;
}

void dice_report(int64_t counts[FACES][PLAYERS], double seconds)
{
    printf("face");
    for (int player = 0; player < PLAYERS; player++)
        printf("  player %d", player);
    printf("\n");
    for (int face = 0; face < FACES; face++) {
        printf("%4d", face + 1);
        for (int player = 0; player < PLAYERS; player++)
            printf("%10lld", (long long)counts[face][player]);
        printf("\n");
    }
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
