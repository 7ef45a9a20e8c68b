/* 11-false-sharing: eight players throw dice at once, each counting for itself.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "dice.h"

/* What one player threw: the column of the table. */
typedef struct throws {
    int64_t of[FACES];
} throws;

OCT_TASK(throws, play, int, player)
{
    throws mine = {{0}};
    dice d = dice_of(player);
    for (int i = 0; i < THROWS; i++)
        mine.of[dice_throw(&d)]++;
    return mine;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    int players[PLAYERS];
    throws all[PLAYERS];
    for (int player = 0; player < PLAYERS; player++)
        players[player] = player;
    if (oct_map_with(pool, &(oct_map_options){.chunk = 1}, play, players, PLAYERS, all) != OCT_OK)
        oct_die(NULL);

    int64_t counts[FACES][PLAYERS];
    for (int player = 0; player < PLAYERS; player++)
        for (int face = 0; face < FACES; face++)
            counts[face][player] = all[player].of[face];
    dice_report(counts, now() - start);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
