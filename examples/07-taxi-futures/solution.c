/* 07-taxi-futures: how many people take a taxi, all row groups at once, asked where they are.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "trips.h"

OCT_TASK(oct_ints, load, row_group, group)
{
    oct_ints passengers = {0};
    (void)group_read(group, &passengers, oct_task_error());
    return passengers;
}

OCT_TASK(int64_t, total, oct_ints, passengers)
{
    return passengers_total(passengers);
}

OCT_TASK(int64_t, over_two, oct_ints, passengers)
{
    return passengers_over_two(passengers);
}

OCT_TASK(int64_t, known, oct_ints, passengers)
{
    return passengers_known(passengers);
}

OCT_TASK(counts, count_all, oct_ints, passengers)
{
    return passengers_count(passengers);
}

/* Takes the answers for all groups and adds them up, in the groups' order. */
static int64_t sum(oct_future **answers, size_t count)
{
    int64_t all = 0, one;
    for (size_t i = 0; i < count; i++) {
        if (oct_result(answers[i], &one) != OCT_OK)
            oct_die(answers[i]);
        all += one;
    }
    return all;
}

static counts sum_counts(oct_future **answers, size_t count)
{
    counts all = {{0}}, one;
    for (size_t i = 0; i < count; i++) {
        if (oct_result(answers[i], &one) != OCT_OK)
            oct_die(answers[i]);
        for (int k = 0; k <= UNKNOWN; k++)
            all.of[k] += one.of[k];
    }
    return all;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/taxi";
    double start = now();
    row_group *groups;
    size_t count;
    oct_error err;
    if (groups_find(folder, &groups, &count, &err) != OCT_OK)
        die(&err);

    /* From here on the trips are on the workers' nodes: main holds only handles. */
    enum { TOTAL, OVER_TWO, KNOWN, COUNTS, QUESTIONS };
    oct_future **passengers = calloc(count, sizeof(*passengers));
    oct_future **answers = calloc(QUESTIONS * count, sizeof(*answers));
    for (size_t i = 0; i < count; i++)
        passengers[i] = oct_submit(pool, load, groups[i]);
    oct_wait_many(passengers, count, OCT_ALL_DONE, OCT_FOREVER); /* only to tell the two times apart */
    double read = now();

    for (size_t i = 0; i < count; i++) {
        answers[TOTAL * count + i] = oct_submit(pool, total, passengers[i]);
        answers[OVER_TWO * count + i] = oct_submit(pool, over_two, passengers[i]);
        answers[KNOWN * count + i] = oct_submit(pool, known, passengers[i]);
        answers[COUNTS * count + i] = oct_submit(pool, count_all, passengers[i]);
    }
    int64_t in_all = sum(answers + TOTAL * count, count);
    int64_t of_more = sum(answers + OVER_TWO * count, count);
    int64_t of_known = sum(answers + KNOWN * count, count);
    counts all = sum_counts(answers + COUNTS * count, count);
    trips_report(in_all, of_more, of_known, &all, read - start, now() - read);

    for (size_t i = 0; i < count; i++)
        oct_release(passengers[i]);
    free(passengers);
    free(answers);
    free(groups);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
