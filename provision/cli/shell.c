#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/cli/stream.h"
#include "provision/cli/term.h"

/* Ctrl-C is a key of the remote terminal here; a signal is SIGTERM or SIGHUP. */
static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0;
}

static bool resized(void *ctx, unsigned short *rows, unsigned short *columns)
{
    (void)ctx;
    if (!cli_interrupt_resized())
        return false;
    cli_term_size(STDIN_FILENO, rows, columns);
    return true;
}

static oct_err open_shell(const cli_session *session, const octi_node *node, int *status, oct_error *err)
{
    char term[80];
    const char *name = getenv("TERM");
    snprintf(term, sizeof(term), "TERM=%s", name && *name ? name : "dumb");
    const char *const argv[] = {"env", term, "bash", "-l", NULL};

    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.workdir = session->cluster.home;
    exec.tty = true;
    exec.input_fd = STDIN_FILENO;
    exec.output = cli_stream_output;
    exec.interrupted = interrupted;
    exec.resized = resized;
    cli_term_size(STDIN_FILENO, &exec.rows, &exec.columns);
    oct_err code = cli_term_raw(STDIN_FILENO, err);
    if (code != OCT_OK)
        return code;
    cli_interrupt_count(true);
    code = session->provider.ops->exec(session->provider.self, node, &exec, status, err);
    cli_interrupt_count(false);
    cli_term_restore();
    return code;
}

static int shell(cli_context *cli, int argc, char **argv)
{
    if (argc > 1)
        return cli_usage(cli, "'shell' takes one node; 'octavo exec' runs commands");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return cli_usage(cli, "'shell' needs a terminal; 'octavo exec' runs commands without one");
    if (argc == 1)
        cli_session_name_from_node(cli, argv[0]);
    cli_session session = {0};
    const octi_node *node;
    int status = 0;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_find(cli, &session, &err);
    if (code == OCT_OK)
        code = cli_session_node(&session, argc > 0 ? argv[0] : "head", &node, &err);
    if (code == OCT_OK)
        code = open_shell(&session, node, &status, &err);
    cli_session_close(&session);
    return code == OCT_OK ? status : cli_fail(cli, &err, NULL);
}

const cli_command cli_command_shell = {
    .name = "shell",
    .operands = "[NODE]",
    .summary = "open a terminal on a node",
    .about = "Opens a login shell on a node, the head if none is named. Its exit status is ours.",
    .examples =
        {
            {"octavo shell", "on the head, where sinfo, srun and octcc are"},
            {"octavo shell 3", "on the node octavo-3"},
            {"octavo shell dev-1", "on a node of the cluster dev"},
        },
    .run = shell,
};
