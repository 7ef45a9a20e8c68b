#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/core/json.h"
#include "provision/probe/probe.h"

/* A controller that hangs must not hang us. */
enum { SLURM_SECONDS = 2 };

struct slurm {
    json_t *nodes; /* arrays as octavo-slurm gives them, or NULL when it did not answer */
    json_t *jobs;
    json_t *by_name;   /* the nodes */
    char trouble[256]; /* why not */
};

static void read_answer(const octi_buffer *answer, struct slurm *slurm)
{
    json_t *reply = json_loadb(answer->data ? answer->data : "", answer->size, 0, NULL);
    const char *what = json_string_value(json_object_get(json_object_get(reply, "error"), "what"));
    slurm->nodes = json_incref(json_object_get(reply, "nodes"));
    slurm->jobs = json_incref(json_object_get(reply, "jobs"));
    slurm->by_name = octi_json_index(slurm->nodes, "name");
    if (!json_is_array(slurm->nodes) || !json_is_array(slurm->jobs))
        snprintf(slurm->trouble, sizeof(slurm->trouble), "%s",
                 what ? what : "the head's Slurm does not answer");
    json_decref(reply);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* What Slurm says of a node, or NULL. */
static const json_t *slurm_node(const struct slurm *slurm, const char *name)
{
    return json_object_get(slurm->by_name, name);
}

static void forget(struct slurm *slurm)
{
    json_decref(slurm->nodes);
    json_decref(slurm->jobs);
    json_decref(slurm->by_name);
    *slurm = (struct slurm){0};
}

/* The head answers by itself, in a tenth of the time of an exec. True when it did: in another
 * network the address may be that of some other cluster's head. */
static bool ask_head(const octi_cluster *cluster, struct slurm *slurm)
{
    octi_buffer answer = {0};
    if (!cluster->near || cluster->node_count == 0 || cluster->nodes[0].index != 0 ||
        octi_probe_status(cluster->nodes[0].address, OCTI_PROBE_PORT, SLURM_SECONDS * 1000, &answer, NULL) !=
            OCT_OK)
        answer.size = 0;
    *slurm = (struct slurm){0};
    if (answer.size > 0)
        read_answer(&answer, slurm);
    octi_buffer_deinit(&answer);
    bool ours = cluster->node_count > 0 && slurm_node(slurm, cluster->nodes[0].name);
    if (!ours)
        forget(slurm);
    return ours;
}

static void ask_by_exec(const cli_session *session, struct slurm *slurm)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    static const char request[] = "{\"op\":\"status\"}\n";
    octi_buffer answer = {0};
    oct_error err = OCT_ERROR_INIT;
    int status;
    if (cli_session_ask(session, argv, request, sizeof(request) - 1, SLURM_SECONDS, &answer, NULL, &status,
                        &err) == OCT_OK)
        read_answer(&answer, slurm);
    else
        snprintf(slurm->trouble, sizeof(slurm->trouble), "%s", err.what);
    octi_buffer_deinit(&answer);
}

static const char *state_of(const octi_node *node, const json_t *in_slurm)
{
    bool runs = node->state == OCTI_NODE_STARTING || node->state == OCTI_NODE_READY;
    return runs && in_slurm ? text_of(in_slurm, "state") : octi_node_state_name(node->state);
}

static const char *reason_of(const octi_node *node, const json_t *in_slurm)
{
    return node->reason[0] ? node->reason : text_of(in_slurm, "reason");
}

static void print_json(const octi_cluster *cluster, const struct slurm *slurm)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < cluster->node_count; i++) {
        const octi_node *node = &cluster->nodes[i];
        const json_t *in_slurm = slurm_node(slurm, node->name);
        json_array_append_new(
            nodes, json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "index", (int)node->index, "name", node->name,
                             "address", node->address, "engine", octi_node_state_name(node->state), "state",
                             state_of(node, in_slurm), "reason", reason_of(node, in_slurm)));
    }
    cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:O?, s:s?}", "cluster", cluster->name,
                             "provider", cluster->provider, "image", cluster->image, "created",
                             cluster->created, "wanted", (int)cluster->wanted, "nodes", nodes, "jobs",
                             slurm->jobs, "trouble", slurm->trouble[0] ? slurm->trouble : NULL));
}

