#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/cli/cli.h"
#include "provision/cli/suggest.h"

const cli_option cli_common_options[] = {
    {"name", 0, "NAME", "the cluster's name [octavo]"},
    {"on", 0, "PROVIDER", "what provides the nodes [docker]"},
    {"nodes", 'n', "N", "how many nodes [8]"},
    {"file", 0, "SPEC", "read the cluster's spec from a JSON file; flags beat it"},
    {"image", 0, "IMAGE", "the nodes' image"},
    {"cpus", 0, "N", "CPUs that each node may use"},
    {"memory", 0, "SIZE", "memory that each node may use, such as 2g"},
    {"subnet", 0, "RANGE", "the nodes' addresses, such as 10.9.0.0/24"},
    {"timeout", 0, "SECONDS", "give up after this long"},
    {"context", 0, "CONTEXT", "of the kubeconfig [its current one]"},
    {"namespace", 0, "NAMESPACE", "of Kubernetes [the context's]"},
    {"time", 0, "H:M:S", "how long a Slurm site's allocation lasts [the partition's default]"},
    {"partition", 0, "PARTITION", "of a Slurm site [its default]"},
    {"account", 0, "ACCOUNT", "who pays on a Slurm site [your default]"},
    {"qos", 0, "QOS", "quality of service on a Slurm site [your default]"},
    {"constraint", 0, "FEATURES", "of a Slurm site's nodes, as sbatch takes them"},
    {"progress", 0, "HOW", "auto, tty, plain, quiet or json [auto]"},
    {"json", 0, NULL, "print the result as JSON"},
    {"quiet", 'q', NULL, "print only results and errors"},
    {"yes", 'y', NULL, "do not ask"},
    {"dry-run", 0, NULL, "say what would be done, and do nothing"},
    {"help", 'h', NULL, "show help"},
    {NULL, 0, NULL, NULL},
};

static size_t list_length(const cli_option *options)
{
    size_t length = 0;
    while (options && options[length].name)
        length++;
    return length;
}

/* The common options, then the command's own; the index is that of cli.values. */
static const cli_option *option_at(const cli_command *command, size_t index)
{
    size_t common = list_length(cli_common_options);
    return index < common ? &cli_common_options[index] : &command->options[index - common];
}

static size_t option_count(const cli_command *command)
{
    return list_length(cli_common_options) + (command ? list_length(command->options) : 0);
}

/* --- getopt's tables --- */

enum { LONG_BASE = 256 }; /* getopt returns LONG_BASE + index for every option */

struct tables {
    struct option longs[CLI_OPTIONS_MAX + 1];
    char shorts[2 * CLI_OPTIONS_MAX + 3];
};

static void tables_fill(struct tables *out, const cli_command *command, bool stop_at_operand)
{
    size_t count = option_count(command);
    assert(count <= CLI_OPTIONS_MAX);
    char *s = out->shorts;
    if (stop_at_operand)
        *s++ = '+';
    *s++ = ':'; /* a missing value is told from an unknown option */
    for (size_t i = 0; i < count; i++) {
        const cli_option *option = option_at(command, i);
        int has_value = option->argument ? required_argument : no_argument;
        out->longs[i] = (struct option){option->name, has_value, NULL, LONG_BASE + (int)i};
        if (option->letter) {
            *s++ = option->letter;
            if (option->argument)
                *s++ = ':';
        }
    }
    out->longs[count] = (struct option){NULL, 0, NULL, 0};
    *s = '\0';
}

static int index_of_letter(const cli_command *command, int letter)
{
    for (size_t i = 0; i < option_count(command); i++)
        if (option_at(command, i)->letter == letter)
            return (int)i;
    return -1;
}

/* --- what getopt complains of --- */

