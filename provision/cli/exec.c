#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/fanout.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/cli/stream.h"
#include "provision/cli/term.h"

static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0;
}

/* The command's own status, or that of the error. */
static int end(const cli_context *cli, oct_err code, int status, const oct_error *err)
{
    return code == OCT_OK ? status : cli_fail(cli, err, NULL);
}

static int exec_one(const cli_context *cli, const cli_session *session, char **argv)
{
    const char *where = cli_value(cli, "node");
    const octi_node *node;
    oct_error err = OCT_ERROR_INIT;
    if (cli_session_node(session, where ? where : "head", &node, &err) != OCT_OK)
        return cli_fail(cli, &err, NULL);

    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = (const char *const *)argv;
    exec.workdir = session->cluster.home;
    exec.input_fd = cli_term_may_read(STDIN_FILENO) ? STDIN_FILENO : -1;
    exec.output = cli_stream_output;
    exec.interrupted = interrupted;
    exec.timeout = cli_given(cli, "timeout") ? cli->spec.timeout : 0;
    int status = 0;
    cli_interrupt_count(true);
    oct_err code = session->provider.ops->exec(session->provider.self, node, &exec, &status, &err);
    cli_interrupt_count(false);
    return end(cli, code, status, &err);
}

struct wanted {
    const char *const *argv;
    const char *workdir;
};

/* The same on one of all nodes. */
static oct_err exec_node(void *ctx, const octi_provider *provider, const octi_node *node,
                         const octi_exec *sink, int *status, oct_error *err)
{
    octi_exec exec = *sink;
    const struct wanted *wanted = ctx;
    exec.argv = wanted->argv;
    exec.workdir = wanted->workdir;
    return provider->ops->exec(provider->self, node, &exec, status, err);
}

static int exec_all(const cli_context *cli, const cli_session *session, char **argv)
{
    const octi_cluster *cluster = &session->cluster;
    const octi_node **nodes = calloc(cluster->node_count, sizeof(*nodes));
    oct_error err = OCT_ERROR_INIT;
    if (!nodes) {
        oct_fail(&err, OCT_E_NOMEM, "out of memory");
        return cli_fail(cli, &err, NULL);
    }
    for (size_t i = 0; i < cluster->node_count; i++)
        nodes[i] = &cluster->nodes[i];
    int worst = 0;
    struct wanted wanted = {.argv = (const char *const *)argv, .workdir = cluster->home};
    oct_err code = cli_fanout(session, nodes, cluster->node_count, exec_node, &wanted, &worst, &err);
    free(nodes);
    return end(cli, code, worst, &err);
}

static int exec_command(cli_context *cli, int argc, char **argv)
{
    if (argc == 0)
        return cli_usage(cli, "'exec' needs a command");
    if (cli_given(cli, "all") && cli_given(cli, "node"))
        return cli_usage(cli, "--all and --node exclude each other");
    if (cli_given(cli, "node"))
        cli_session_name_from_node(cli, cli_value(cli, "node"));
    cli_session session = {0};
    oct_error err = OCT_ERROR_INIT;
    int status;
    if (cli_session_find(cli, &session, &err) != OCT_OK)
        status = cli_fail(cli, &err, NULL);
    else if (cli_given(cli, "all"))
        status = exec_all(cli, &session, argv);
    else
        status = exec_one(cli, &session, argv);
    cli_session_close(&session);
    return status;
}

static const cli_option options[] = {
    {"node", 'N', "NODE", "an index, a name or head [head]"},
    {"all", 'a', NULL, "on every node; each line is led by its node's name"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_exec = {
    .name = "exec",
    .operands = "COMMAND [args...]",
    .summary = "run a command on one node or on all",
    .about = "Runs a command on a node, outside Slurm, with our standard input, output and exit status. With "
             "--all it runs "
             "on every node at once, without input, and the highest exit status counts.",
    .examples =
        {
            {"octavo exec sinfo", "ask the head's Slurm"},
            {"octavo exec --node 3 ps aux", "on the node octavo-3"},
            {"octavo exec --all -- free -m", "on every node"},
        },
    .options = options,
    .takes_program = true,
    .run = exec_command,
};
