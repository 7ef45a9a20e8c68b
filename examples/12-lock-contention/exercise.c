/* 12-lock-contention: on which day of the year have most people their birthday? One town after the other.
 *
 * Let the towns count at once. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "days.h"

static days all;

/* TODO 1: make this a task, OCT_TASK(..., count, int, town). All tasks add to the same days: how do they not
 * get into each other's way? README.md, "The idea". */
static void count(int town)
{
    for (int person = 0; person < PEOPLE; person++)
        all.of[birthday(town, person)]++;
}

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();

    /* TODO 3: oct_map instead of the loop, and what is left to do when it is done. */
    for (int town = 0; town < TOWNS; town++)
        count(town);
    days_report(&all, now() - start);
    return 0;
}
