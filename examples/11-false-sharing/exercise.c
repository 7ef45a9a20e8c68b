/* 11-false-sharing: eight players throw dice, one after the other.
 *
 * Let all throw at once, and see that it is faster. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "dice.h"

/* A row for each face, a column for each player. */
static int64_t counts[FACES][PLAYERS];

/* TODO 1: make this a task, OCT_TASK(..., play, int, player). What should it count in, and what should it
 * return? README.md, "The idea". */
static void play(int player)
{
    dice d = dice_of(player);
    for (int i = 0; i < THROWS; i++)
        counts[dice_throw(&d)][player]++;
}

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();

    /* TODO 3: oct_map instead of the loop, and then fill the table. */
    for (int player = 0; player < PLAYERS; player++)
        play(player);
    dice_report(counts, now() - start);
    return 0;
}
