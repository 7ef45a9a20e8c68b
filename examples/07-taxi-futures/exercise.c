/* 07-taxi-futures: how many people take a taxi, one row group after the other.
 *
 *   exercise FOLDER
 *
 * Make it read many at once, and ask where the trips are. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "trips.h"

/* TODO 1: a task that reads, and one for each question:
 *
 *   OCT_TASK(oct_ints, load, row_group, group) { ... group_read ... }
 *   OCT_TASK(int64_t, total, oct_ints, passengers) { ... passengers_total ... } */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */

    const char *folder = argc > 1 ? argv[1] : "data/taxi";
    double start = now();
    row_group *groups;
    size_t count;
    oct_error err;
    if (groups_find(folder, &groups, &count, &err) != OCT_OK)
        die(&err);

    /* TODO 3: submit(load): an array of oct_future *, which stay where they are. Do not ask for their
     * results: that would bring all trips here. */
    oct_ints *passengers = calloc(count, sizeof(*passengers));
    for (size_t i = 0; i < count; i++)
        if (group_read(groups[i], &passengers[i], &err) != OCT_OK)
            die(&err);
    double read = now();

    /* TODO 4: submit each question for each group, with the group's future as argument, and only then ask
     * for the answers, which are small. */
    int64_t total = 0, over_two = 0, known = 0;
    counts all = {{0}};
    for (size_t i = 0; i < count; i++) {
        total += passengers_total(passengers[i]);
        over_two += passengers_over_two(passengers[i]);
        known += passengers_known(passengers[i]);
        counts of_group = passengers_count(passengers[i]);
        for (int k = 0; k <= UNKNOWN; k++)
            all.of[k] += of_group.of[k];
    }
    trips_report(total, over_two, known, &all, read - start, now() - read);

    for (size_t i = 0; i < count; i++)
        free(passengers[i].data);
    free(passengers);
    free(groups);
    return 0;
}
