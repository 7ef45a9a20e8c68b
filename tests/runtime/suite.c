#include <stdio.h>
#include <string.h>

#include "tests/runtime/suite.h"

const char *suite_spec = "threads:2";

/* A program opens one cluster pool, once: the tests share it. */
static oct_pool *shared;

bool suite_shares_pool(void)
{
    return strncmp(suite_spec, "cluster", 7) == 0;
}

int suite_open(void **state)
{
    *state = shared;
    if (shared)
        return 0;
    oct_error err = OCT_ERROR_INIT;
    oct_pool *pool;
    if (oct_pool_open_spec(suite_spec, &pool, &err) != OCT_OK) {
        fprintf(stderr, "%s\n", err.what);
        return -1;
    }
    *state = pool;
    shared = suite_shares_pool() ? pool : NULL;
    return 0;
}

int suite_close(void **state)
{
    return shared || oct_pool_close(*state) == OCT_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--pool=", 7) == 0)
        suite_spec = argv[1] + 7;
    int failed = suite_futures() + suite_waiting() + suite_maps() + suite_mappings() + suite_data() +
                 suite_options() + suite_nodes() + suite_scatter();
    return oct_pool_close(shared) == OCT_OK && failed == 0 ? 0 : 1;
}
