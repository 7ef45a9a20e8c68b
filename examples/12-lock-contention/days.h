/* days.h - people who have birthdays, and on which day how many.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef DAYS_H
#define DAYS_H

#include <stdint.h>

enum { DAYS = 365, TOWNS = 64, PEOPLE = 125000 /* of a town */ };

/* How many have their birthday on each day of the year. A plain value: it can be returned and assigned. */
typedef struct days {
    int64_t of[DAYS];
} days;

/* The birthday of a person of a town, from 0 to DAYS - 1. */
static inline int birthday(int town, int person)
{
    /* SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014), some times over: who looks a birthday up
     * takes longer than an addition. */
    uint64_t x = ((uint64_t)town << 32 | (uint64_t)person) * UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < 8; i++) {
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    }
    return (int)(((x ^ (x >> 31)) >> 32) * DAYS >> 32);
}

/* Prints the months and the fullest and emptiest day on stdout, and the time on stderr. */
void days_report(const days *all, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
