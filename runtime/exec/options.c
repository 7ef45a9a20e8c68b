#include <stddef.h>
#include <string.h>

#include "runtime/exec/options.h"

static void drop(int *argc, char **argv, int at, int width)
{
    memmove(&argv[at], &argv[at + width], (size_t)(*argc - at - width + 1) * sizeof(*argv));
    *argc -= width;
}

/* How many words the option `name` takes up at argv[at], its value included; 0: it is not there. */
static int match(const char *name, int argc, char **argv, int at, const char **value)
{
    size_t length = strlen(name);
    if (strncmp(argv[at], name, length) != 0)
        return 0;
    if (argv[at][length] == '=') {
        *value = argv[at] + length + 1;
        return 1;
    }
    if (argv[at][length] != '\0')
        return 0;
    *value = at + 1 < argc ? argv[at + 1] : "";
    return at + 1 < argc ? 2 : 1;
}

octi_options octi_options_take(int *argc, char **argv)
{
    octi_options options = {NULL, NULL, false};
    int at = 1;
    while (argc && argv && at < *argc && strcmp(argv[at], "--") != 0) {
        int width = match("--pool", *argc, argv, at, &options.pool);
        if (width == 0)
            width = match("--trace", *argc, argv, at, &options.trace);
        if (width == 0 && strcmp(argv[at], "--profile") == 0) {
            options.profile = true;
            width = 1;
        }
        if (width > 0)
            drop(argc, argv, at, width);
        else
            at++;
    }
    return options;
}