static oct_err unknown_option(const cli_command *command, const char *typed, oct_error *err)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed, "="), typed);
    const char *of = command ? command->name : "octavo";
    oct_fail(err, OCT_E_INVALID, "'%s' has no option '%s'", of, name);

    const char *names[CLI_OPTIONS_MAX];
    size_t count = option_count(command);
    for (size_t i = 0; i < count; i++)
        names[i] = option_at(command, i)->name;
    const char *nearest = strncmp(name, "--", 2) == 0 ? cli_nearest(name + 2, names, count) : NULL;
    if (nearest)
        return oct_hint(err, "did you mean '--%s'?", nearest);
    return oct_hint(err, "'octavo help%s%s' lists them", command ? " " : "", command ? command->name : "");
}

static oct_err complain(const cli_command *command, int what, char **argv, oct_error *err)
{
    const char *typed = argv[optind - 1];
    int index = optopt >= LONG_BASE ? optopt - LONG_BASE : index_of_letter(command, optopt);
    if (what == ':')
        return oct_fail(err, OCT_E_INVALID, "option '--%s' needs a value: %s",
                        option_at(command, (size_t)index)->name, option_at(command, (size_t)index)->argument);
    if (optopt >= LONG_BASE)
        return oct_fail(err, OCT_E_INVALID, "option '--%s' takes no value",
                        option_at(command, (size_t)index)->name);
    if (optopt) {
        char letter[3] = {'-', (char)optopt, '\0'};
        return unknown_option(command, letter, err);
    }
    return unknown_option(command, typed, err);
}

/* --- parsing --- */

/* Parses argv[1..] and stores the index of the first operand in *rest. */
static oct_err parse_options(cli_context *cli, int argc, char **argv, bool stop_at_operand, int *rest,
                             oct_error *err)
{
    struct tables tables;
    tables_fill(&tables, cli->command, stop_at_operand);
    optind = 0; /* GNU: start afresh */
    opterr = 0;
    for (;;) {
        int got = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (got == -1)
            break;
        if (got == '?' || got == ':')
            return complain(cli->command, got, argv, err);
        int index = got >= LONG_BASE ? got - LONG_BASE : index_of_letter(cli->command, got);
        cli->values[index] = optarg ? optarg : "";
    }
    *rest = optind;
    return OCT_OK;
}

oct_err cli_parse(cli_context *cli, int argc, char **argv, int *rest, oct_error *err)
{
    int verb;
    oct_err code = parse_options(cli, argc, argv, true, &verb, err);
    if (code != OCT_OK || verb >= argc) {
        *rest = argc;
        return code;
    }

    cli->command = cli_command_find(argv[verb]);
    if (!cli->command) {
        const char *nearest = cli_command_nearest(argv[verb]);
        oct_fail(err, OCT_E_INVALID, "there is no command '%s'", argv[verb]);
        return nearest ? oct_hint(err, "did you mean 'octavo %s'?", nearest)
                       : oct_hint(err, "'octavo help' lists the commands");
    }
    code = parse_options(cli, argc - verb, argv + verb, cli->command->takes_program, rest, err);
    *rest += verb;
    return code;
}

static int index_of_name(const cli_context *cli, const char *name)
{
    for (size_t i = 0; i < option_count(cli->command); i++)
        if (strcmp(option_at(cli->command, i)->name, name) == 0)
            return (int)i;
    return -1;
}

const char *cli_value(const cli_context *cli, const char *name)
{
    int index = index_of_name(cli, name);
    return index >= 0 ? cli->values[index] : NULL;
}

bool cli_given(const cli_context *cli, const char *name)
{
    return cli_value(cli, name) != NULL;
}

oct_err cli_number(const cli_context *cli, const char *name, long low, long high, long fallback, long *out,
                   oct_error *err)
{
    const char *text = cli_value(cli, name);
    if (!text) {
        *out = fallback;
        return OCT_OK;
    }
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end || errno || number < low || number > high) {
        oct_fail(err, OCT_E_INVALID, "'--%s %s' makes no sense", name, text);
        return oct_hint(err, "give a whole number from %ld to %ld", low, high);
    }
    *out = number;
    return OCT_OK;
}
