/* 01-map: minute prices from JSON lines to HDF5, one file after the other.
 *
 *   exercise FOLDER
 *
 * Make it convert many files at once. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "prices.h"

/* TODO 1: turn the body of the loop in main into a task:
 *
 *   OCT_TASK(conversion, convert, const char *, json_path, const char *, hdf5_dir)
 *   {
 *       ...
 *   }
 *
 * A call that fails inside a task puts its reason into oct_task_error(). */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool: oct_pool_open(&argc, argv). In a cluster every node runs main, but
     * only the first returns from that call: the others wait for tasks. */

    const char *folder = argc > 1 ? argv[1] : "data/stocks";
    char **paths, hdf5_dir[4096];
    size_t count;
    prepare(folder, hdf5_dir, sizeof(hdf5_dir), &paths, &count);

    conversion *results = calloc(count, sizeof(*results));
    double start = now();
    oct_error err;

    /* TODO 3: replace the loop by oct_map(pool, convert, paths, count, results, hdf5_dir). */
    for (size_t i = 0; i < count; i++)
        if (convert_file(paths[i], hdf5_dir, &results[i], &err) != OCT_OK)
            die(&err);

    print_summary(results, count, now() - start);

    list_free(paths, count);
    free(results);
    return 0;
}
