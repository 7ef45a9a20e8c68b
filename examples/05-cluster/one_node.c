/* 05-cluster: right on every pool of one machine, and wrong on a cluster.
 *
 *   one_node [--pool=threads:4 | processes:4 | cluster] FOLDER
 *
 * The file that main writes is on the first node alone. README.md tells more. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <oct/oct.h>

#include "fares.h"

OCT_TASK(month, count_month, const char *, csv)
{
    month counted = {0};
    char scratch[4096];
    double usual[ZONES];
    fares_scratch(scratch, sizeof(scratch));
    if (fares_read(scratch, usual, oct_task_error()) == OCT_OK)
        (void)fares_count(csv, usual, &counted, oct_task_error());
    return counted;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/taxi";
    double start = now();
    char **paths, scratch[4096];
    size_t count;
    double usual[ZONES];
    oct_error err;
    fares_scratch(scratch, sizeof(scratch));
    if (fares_paths(folder, &paths, &count, &err) != OCT_OK || fares_usual(paths[0], usual, &err) != OCT_OK ||
        fares_write(usual, scratch, &err) != OCT_OK)
        die(&err);

    month *months = calloc(count, sizeof(*months));
    oct_map_options options = {.chunk = 1};
    oct_err code = oct_map_with(pool, &options, count_month, paths, count, months);
    unlink(scratch);
    if (code != OCT_OK)
        oct_die(NULL);
    fares_report(paths, months, count, now() - start);

    free(months);
    fares_free_paths(paths, count);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
