#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provision/cli/providers.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"

oct_err cli_session_open(const cli_context *cli, cli_session *session, oct_error *err)
{
    return cli_provider_open(&cli->spec, &session->provider, err);
}

/* Says which clusters there are, if any, in the hint. */
static void hint_clusters(const cli_session *session, const char *wanted, oct_error *err)
{
    char **names = NULL, list[128] = "";
    size_t count = 0, used = 0;
    if (session->provider.ops->list(session->provider.self, &names, &count, NULL) != OCT_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        int length = snprintf(list + used, sizeof(list) - used, "%s'%s'", i ? ", " : "", names[i]);
        used = used + (size_t)length < sizeof(list) ? used + (size_t)length : sizeof(list) - 1;
        free(names[i]);
    }
    free(names);
    if (count > 0)
        oct_hint(err, "there is %s (choose with --name); 'octavo up --name %s' starts this one", list,
                 wanted);
    else
        oct_hint(err, "'octavo up --name %s' starts it", wanted);
}

void cli_session_warn(const cli_context *cli, const cli_session *session)
{
    if (*session->cluster.warning)
        cli_say(cli, "%s", session->cluster.warning);
}

oct_err cli_session_find(const cli_context *cli, cli_session *session, oct_error *err)
{
    oct_err code = cli_session_open(cli, session, err);
    if (code != OCT_OK)
        return code;
    code = session->provider.ops->inspect(session->provider.self, cli->spec.name, &session->cluster, err);
    if (code == OCT_E_NOTFOUND) {
        oct_fail(err, code, "there is no cluster '%s'", cli->spec.name);
        hint_clusters(session, cli->spec.name, err);
    }
    if (code == OCT_OK)
        cli_session_warn(cli, session);
    return code;
}

void cli_session_close(cli_session *session)
{
    octi_cluster_deinit(&session->cluster);
    session->cluster = (octi_cluster){0};
    cli_provider_close(&session->provider);
}

oct_err cli_session_node(const cli_session *session, const char *text, const octi_node **out, oct_error *err)
{
    const octi_cluster *cluster = &session->cluster;
    char *end;
    errno = 0;
    unsigned long index = strcmp(text, "head") == 0 ? (end = "", 0) : strtoul(text, &end, 10);
    bool is_index = *text && !*end && !errno && text[0] != '-';
    for (size_t i = 0; i < cluster->node_count; i++) {
        const octi_node *node = &cluster->nodes[i];
        if (is_index ? node->index == index : strcmp(node->name, text) == 0) {
            *out = node;
            return OCT_OK;
        }
    }
    oct_fail(err, OCT_E_NOTFOUND, "'%s' has no node '%s'", cluster->name, text);
    return oct_hint(err, "its nodes are %s-0 (the head) to %s-%u; 'octavo status' lists them", cluster->name,
                    cluster->name, cluster->wanted - 1);
}

void cli_session_name_from_node(cli_context *cli, const char *node)
{
    const char *dash = strrchr(node, '-');
    size_t length = dash ? (size_t)(dash - node) : 0;
    if (cli_given(cli, "name") || cli_given(cli, "file") || length == 0 || length >= sizeof(cli->spec.name) ||
        !dash[1] || dash[1 + strspn(dash + 1, "0123456789")])
        return;
    memcpy(cli->spec.name, node, length);
    cli->spec.name[length] = '\0';
}

bool cli_session_complete(const cli_session *session)
{
    const octi_cluster *cluster = &session->cluster;
    size_t running = 0;
    for (size_t i = 0; i < cluster->node_count; i++)
        running +=
            cluster->nodes[i].state == OCTI_NODE_STARTING || cluster->nodes[i].state == OCTI_NODE_READY;
    return running == cluster->wanted;
}

struct answer {
    octi_buffer *out;
    octi_buffer *errors;
};

static oct_err keep(void *ctx, int stream, const void *bytes, size_t size)
{
    struct answer *answer = ctx;
    octi_buffer *to = stream == 1 ? answer->out : answer->errors;
    return to ? octi_buffer_append(to, bytes, size) : OCT_OK;
}

oct_err cli_session_ask(const cli_session *session, const char *const *argv, const void *input,
                        size_t input_size, double timeout, octi_buffer *out, octi_buffer *errors, int *status,
                        oct_error *err)
{
    struct answer answer = {out, errors};
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input = input;
    exec.input_size = input_size;
    exec.output = keep;
    exec.ctx = &answer;
    exec.timeout = timeout;
    if (session->cluster.node_count == 0 || session->cluster.nodes[0].index != 0)
        return oct_fail(err, OCT_E_STATE, "'%s' has no head", session->cluster.name);
    return session->provider.ops->exec(session->provider.self, &session->cluster.nodes[0], &exec, status,
                                       err);
}
