/* 17-memory-bandwidth: a song is put through sixteen effects, block by block: each stays in the cache until
 * it has been through all of them.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "song.h"

/* 64 KB: little enough for the cache of one core, and much enough work for a task. */
enum { BLOCK = 16384, BLOCKS = SAMPLES / BLOCK };

OCT_TASK(int64_t, play, int64_t, first)
{
    int32_t *block = malloc(BLOCK * sizeof(*block));
    if (!block)
        return oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for a block");
    song_read(first, block, BLOCK);
    for (int effect = 0; effect < EFFECTS; effect++)
        song_effect(effect, block, BLOCK);
    int64_t loudness = song_loudness(block, BLOCK);
    free(block);
    return loudness;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    static int64_t firsts[BLOCKS], loudness[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        firsts[i] = (int64_t)i * BLOCK;
    if (oct_map(pool, play, firsts, BLOCKS, loudness) != OCT_OK)
        oct_die(NULL);

    int64_t sum = 0;
    for (int i = 0; i < BLOCKS; i++)
        sum += loudness[i];
    song_report(sum, now() - start);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
