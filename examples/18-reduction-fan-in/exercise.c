/* 18-reduction-fan-in: how long is the way through 64 countries, from each border crossing to each? One
 * country after the other.
 *
 * Let all workers do it: read the tables, and put them together too. README.md tells how; solution.c is one
 * answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "ways.h"

/* TODO 1: a task that reads a country's table, and one that puts the tables of neighbours together:
 *
 *   OCT_TASK(oct_ints, cross, int, country) { ... ways_read ... }
 *   OCT_TASK(oct_ints, join, oct_ints, a, oct_ints, b) { ... ways_append ... }
 *
 * How many tables should one task take? Eight are the most: a, b, c, d, e, f, g, h. */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();

    /* TODO 3: submit(cross) of each country: an array of oct_future *. Do not ask for the tables:
     * submit(join) of neighbours makes fewer futures of them, and so on until one is left. Only that one's
     * result comes here. */
    oct_ints whole = {0}, next;
    oct_error err;
    for (int country = 0; country < COUNTRIES; country++) {
        if (ways_read(country, &next, &err) != OCT_OK || ways_append(&whole, next, &err) != OCT_OK)
            die(&err);
        free(next.data);
    }
    ways_report(whole, now() - start);
    free(whole.data);
    return 0;
}
