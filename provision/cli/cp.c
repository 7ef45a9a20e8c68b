#include <stdlib.h>
#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/core/copy.h"

/* One end of a copy: "dev-3:data/x" is on a node, ":data/x" on the head, "./a:b" here. */
struct place {
    char node[80]; /* "" for here */
    const char *path;
};

static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0;
}

/* As scp does it: a colon before any slash ends a node's name. */
static oct_err read_place(const char *text, struct place *out, oct_error *err)
{
    size_t length = strcspn(text, ":/");
    *out = (struct place){.path = text};
    if (text[length] != ':')
        return OCT_OK;
    if (length >= sizeof(out->node))
        return oct_fail(err, OCT_E_INVALID, "'%.*s' names no node", (int)length, text);
    snprintf(out->node, sizeof(out->node), "%.*s", (int)length, text);
    if (length == 0)
        strcpy(out->node, "head");
    out->path = text[length + 1] ? text + length + 1 : ".";
    return OCT_OK;
}

static oct_err copy_one(const cli_session *session, const struct place *from, const struct place *to,
                        const octi_exec *exec, oct_error *err)
{
    const octi_node *node;
    oct_err code = cli_session_node(session, from->node[0] ? from->node : to->node, &node, err);
    if (code != OCT_OK)
        return code;
    char remote[4200];
    const char *path = from->node[0] ? from->path : to->path;
    bool absolute = path[0] == '/';
    int length = snprintf(remote, sizeof(remote), "%s%s%s", absolute ? "" : session->cluster.home,
                          absolute ? "" : "/", path);
    if ((size_t)length >= sizeof(remote))
        return oct_fail(err, OCT_E_INVALID, "the path '%.60s...' is too long", path);
    return from->node[0] ? octi_copy_get(&session->provider, node, remote, to->path, exec, err)
                         : octi_copy_put(&session->provider, node, from->path, remote, exec, err);
}

static oct_err check_places(const struct place *from, const struct place *to, oct_error *err)
{
    if (!from->node[0] == !to->node[0]) {
        oct_fail(err, OCT_E_INVALID, "'%s' and '%s' are both %s", from->path, to->path,
                 to->node[0] ? "on nodes" : "on this machine");
        return oct_hint(err, "put the node's name and a colon before one of them, as in head:data");
    }
    return OCT_OK;
}

static oct_err copy_all(cli_context *cli, int argc, char **argv, oct_error *err)
{
    cli_session session = {0};
    struct place to, from;
    octi_exec exec = OCTI_EXEC_INIT;
    exec.interrupted = interrupted;
    exec.timeout = cli_given(cli, "timeout") ? cli->spec.timeout : 0;
    oct_err code = read_place(argv[argc - 1], &to, err);
    for (int i = 0; i < argc - 1 && code == OCT_OK; i++) {
        code = read_place(argv[i], &from, err);
        if (code == OCT_OK)
            code = check_places(&from, &to, err);
        if (code == OCT_OK)
            cli_session_name_from_node(cli, from.node[0] ? from.node : to.node);
    }
    if (code == OCT_OK)
        code = cli_session_find(cli, &session, err);
    cli_interrupt_count(true);
    for (int i = 0; i < argc - 1 && code == OCT_OK; i++) {
        code = read_place(argv[i], &from, err);
        if (code == OCT_OK)
            code = copy_one(&session, &from, &to, &exec, err);
    }
    cli_interrupt_count(false);
    cli_session_close(&session);
    return code;
}

static int cp(cli_context *cli, int argc, char **argv)
{
    if (argc < 2)
        return cli_usage(cli, "'cp' needs a source and a destination");
    oct_error err = OCT_ERROR_INIT;
    if (copy_all(cli, argc, argv, &err) != OCT_OK)
        return cli_fail(cli, &err, NULL);
    return CLI_EXIT_OK;
}

const cli_command cli_command_cp = {
    .name = "cp",
    .operands = "SOURCE... DESTINATION",
    .summary = "copy files and folders to and from nodes",
    .about = "Copies files or whole folders between this machine and a node. One side is a node's name, a "
             "colon and a "
             "path there; relative paths start at " OCTI_HOME
             ", which all nodes share (on a Slurm site, at your home).",
    .examples =
        {
            {"octavo cp data head:", "a folder into the shared home"},
            {"octavo cp head:data/stocks/hdf5 .", "results back"},
            {"octavo cp notes.txt 3:/tmp/", "to one node's own disk"},
        },
    .takes_files = true,
    .run = cp,
};
