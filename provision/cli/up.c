#include <stdio.h>
#include <string.h>

#include "provision/cli/bring.h"
#include "provision/cli/commands.h"
#include "provision/cli/report.h"

static void print_result(const cli_context *cli, const octi_cluster *cluster, const cli_bring_report *report)
{
    if (!cli->json) {
        cli_say(cli, "%s is up: %zu nodes in %.1f s", cluster->name, cluster->node_count, report->total);
        return;
    }
    json_t *nodes = json_array();
    for (size_t i = 0; i < cluster->node_count; i++) {
        const octi_node *node = &cluster->nodes[i];
        json_array_append_new(nodes, json_pack("{s:s, s:s, s:s}", "name", node->name, "address",
                                               node->address, "state", octi_node_state_name(node->state)));
    }
    const octi_join_times *join = &report->join;
    json_t *seconds =
        json_pack("{s:f, s:f, s:f, s:f, s:f}", "created", report->created, "configured", join->configured,
                  "joined", join->joined, "checked", join->checked, "total", report->total);
    cli_print_json(json_pack("{s:s, s:s, s:s, s:o, s:o}", "cluster", cluster->name, "provider",
                             cluster->provider, "image", cluster->image, "nodes", nodes, "seconds", seconds));
}

static int say_plan(const cli_context *cli)
{
    const octi_spec *spec = &cli->spec;
    if (cli->json)
        cli_print_json(json_pack("{s:b, s:s, s:s, s:i, s:s}", "dry_run", 1, "cluster", spec->name, "provider",
                                 spec->provider, "count", (int)spec->nodes, "image", spec->image));
    else
        cli_say(cli, "would make '%s' on %s: %u nodes, %s-0 (the head) to %s-%u, from image '%s'", spec->name,
                spec->provider, spec->nodes, spec->name, spec->name, spec->nodes - 1, spec->image);
    return CLI_EXIT_OK;
}

/* Where the provider can say exactly what it would ask for, that is the plan. */
static int print_plan(const cli_context *cli)
{
    cli_session session = {0};
    octi_buffer text = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(cli, &session, &err);
    bool said = code == OCT_OK && session.provider.ops->plan && !cli->json;
    if (said)
        code = session.provider.ops->plan(session.provider.self, &cli->spec, &text, &err);
    if (said && code == OCT_OK)
        fputs(text.data, stdout);
    octi_buffer_deinit(&text);
    cli_session_close(&session);
    if (code != OCT_OK)
        return cli_fail(cli, &err, NULL);
    return said ? CLI_EXIT_OK : say_plan(cli);
}

static int up(cli_context *cli, int argc, char **argv)
{
    oct_error problem = OCT_ERROR_INIT;
    if (cli_take_name(cli, argc, argv, &problem) != OCT_OK)
        return cli_fail(cli, &problem, NULL);
    if (cli->dry_run)
        return strcmp(cli->spec.provider, "docker") == 0 ? say_plan(cli) : print_plan(cli);

    cli_session session = {0};
    cli_bring_report report = {0};
    octi_buffer evidence = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK)
        code = cli_bring_up(cli, &session, &report, &evidence, &err);

    int status = CLI_EXIT_OK;
    if (code == OCT_OK)
        print_result(cli, &session.cluster, &report);
    else
        status = cli_fail(cli, &err, evidence.data);
    octi_buffer_deinit(&evidence);
    cli_session_close(&session);
    return status;
}

const cli_command cli_command_up = {
    .name = "up",
    .operands = "[NAME]",
    .summary = "start a cluster, or complete one",
    .about = "Starts a cluster and returns when it can work: all nodes have joined Slurm, and an MPI program "
             "has crossed "
             "them. What is there already is kept, so the same command resumes after an interruption.",
    .examples =
        {
            {"octavo up", "eight nodes, called octavo"},
            {"octavo up dev -n 4", "four nodes, called dev"},
            {"octavo up --file dev.json --json", "as the spec says; the result as JSON, with timings"},
        },
    .run = up,
};
