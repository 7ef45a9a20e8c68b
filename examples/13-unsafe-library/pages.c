#include <stdio.h>
#include <time.h>

#include "pages.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void page_line(int page, int number, char line[LINE_BYTES])
{
    static const char letters[] = "etaoinsrhldcumfp";
    uint64_t state = (uint64_t)page << 32 | (uint64_t)number;
    int at = 0;
    while (at < LINE_BYTES - LETTERS_MOST - 3) {
        uint64_t random = next_random(&state);
        int length = 1 + (int)(random % 5) + (int)(random / 5 % 5) + (int)(random / 25 % 4); /* 1 to 12 */
        uint64_t word = next_random(&state);
        for (int i = 0; i < length; i++, word >>= 4)
            line[at++] = letters[word & 15];
        if (random >> 60 == 0)
            line[at++] = random >> 59 & 1 ? ',' : ';';
        line[at++] = ' ';
    }
    line[at - 1] = '.';
    line[at] = '\0';
}

void lengths_report(const lengths *all, double seconds)
{
    int64_t words = 0;
    for (int letters = 1; letters <= LETTERS_MOST; letters++) {
        printf("%2d letters %9lld\n", letters, (long long)all->of[letters]);
        words += all->of[letters];
    }
    printf("words      %9lld\n", (long long)words);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
