/* 05-cluster: how many rides cost more than usual in their zone, one month after the other.
 *
 *   exercise FOLDER
 *
 * Make it count all months at once, on nodes that share no memory and no /tmp. README.md tells how;
 * solution.c is one answer, one_node.c is none. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <oct/oct.h>

#include "fares.h"

/* TODO 1: a task that counts one month. What does it need to know, and how does that get to the node
 * where it runs?
 *
 *   OCT_TASK(month, count_month, const char *, csv, ...) { ... fares_count ... } */

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */

    const char *folder = argc > 1 ? argv[1] : "data/taxi";
    double start = now();
    char **paths, scratch[4096];
    size_t count;
    double usual[ZONES];
    oct_error err;
    if (fares_paths(folder, &paths, &count, &err) != OCT_OK)
        die(&err);

    /* TODO 3: print, on stderr, the name of every node of the pool: a task that returns
     * strdup(oct_node_name()), and oct_on_all. */

    /* January tells what is usual; kept in a file, as a program of several steps would. */
    fares_scratch(scratch, sizeof(scratch));
    if (fares_usual(paths[0], usual, &err) != OCT_OK || fares_write(usual, scratch, &err) != OCT_OK)
        die(&err);

    /* TODO 4: all months at once. */
    month *months = calloc(count, sizeof(*months));
    for (size_t i = 0; i < count; i++) {
        double known[ZONES];
        if (fares_read(scratch, known, &err) != OCT_OK ||
            fares_count(paths[i], known, &months[i], &err) != OCT_OK)
            die(&err);
    }
    fares_report(paths, months, count, now() - start);

    unlink(scratch);
    free(months);
    fares_free_paths(paths, count);
    return 0;
}
