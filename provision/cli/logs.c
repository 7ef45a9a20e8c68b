#include <stdlib.h>

#include "provision/cli/commands.h"
#include "provision/cli/fanout.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"

struct wanted {
    int tail; /* lines; -1: all */
    bool follow;
};

/* A log is what was asked for, whichever stream the daemons wrote it to. */
static oct_err to_standard_output(void *ctx, int stream, const void *bytes, size_t size)
{
    const octi_exec *sink = ctx;
    (void)stream;
    return sink->output(sink->ctx, 1, bytes, size);
}

static bool interrupted(void *ctx)
{
    const octi_exec *sink = ctx;
    return sink->interrupted(sink->ctx);
}

static oct_err log_node(void *ctx, const octi_provider *provider, const octi_node *node,
                        const octi_exec *sink, int *status, oct_error *err)
{
    const struct wanted *wanted = ctx;
    octi_exec merged = *sink;
    merged.output = to_standard_output;
    merged.interrupted = interrupted;
    merged.ctx = (void *)sink;
    *status = 0;
    return provider->ops->logs(provider->self, node, wanted->tail, wanted->follow, &merged, err);
}

/* The nodes named in argv, or all of them. The caller frees the array. */
static oct_err choose(const cli_session *session, int argc, char **argv, const octi_node ***out,
                      size_t *count, oct_error *err)
{
    size_t total = argc > 0 ? (size_t)argc : session->cluster.node_count;
    const octi_node **nodes = calloc(total + 1, sizeof(*nodes));
    if (!nodes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    oct_err code = OCT_OK;
    for (size_t i = 0; i < total && code == OCT_OK; i++) {
        if (argc > 0)
            code = cli_session_node(session, argv[i], &nodes[i], err);
        else
            nodes[i] = &session->cluster.nodes[i];
    }
    if (code != OCT_OK) {
        free(nodes);
        return code;
    }
    *out = nodes;
    *count = total;
    return OCT_OK;
}

static int logs(cli_context *cli, int argc, char **argv)
{
    if (argc > 0)
        cli_session_name_from_node(cli, argv[0]);
    cli_session session = {0};
    struct wanted wanted = {.follow = cli_given(cli, "follow")};
    long tail;
    const octi_node **nodes = NULL;
    size_t count = 0;
    int worst = 0;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_number(cli, "tail", 0, 1000000, -1, &tail, &err);
    wanted.tail = (int)tail;
    if (code == OCT_OK)
        code = cli_session_find(cli, &session, &err);
    if (code == OCT_OK && !session.provider.ops->logs) {
        oct_fail(&err, OCT_E_UNSUPPORTED, "the nodes' daemons are the site's, and so are their logs");
        code = oct_hint(&err, "'octavo exec --all dmesg' or the site's operators tell more");
    }
    if (code == OCT_OK)
        code = choose(&session, argc, argv, &nodes, &count, &err);
    if (code == OCT_OK && wanted.follow && count > CLI_FANOUT_MAX)
        code = oct_fail(&err, OCT_E_INVALID, "can follow %d nodes at once, not %zu: name some",
                        CLI_FANOUT_MAX, count);
    if (code == OCT_OK)
        code = cli_fanout(&session, nodes, count, log_node, &wanted, &worst, &err);
    free(nodes);
    cli_session_close(&session);
    if (code == OCT_E_CANCELLED && wanted.follow)
        return CLI_EXIT_INTERRUPTED; /* how following is meant to end */
    return code == OCT_OK ? CLI_EXIT_OK : cli_fail(cli, &err, NULL);
}

static const cli_option options[] = {
    {"follow", 'f', NULL, "wait for more until interrupted"},
    {"tail", 't', "LINES", "only the last lines of each node"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_logs = {
    .name = "logs",
    .operands = "[NODE...]",
    .summary = "show what the nodes' daemons said",
    .about = "Shows the logs of nodes, all of them if none is named: what octavo-node, munged, slurmd and "
             "slurmctld said.",
    .examples =
        {
            {"octavo logs --tail 20", "the last lines of every node"},
            {"octavo logs dev-0", "all of one node of the cluster dev"},
            {"octavo logs --follow 3 4", "two nodes, as it happens"},
        },
    .options = options,
    .run = logs,
};
