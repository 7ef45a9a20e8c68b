#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/heal.h"
#include "provision/cli/report.h"

bool cli_node_works(const octi_node *node)
{
    return (node->state == OCTI_NODE_STARTING || node->state == OCTI_NODE_READY) && node->address[0];
}

static bool is_cut_off(const octi_node *node)
{
    return node->state == OCTI_NODE_STARTING && !node->address[0];
}

static const char *reason_of(const octi_node *node)
{
    if (is_cut_off(node))
        return "it is cut off from the network";
    return node->reason[0] ? node->reason : octi_node_state_name(node->state);
}

/* The nodes that do not run, each with what the engine says of it; NULL: out of memory. */
static json_t *list_dead(const octi_cluster *cluster)
{
    json_t *dead = json_array();
    for (size_t i = 0; i < cluster->node_count && i < cluster->wanted; i++) {
        const octi_node *node = &cluster->nodes[i];
        if (!cli_node_works(node) &&
            json_array_append_new(dead, json_pack("{s:s, s:s, s:s}", "name", node->name, "state",
                                                  octi_node_state_name(node->state), "reason",
                                                  reason_of(node))) != 0) {
            json_decref(dead);
            return NULL;
        }
    }
    return dead;
}

static void say_dead(const cli_context *cli, const octi_cluster *cluster, const char *verb)
{
    for (size_t i = 0; i < cluster->node_count && i < cluster->wanted; i++) {
        const octi_node *node = &cluster->nodes[i];
        if (!cli_node_works(node))
            cli_say(cli, "%s %s: %s", verb, node->name, reason_of(node));
    }
}

static void print_result(const cli_context *cli, const octi_cluster *cluster, json_t *dead, double seconds)
{
    size_t count = json_array_size(dead);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:I, s:b, s:O, s:f}", "cluster", cluster->name, "count",
                                 (json_int_t)cluster->wanted, "dry_run", cli->dry_run, "healed", dead,
                                 "seconds", seconds));
    else if (count == 0)
        cli_say(cli, "all %u nodes of '%s' run: there is nothing to heal", cluster->wanted, cluster->name);
    else if (!cli->dry_run)
        cli_say(cli, "%s is whole: %zu of %u nodes healed in %.1f s", cluster->name, count, cluster->wanted,
                seconds);
}

/* What `create` would take for a node that runs. */
static oct_err discard(cli_session *session, const octi_node *also, oct_error *err)
{
    const octi_provider *provider = &session->provider;
    oct_err code = OCT_OK;
    for (size_t i = 0; i < session->cluster.node_count && code == OCT_OK && provider->ops->discard; i++) {
        const octi_node *node = &session->cluster.nodes[i];
        bool is_also =
            also && strcmp(node->name, also->name) == 0 && strcmp(node->engine_id, also->engine_id) == 0;
        if (is_cut_off(node) || is_also)
            code = provider->ops->discard(provider->self, node, err);
    }
    return code;
}

oct_err cli_heal(const cli_context *cli, cli_session *session, const char *also, cli_bring_report *report,
                 octi_buffer *evidence, oct_error *err)
{
    octi_cluster found = {0};
    octi_node lost = {0}; /* an engine may have made it anew by itself, and that one is well */
    const char *name = session->cluster.name;
    for (size_t i = 0; also && i < session->cluster.node_count; i++)
        if (strcmp(session->cluster.nodes[i].name, also) == 0)
            lost = session->cluster.nodes[i];
    oct_err code = session->provider.ops->inspect(session->provider.self, name, &found, err);
    if (code != OCT_OK)
        return code;
    octi_cluster_deinit(&session->cluster);
    session->cluster = found;
    code = discard(session, also ? &lost : NULL, err);
    if (code != OCT_OK)
        return code;
    /* What the options say is how many ranks to run, not how many nodes there should be. */
    cli_context whole = *cli;
    memset(whole.values, 0, sizeof(whole.values));
    whole.spec = session->cluster.spec;
    whole.spec.timeout = cli->spec.timeout;
    whole.quiet = true;
    return cli_bring_up(&whole, session, report, evidence, err);
}

/* Nodes that run are joined again all the same: one may have been restarted by others, or be
 * unknown to a head that was. */
static oct_err heal_cluster(const cli_context *cli, cli_session *session, octi_buffer *evidence,
                            oct_error *err)
{
    oct_err code = cli_session_find(cli, session, err);
    if (code != OCT_OK)
        return code;
    json_t *dead = list_dead(&session->cluster);
    if (!dead)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (!cli->json)
        say_dead(cli, &session->cluster, cli->dry_run ? "would heal" : "healing");
    cli_bring_report report = {0};
    if (!cli->dry_run)
        code = discard(session, NULL, err);
    if (code == OCT_OK && !cli->dry_run)
        code = cli_bring_up(cli, session, &report, evidence, err);
    if (code == OCT_OK)
        print_result(cli, &session->cluster, dead, report.total);
    json_decref(dead);
    return code;
}

static int heal(cli_context *cli, int argc, char **argv)
{
    oct_error err = OCT_ERROR_INIT;
    if (cli_take_name(cli, argc, argv, &err) != OCT_OK)
        return cli_fail(cli, &err, NULL);
    cli_session session = {0};
    octi_buffer evidence = {0};
    int status = CLI_EXIT_OK;
    if (heal_cluster(cli, &session, &evidence, &err) != OCT_OK)
        status = cli_fail(cli, &err, evidence.data);
    octi_buffer_deinit(&evidence);
    cli_session_close(&session);
    return status;
}

const cli_command cli_command_heal = {
    .name = "heal",
    .operands = "[NAME]",
    .summary = "bring a cluster's dead nodes back",
    .about = "Restarts the nodes of a cluster that have ended, makes those anew that are gone or frozen, and "
             "returns when all nodes have joined again. Nodes that run and the home folder are left alone. "
             "Safe to repeat: after an interruption the same command goes on.",
    .examples =
        {
            {"octavo heal", "the cluster called octavo"},
            {"octavo heal dev --dry-run", "say which nodes of another one are dead"},
            {"octavo heal dev --json", "the nodes that were healed, as JSON"},
        },
    .run = heal,
};
