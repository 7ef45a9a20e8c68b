/* 05-cluster: how many rides cost more than usual in their zone, all months at once.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oct/oct.h>

#include "fares.h"

/* The fares travel with the task: 2 KB, which is less than any file system would ask for. */
OCT_TASK(month, count_month, const char *, csv, oct_doubles, usual)
{
    month counted = {0};
    (void)fares_count(csv, usual.data, &counted, oct_task_error());
    return counted;
}

OCT_TASK(char *, name_of_node)
{
    return strdup(oct_node_name());
}

static void tell_nodes(oct_pool *pool)
{
    int nodes = oct_pool_nodes(pool);
    char **names = calloc((size_t)nodes, sizeof(*names));
    if (!names || oct_on_all(pool, name_of_node, names) != OCT_OK)
        oct_die(NULL);
    for (int i = 0; i < nodes; i++) {
        fprintf(stderr, "node %d is %s\n", i, names[i]);
        free(names[i]);
    }
    free(names);
    fprintf(stderr, "together they have %d workers\n", oct_pool_workers(pool));
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/taxi";
    double start = now();
    char **paths;
    size_t count;
    double usual[ZONES];
    oct_error err;
    tell_nodes(pool);
    if (fares_paths(folder, &paths, &count, &err) != OCT_OK || fares_usual(paths[0], usual, &err) != OCT_OK)
        die(&err);

    month *months = calloc(count, sizeof(*months));
    oct_doubles fares = {usual, ZONES};
    oct_map_options options = {.chunk = 1};
    if (oct_map_with(pool, &options, count_month, paths, count, months, fares) != OCT_OK)
        oct_die(NULL);
    fares_report(paths, months, count, now() - start);

    free(months);
    fares_free_paths(paths, count);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
