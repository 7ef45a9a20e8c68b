/* dice.h - players who throw dice, and the table of what they threw.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef DICE_H
#define DICE_H

#include <stdint.h>

enum { PLAYERS = 8, FACES = 6, THROWS = 20000000 };

/* A player's dice, whose throws depend on the player alone. */
typedef struct dice {
    uint64_t state;
} dice;

dice dice_of(int player);

/* The face of the next throw, from 0 to FACES - 1. */
static inline int dice_throw(dice *d)
{
    /* An LCG, of which the high bits are good: Knuth, "MMIX". */
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((d->state >> 32) * FACES >> 32);
}

/* Prints the table, a row for each face and a column for each player, on stdout and the time on stderr. */
void dice_report(int64_t counts[FACES][PLAYERS], double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
