/* 12-lock-contention: on which day of the year have most people their birthday? Each town counts for itself.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "days.h"

OCT_TASK(days, count, int, town)
{
    days own = {{0}};
    for (int person = 0; person < PEOPLE; person++)
        own.of[birthday(town, person)]++;
    return own;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    static days of_town[TOWNS], all;
    int towns[TOWNS];
    for (int town = 0; town < TOWNS; town++)
        towns[town] = town;
    if (oct_map(pool, count, towns, TOWNS, of_town) != OCT_OK)
        oct_die(NULL);
    for (int town = 0; town < TOWNS; town++)
        for (int day = 0; day < DAYS; day++)
            all.of[day] += of_town[town].of[day];
    days_report(&all, now() - start);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
