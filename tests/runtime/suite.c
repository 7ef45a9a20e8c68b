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

static const struct group {
    const char *name;
    int (*run)(void);
} groups[] = {
    {"futures", suite_futures},   {"waiting", suite_waiting}, {"maps", suite_maps},
    {"mappings", suite_mappings}, {"data", suite_data},       {"options", suite_options},
    {"nodes", suite_nodes},       {"scatter", suite_scatter}, {"actors", suite_actors},
    {"shared", suite_shared},     {"tags", suite_tags},
};

/* suite --pool=SPEC [GROUP] */
int main(int argc, char **argv)
{
    int failed = 0;
    if (argc > 1 && strncmp(argv[1], "--pool=", 7) == 0)
        suite_spec = argv[1] + 7;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (argc < 3 || strcmp(argv[2], groups[i].name) == 0)
            failed += groups[i].run();
    }
    return oct_pool_close(shared) == OCT_OK && failed == 0 ? 0 : 1;
}
