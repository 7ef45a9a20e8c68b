#include <stdio.h>
#include <string.h>

#include "tests/runtime/suite.h"

const char *suite_spec = "threads:2";

int suite_open(void **state)
{
    oct_error err = OCT_ERROR_INIT;
    oct_pool *pool;
    if (oct_pool_open_spec(suite_spec, &pool, &err) != OCT_OK) {
        fprintf(stderr, "%s\n", err.what);
        return -1;
    }
    *state = pool;
    return 0;
}

int suite_close(void **state)
{
    return oct_pool_close(*state) == OCT_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--pool=", 7) == 0)
        suite_spec = argv[1] + 7;
    return suite_futures() + suite_waiting() + suite_maps() + suite_options() == 0 ? 0 : 1;
}
