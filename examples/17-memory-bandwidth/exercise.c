/* 17-memory-bandwidth: a song is put through sixteen effects: the whole of it through the first, then the
 * whole of it through the second, and so on.
 *
 * Let all workers do it, and fetch each sample from memory once. README.md tells how; solution.c is one
 * answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "song.h"

/* TODO 1: a task that reads a block of the song, puts it through all effects and returns how loud it is:
 *
 *   OCT_TASK(int64_t, play, int64_t, first) { ... }
 *
 * How many samples make a good block? */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();

    /* TODO 3: an array of where each block begins, oct_map of it, and the sum of what comes back. */
    int32_t *song = malloc(SAMPLES * sizeof(*song));
    if (!song)
        return 1;
    song_read(0, song, SAMPLES);
    for (int effect = 0; effect < EFFECTS; effect++)
        song_effect(effect, song, SAMPLES);
    song_report(song_loudness(song, SAMPLES), now() - start);
    free(song);
    return 0;
}
