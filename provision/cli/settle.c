#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/cli/cli.h"
#include "provision/core/spec.h"
#include "runtime/base/size.h"

static oct_err copy_text(const cli_context *cli, const char *option, char *field, size_t size, oct_error *err)
{
    const char *value = cli_value(cli, option);
    if (!value)
        return OCT_OK;
    if (strlen(value) >= size)
        return oct_fail(err, OCT_E_INVALID, "'--%s %.40s...' is too long", option, value);
    memcpy(field, value, strlen(value) + 1);
    return OCT_OK;
}

static oct_err read_nodes(const cli_context *cli, octi_spec *spec, oct_error *err)
{
    long nodes;
    oct_err code = cli_number(cli, "nodes", 1, OCTI_NODES_MAX, spec->nodes, &nodes, err);
    if (code == OCT_OK)
        spec->nodes = (unsigned)nodes;
    return code;
}

static oct_err read_positive(const cli_context *cli, const char *option, const char *hint, double *out,
                             oct_error *err)
{
    const char *text = cli_value(cli, option);
    if (!text)
        return OCT_OK;
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value <= 0) {
        oct_fail(err, OCT_E_INVALID, "'--%s %s' makes no sense", option, text);
        return oct_hint(err, "%s", hint);
    }
    *out = value;
    return OCT_OK;
}

static oct_err read_memory(const cli_context *cli, octi_spec *spec, oct_error *err)
{
    const char *text = cli_value(cli, "memory");
    oct_err code = text ? octi_size_parse(text, &spec->memory, err) : OCT_OK;
    if (code != OCT_OK)
        oct_prefix(err, "'--memory'");
    return code;
}

static oct_err read_progress(cli_context *cli, oct_error *err)
{
    const char *name = cli_value(cli, "progress");
    if (name && !cli_progress_mode_parse(name, &cli->progress)) {
        oct_fail(err, OCT_E_INVALID, "'--progress %s' makes no sense", name);
        return oct_hint(err, "use auto, tty, plain, quiet or json");
    }
    return OCT_OK;
}

oct_err cli_apply_options(const cli_context *cli, octi_spec *spec, oct_error *err)
{
    oct_err code = copy_text(cli, "name", spec->name, sizeof(spec->name), err);
    if (code == OCT_OK)
        code = copy_text(cli, "on", spec->provider, sizeof(spec->provider), err);
    if (code == OCT_OK)
        code = copy_text(cli, "image", spec->image, sizeof(spec->image), err);
    if (code == OCT_OK)
        code = copy_text(cli, "context", spec->context, sizeof(spec->context), err);
    if (code == OCT_OK)
        code = copy_text(cli, "namespace", spec->namespace, sizeof(spec->namespace), err);
    if (code == OCT_OK)
        code = copy_text(cli, "partition", spec->partition, sizeof(spec->partition), err);
    if (code == OCT_OK)
        code = copy_text(cli, "account", spec->account, sizeof(spec->account), err);
    if (code == OCT_OK)
        code = copy_text(cli, "qos", spec->qos, sizeof(spec->qos), err);
    if (code == OCT_OK)
        code = copy_text(cli, "constraint", spec->constraint, sizeof(spec->constraint), err);
    if (code == OCT_OK && cli_given(cli, "time"))
        code = octi_spec_minutes(cli_value(cli, "time"), &spec->time, err);
    if (code == OCT_OK)
        code = copy_text(cli, "subnet", spec->subnet, sizeof(spec->subnet), err);
    if (code == OCT_OK)
        code = read_positive(cli, "cpus", "give a number of CPUs, such as 2 or 0.5", &spec->cpus, err);
    if (code == OCT_OK)
        code = read_memory(cli, spec, err);
    if (code == OCT_OK)
        code = read_nodes(cli, spec, err);
    if (code == OCT_OK)
        code = read_positive(cli, "timeout", "give seconds, such as 90 or 2.5", &spec->timeout, err);
    return code;
}

oct_err cli_settle(cli_context *cli, oct_error *err)
{
    octi_spec *spec = &cli->spec;
    cli->quiet = cli_given(cli, "quiet");
    cli->yes = cli_given(cli, "yes");
    cli->dry_run = cli_given(cli, "dry-run");

    octi_spec_init(spec);
    oct_err code = OCT_OK;
    if (cli_given(cli, "file"))
        code = octi_spec_read(cli_value(cli, "file"), spec, err);
    if (code == OCT_OK)
        code = cli_apply_options(cli, spec, err);
    if (code == OCT_OK)
        code = read_progress(cli, err);
    return code == OCT_OK ? octi_spec_check(spec, err) : code;
}

oct_err cli_take_name(cli_context *cli, int argc, char **argv, oct_error *err)
{
    if (argc == 0)
        return OCT_OK;
    if (argc > 1)
        return oct_fail(err, OCT_E_INVALID, "'%s' takes one cluster, not '%s' too", cli->command->name,
                        argv[1]);
    if (cli_given(cli, "name") && strcmp(argv[0], cli->spec.name) != 0)
        return oct_fail(err, OCT_E_INVALID, "'%s' and '--name %s' name two clusters", argv[0],
                        cli->spec.name);
    octi_spec named = cli->spec;
    snprintf(named.name, sizeof(named.name), "%s", argv[0]);
    oct_err code = strlen(argv[0]) < sizeof(named.name)
                       ? octi_spec_check(&named, err)
                       : oct_fail(err, OCT_E_INVALID, "the name '%.50s...' is too long", argv[0]);
    if (code == OCT_OK)
        cli->spec = named;
    return code;
}
