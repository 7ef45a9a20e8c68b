/* 18-reduction-fan-in: how long is the way through 64 countries, from each border crossing to each? The
 * tables of four neighbours are put together by a task, and what comes of that again.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "ways.h"

/* So few that near the end there is work for several, so many that there are not more tasks than need be. */
enum { FAN_IN = 4 };

OCT_TASK(oct_ints, cross, int, country)
{
    oct_ints ways = {0};
    (void)ways_read(country, &ways, oct_task_error());
    return ways;
}

/* In the order of the countries; those that are not there are empty. */
OCT_TASK(oct_ints, join, oct_ints, a, oct_ints, b, oct_ints, c, oct_ints, d)
{
    oct_ints ways = {0};
    const oct_ints parts[FAN_IN] = {a, b, c, d};
    for (int i = 0; i < FAN_IN; i++)
        (void)ways_append(&ways, parts[i], oct_task_error());
    return ways;
}

/* One level of the tree: of so many futures a fourth, in the same place. Takes those that were there. */
static int join_neighbours(oct_pool *pool, oct_future **ways, int count)
{
    int made = 0;
    for (int first = 0; first < count; first += FAN_IN) {
        oct_future *some[FAN_IN] = {0};
        for (int i = 0; i < FAN_IN && first + i < count; i++)
            some[i] = ways[first + i];
        oct_future *joined = oct_submit(pool, join, some[0], some[1], some[2], some[3]);
        for (int i = 0; i < FAN_IN && some[i]; i++)
            oct_release(some[i]);
        ways[made++] = joined;
    }
    return made;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    oct_future *ways[COUNTRIES];
    for (int country = 0; country < COUNTRIES; country++)
        ways[country] = oct_submit(pool, cross, country);
    int count = COUNTRIES;
    while (count > 1)
        count = join_neighbours(pool, ways, count);

    /* All of it is submitted, and hardly any of it done. The one table comes home. */
    oct_ints whole = {0};
    if (oct_result(ways[0], &whole) != OCT_OK)
        oct_die(ways[0]);
    ways_report(whole, now() - start);
    free(whole.data);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