/* Slurm remembers ended jobs for a while; people want to see those that are not. */
static bool is_active(const json_t *job)
{
    static const char *const ended[] = {"COMPLETED", "FAILED",    "CANCELLED",
                                        "TIMEOUT",   "NODE_FAIL", "OUT_OF_MEMORY"};
    for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++)
        if (strcmp(text_of(job, "state"), ended[i]) == 0)
            return false;
    return true;
}

static void print_jobs(const struct slurm *slurm)
{
    size_t index;
    json_t *job;
    bool headed = false;
    json_array_foreach(slurm->jobs, index, job)
    {
        if (!is_active(job))
            continue;
        if (!headed)
            printf("\n%-8s %-24s %-12s %s\n", "JOB", "NAME", "STATE", "NODES");
        headed = true;
        printf("%-8lld %-24s %-12s %s\n", (long long)json_integer_value(json_object_get(job, "job")),
               text_of(job, "name"), text_of(job, "state"), text_of(job, "nodes"));
    }
}

static void print_table(const octi_cluster *cluster, const struct slurm *slurm)
{
    printf("%s: %zu of %u nodes on %s, image %s, since %s\n\n", cluster->name, cluster->node_count,
           cluster->wanted, cluster->provider, cluster->image, cluster->created);
    printf("%-20s %-16s %-12s %s\n", "NODE", "ADDRESS", "STATE", "REASON");
    for (size_t i = 0; i < cluster->node_count; i++) {
        const octi_node *node = &cluster->nodes[i];
        const json_t *in_slurm = slurm_node(slurm, node->name);
        const char *reason = reason_of(node, in_slurm);
        printf(*reason ? "%-20s %-16s %-12s %s\n" : "%-20s %-16s %s%s\n", node->name, node->address,
               state_of(node, in_slurm), reason);
    }
    print_jobs(slurm);
    fflush(stdout);
}

/* All clusters there are, by name. */
static int list_all(const cli_context *cli)
{
    cli_session session = {0};
    char **names = NULL;
    size_t count = 0;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK)
        code = session.provider.ops->list(session.provider.self, &names, &count, &err);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (cli->json)
            json_array_append_new(array, json_string(names[i]));
        else
            printf("%s\n", names[i]);
        free(names[i]);
    }
    free(names);
    cli_session_close(&session);
    if (code == OCT_OK && cli->json)
        cli_print_json(json_pack("{s:O}", "clusters", array));
    json_decref(array);
    return code == OCT_OK ? CLI_EXIT_OK : cli_fail(cli, &err, NULL);
}

static int status(cli_context *cli, int argc, char **argv)
{
    oct_error problem = OCT_ERROR_INIT;
    if (cli_take_name(cli, argc, argv, &problem) != OCT_OK)
        return cli_fail(cli, &problem, NULL);
    if (cli_given(cli, "all"))
        return list_all(cli);

    cli_session session = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_find(cli, &session, &err);
    if (code != OCT_OK) {
        cli_session_close(&session);
        return cli_fail(cli, &err, NULL);
    }
    struct slurm slurm;
    if (!ask_head(&session.cluster, &slurm))
        ask_by_exec(&session, &slurm);
    if (cli->json)
        print_json(&session.cluster, &slurm);
    else
        print_table(&session.cluster, &slurm);
    if (slurm.trouble[0])
        cli_say(cli, "\nSlurm: %s\n\nhint: 'octavo up %s' makes what is missing and waits until it works",
                slurm.trouble, session.cluster.name);
    forget(&slurm);
    cli_session_close(&session);
    return CLI_EXIT_OK;
}

static const cli_option options[] = {
    {"all", 'a', NULL, "list the names of all clusters"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_status = {
    .name = "status",
    .operands = "[NAME]",
    .summary = "show a cluster's nodes and jobs",
    .about = "Shows the nodes of a cluster, their states as the engine and Slurm see them, and its jobs.",
    .examples =
        {
            {"octavo status", "the cluster called octavo"},
            {"octavo status dev --json", "another one, for a script"},
            {"octavo status --all", "the names of all clusters"},
        },
    .options = options,
    .run = status,
};
