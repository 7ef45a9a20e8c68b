#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "song.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A tone that rises, made up as it is read. */
void song_read(int64_t first, int32_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)first + (uint32_t)i;
        samples[i] = (int32_t)((at * (at >> 9) & 0xffff) - 0x8000);
    }
}

/* Four samples that one instruction takes. */
typedef int32_t four __attribute__((vector_size(16), may_alias));

/* Each is a few instructions for four samples: what takes long is to fetch them, and to put them back. */
void song_effect(int effect, int32_t *samples, size_t count)
{
    four *at = (four *)samples;
    for (size_t i = 0; i < count / 4; i++) {
        four s = at[i] + effect;
        at[i] = s - (s >> 4) + (s >> 7);
    }
}

int64_t song_loudness(const int32_t *samples, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += samples[i] < 0 ? -samples[i] : samples[i];
    return sum;
}

void song_report(int64_t loudness, double seconds)
{
    printf("%d samples through %d effects: loudness %.4f\n", SAMPLES, EFFECTS, (double)loudness / SAMPLES);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
