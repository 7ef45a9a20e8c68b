/* readme.h - what the code in README.md takes for granted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oct/oct.h>

#include "fares.h"

extern oct_pool *pool;
extern char **paths;
extern size_t count;
extern month *months;
extern double usual[ZONES];
extern char *names[64];
extern oct_error err;

OCT_TASK(char *, name_of_node)
{
    return strdup(oct_node_name());
}

OCT_TASK(month, count_by_file, const char *, csv)
{
    month counted = {0};
    char path[4096];
    double known[ZONES];
    fares_scratch(path, sizeof(path));
    if (fares_read(path, known, oct_task_error()) == OCT_OK)
        (void)fares_count(csv, known, &counted, oct_task_error());
    return counted;
}

OCT_TASK(month, count_by_value, const char *, csv, oct_doubles, known)
{
    month counted = {0};
    (void)fares_count(csv, known.data, &counted, oct_task_error());
    return counted;
}
