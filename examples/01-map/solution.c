/* 01-map: minute prices from JSON lines to HDF5, many files at once.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] FOLDER */
#include <stdio.h>
#include <stdlib.h>

#include <oct/oct.h>

#include "prices.h"

OCT_TASK(conversion, convert, const char *, json_path, const char *, hdf5_dir)
{
    conversion result = {0};
    (void)convert_file(json_path, hdf5_dir, &result, oct_task_error());
    return result;
}

static void report(size_t item, const oct_failure *failure, void *ctx)
{
    (void)item, (void)ctx;
    fprintf(stderr, "error: %s%s%s\n", failure->error.what, failure->node[0] ? ", on " : "", failure->node);
    if (failure->error.hint[0])
        fprintf(stderr, "\nhint: %s\n", failure->error.hint);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);

    const char *folder = argc > 1 ? argv[1] : "data/stocks";
    char **paths, hdf5_dir[4096];
    size_t count;
    prepare(folder, hdf5_dir, sizeof(hdf5_dir), &paths, &count);

    conversion *results = calloc(count, sizeof(*results));
    double start = now();
    oct_map_options options = {.chunk = 1, .on_failure = report};
    oct_err code = oct_map_with(pool, &options, convert, paths, count, results, hdf5_dir);
    if (code == OCT_OK)
        print_summary(results, count, now() - start);

    list_free(paths, count);
    free(results);
    return oct_pool_close(pool) == OCT_OK && code == OCT_OK ? 0 : 1;
}
