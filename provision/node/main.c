/* octavo-node: the one program of Octavo that every node runs; see README.md. */
#include <stdio.h>
#include <string.h>

#include "provision/node/commands.h"
#include "provision/node/version.h"

static const struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary;
} COMMANDS[] = {
    {"serve", octi_serve_main, "be PID 1: run this node's daemons until told to end"},
    {"configure", octi_configure_main, "store the cluster.json given on standard input"},
    {"health", octi_health_main, "tell in JSON how this node is; exit 0 when it is well"},
    {"task", octi_task_main, "run a program as one rank of a job: task -- PROGRAM [ARGUMENT...]"},
    {"end", octi_end_main, "end a command, and all it started, by its mark: end TOKEN"},
};

static int help(FILE *out)
{
    fprintf(out, "octavo-node makes a container one node of a cluster.\n\nUsage: octavo-node COMMAND\n\n");
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        fprintf(out, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fprintf(out, "  %-10s %s\n  %-10s %s\n", "version", "print the version", "help", "print this");
    return out == stdout ? 0 : 2;
}

static int is(const char *word, const char *name, const char *option)
{
    return strcmp(word, name) == 0 || strcmp(word, option) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return help(stderr);
    if (is(argv[1], "help", "--help"))
        return help(stdout);
    if (is(argv[1], "version", "--version"))
        return printf("octavo-node %s\n", OCTI_NODE_VERSION) < 0;
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return COMMANDS[i].main(argc - 1, argv + 1);
    fprintf(stderr, "error: there is no command '%s'\nhint: 'octavo-node help' lists them\n", argv[1]);
    return 2;
}
