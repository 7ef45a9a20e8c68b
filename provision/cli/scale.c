#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provision/cli/bring.h"
#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/core/lines.h"
#include "runtime/base/clock.h"

enum { EXEC_SECONDS = 10 };

/* A change of size on its way: nodes leave from the last one on, and new ones come behind it. */
struct scaling {
    cli_context *cli;
    cli_session session;
    unsigned from, to;
    size_t there;   /* nodes, with those that an earlier change should have removed */
    json_t *names;  /* of those that leave */
    double drained; /* seconds that took */
    cli_bring_report report;
    octi_buffer evidence;

    cli_progress *progress; /* while nodes drain */
    octi_lines answers;
    oct_error told; /* what octavo-slurm could not do */
};

static oct_err read_size(const char *text, unsigned *out, oct_error *err)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end || errno || number < 1 || number > OCTI_NODES_MAX) {
        oct_fail(err, OCT_E_INVALID, "'scale %s' makes no sense", text);
        return oct_hint(err, "give the number of nodes, from 1 to %d", OCTI_NODES_MAX);
    }
    *out = (unsigned)number;
    return OCT_OK;
}

static oct_err check_size(const struct scaling *scaling, oct_error *err)
{
    const octi_provider_ops *ops = scaling->session.provider.ops;
    if (!ops->resize) {
        oct_fail(err, OCT_E_UNSUPPORTED, "'%s' on %s cannot be scaled: an allocation keeps its size",
                 scaling->session.cluster.name, ops->name);
        return oct_hint(err, "start another beside it: octavo up --on %s --name NAME -n %u", ops->name,
                        scaling->to);
    }
    if (scaling->to > ops->max_nodes) {
        oct_fail(err, OCT_E_EXHAUSTED, "%s cannot hold %u nodes in one cluster", ops->name, scaling->to);
        return oct_hint(err, "ask for at most %u", ops->max_nodes);
    }
    return OCT_OK;
}

static oct_err find(struct scaling *scaling, oct_error *err)
{
    oct_err code = cli_session_find(scaling->cli, &scaling->session, err);
    if (code == OCT_OK)
        code = check_size(scaling, err);
    if (code != OCT_OK)
        return code;
    const octi_cluster *cluster = &scaling->session.cluster;
    scaling->from = cluster->wanted;
    scaling->there = cluster->node_count;
    for (size_t i = scaling->to; i < cluster->node_count; i++)
        if (json_array_append_new(scaling->names, json_string(cluster->nodes[i].name)) != 0)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
    return OCT_OK;
}

/* --- telling Slurm --- */

/* Asks the head's octavo-slurm for something whose failure shows in what follows. */
static void ask_slurm(const struct scaling *scaling, json_t *request)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    int status;
    oct_err ignored = text ? cli_session_ask(&scaling->session, argv, text, strlen(text), EXEC_SECONDS, NULL,
                                             NULL, &status, NULL)
                           : OCT_E_NOMEM;
    (void)ignored;
    free(text);
    json_decref(request);
}

/* Ends the steps that the nodes had which have been taken; nobody else tells Slurm of them. */
static void tell_taken(const struct scaling *scaling)
{
    octi_buffer names = {0};
    size_t i;
    const json_t *name;
    json_array_foreach(scaling->names, i, name)
    {
        if (octi_buffer_printf(&names, "%s%s", i ? "," : "", json_string_value(name)) != OCT_OK)
            break;
    }
    if (names.size > 0)
        ask_slurm(scaling, json_pack("{s:s, s:s, s:s}", "op", "down", "node", names.data, "reason",
                                     "taken by 'octavo scale'"));
    octi_buffer_deinit(&names);
}

static oct_err hear_line(void *ctx, const char *line, size_t length)
{
    struct scaling *scaling = ctx;
    json_t *answer = json_loadb(line, length, 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    const char *what = json_string_value(json_object_get(error, "what"));
    const char *node = json_string_value(json_object_get(answer, "node"));
    if (error)
        oct_fail(&scaling->told, OCT_E_STATE, "%s", what ? what : "octavo-slurm failed");
    else if (node)
        cli_progress_node(scaling->progress, node, CLI_DONE, "drained");
    json_decref(answer);
    return OCT_OK;
}

static oct_err hear(void *ctx, int stream, const void *bytes, size_t size)
{
    struct scaling *scaling = ctx;
    return stream == 1 ? octi_lines_feed(&scaling->answers, bytes, size) : OCT_OK;
}

static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0;
}

/* --- draining --- */

static oct_err ask_to_drain(struct scaling *scaling, oct_error *err)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    json_t *request = json_pack("{s:s, s:O}", "op", "drain", "nodes", scaling->names);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!text)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    const cli_session *session = &scaling->session;
    octi_exec exec = OCTI_EXEC_INIT;
    int status = 0;
    exec.argv = argv;
    exec.input = text;
    exec.input_size = strlen(text);
    exec.output = hear;
    exec.interrupted = interrupted;
    exec.ctx = scaling;
    exec.timeout = cli_given(scaling->cli, "timeout") ? scaling->cli->spec.timeout : 0;
    scaling->answers = (octi_lines){.line = hear_line, .ctx = scaling};
    oct_err code =
        session->provider.ops->exec(session->provider.self, &session->cluster.nodes[0], &exec, &status, err);
    if (octi_lines_finish(&scaling->answers) != OCT_OK && code == OCT_OK)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    free(text);
    if (code != OCT_OK || status == 0)
        return code;
    const oct_error *told = &scaling->told;
    return oct_fail(err, OCT_E_STATE, "the nodes of '%s' cannot be drained: %s", session->cluster.name,
                    told->code != OCT_OK ? told->what : "octavo-slurm does not know how");
}

/* Where that ends early the nodes go back to work, so that nothing has changed. */
static oct_err drain(struct scaling *scaling, oct_error *err)
{
    const cli_context *cli = scaling->cli;
    size_t i;
    const json_t *name;
    int64_t start_ns = octi_clock_ns();
    scaling->progress =
        cli_progress_create(cli->quiet ? CLI_PROGRESS_QUIET : cli->progress, stderr, cli->spec.name);
    cli_progress_phase(scaling->progress, "waiting for what runs on %zu node%s",
                       json_array_size(scaling->names), json_array_size(scaling->names) == 1 ? "" : "s");
    json_array_foreach(scaling->names, i, name)
    {
        cli_progress_node(scaling->progress, json_string_value(name), CLI_WORKING, "draining");
    }
    cli_interrupt_count(true);
    oct_err code = ask_to_drain(scaling, err);
    if (code != OCT_OK)
        ask_slurm(scaling, json_pack("{s:s}", "op", "resume"));
    cli_interrupt_count(false);
    cli_progress_destroy(scaling->progress);
    scaling->drained = (double)(octi_clock_ns() - start_ns) / 1e9;
    if (code == OCT_E_CANCELLED)
        oct_fail(err, code, "interrupted: all nodes are back at work");
    if (code == OCT_E_TIMEOUT)
        oct_fail(err, code, "something still ran after %g s: all nodes are back at work", cli->spec.timeout);
    return code == OCT_E_TIMEOUT ? oct_hint(err, "see what with 'octavo status'; --now does not wait") : code;
}

/* --- the change --- */

static oct_err resize(struct scaling *scaling, oct_error *err)
{
    cli_session *session = &scaling->session;
    const octi_provider *provider = &session->provider;
    bool shrinks = json_array_size(scaling->names) > 0;
    oct_err code = provider->ops->resize(provider->self, &session->cluster, scaling->to, NULL, err);
    if (code != OCT_OK)
        return code;
    if (shrinks && cli_given(scaling->cli, "now"))
        tell_taken(scaling);

    octi_cluster found = {0};
    code = provider->ops->inspect(provider->self, session->cluster.name, &found, err);
    if (code != OCT_OK)
        return code;
    octi_cluster_deinit(&session->cluster);
    session->cluster = found;
    unsigned known = scaling->from < scaling->to ? scaling->from : scaling->to;
    return cli_bring_resized(scaling->cli, session, known, &scaling->report, &scaling->evidence, err);
}

static oct_err scale_cluster(struct scaling *scaling, oct_error *err)
{
    const cli_context *cli = scaling->cli;
    char parting[160];
    oct_err code = find(scaling, err);
    if (code != OCT_OK || cli->dry_run)
        return code;
    if (json_array_size(scaling->names) > 0 && !cli_given(cli, "now"))
        code = drain(scaling, err);
    if (code != OCT_OK)
        return code;
    snprintf(parting, sizeof(parting), "interrupted: 'octavo scale %u %s' goes on from here", scaling->to,
             cli->spec.name);
    cli_interrupt_message(parting);
    code = resize(scaling, err);
    cli_interrupt_message(NULL);
    return code;
}

/* --- what is told --- */

/* "dev-8 to dev-11" */
static void name_range(const struct scaling *scaling, unsigned first, size_t end, char out[160])
{
    const char *name = scaling->cli->spec.name;
    if (end - first == 1)
        snprintf(out, 160, "%s-%u", name, first);
    else
        snprintf(out, 160, "%s-%u to %s-%zu", name, first, name, end - 1);
}

static void say_result(const struct scaling *scaling)
{
    const cli_context *cli = scaling->cli;
    char range[160];
    if (scaling->to > scaling->from) {
        name_range(scaling, scaling->from, scaling->to, range);
        cli_say(cli, cli->dry_run ? "would add %s" : "%s joined", range);
    }
    if (scaling->there > scaling->to) {
        name_range(scaling, scaling->to, scaling->there, range);
        cli_say(cli,
                !cli->dry_run           ? "%s left"
                : cli_given(cli, "now") ? "would take %s at once"
                                        : "would drain and remove %s",
                range);
    }
    if (!cli->dry_run)
        cli_say(cli, "%s has %u node%s: that took %.1f s", cli->spec.name, scaling->to,
                scaling->to == 1 ? "" : "s", scaling->drained + scaling->report.total);
}

static void print_result(const struct scaling *scaling)
{
    json_t *added = json_array();
    for (unsigned i = scaling->from; i < scaling->to; i++)
        json_array_append_new(added, json_sprintf("%s-%u", scaling->cli->spec.name, i));
    cli_print_json(json_pack("{s:s, s:b, s:i, s:i, s:o, s:O, s:{s:f, s:f}}", "cluster",
                             scaling->cli->spec.name, "dry_run", (int)scaling->cli->dry_run, "from",
                             (int)scaling->from, "count", (int)scaling->to, "added", added, "removed",
                             scaling->names, "seconds", "drained", scaling->drained, "total",
                             scaling->drained + scaling->report.total));
}

static int scale(cli_context *cli, int argc, char **argv)
{
    struct scaling scaling = {.cli = cli, .names = json_array(), .told = OCT_ERROR_INIT};
    oct_error err = OCT_ERROR_INIT;
    if (argc == 0)
        return cli_usage(cli, "'scale' needs the number of nodes");
    oct_err code = read_size(argv[0], &scaling.to, &err);
    if (code == OCT_OK)
        code = cli_take_name(cli, argc - 1, argv + 1, &err);
    if (code == OCT_OK)
        code = scale_cluster(&scaling, &err);
    int status = CLI_EXIT_OK;
    if (code != OCT_OK)
        status = cli_fail(cli, &err, scaling.evidence.data);
    else if (cli->json)
        print_result(&scaling);
    else
        say_result(&scaling);
    json_decref(scaling.names);
    octi_buffer_deinit(&scaling.evidence);
    cli_session_close(&scaling.session);
    return status;
}

static const cli_option options[] = {
    {"now", 0, NULL, "take nodes that leave at once, whatever runs on them"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_scale = {
    .name = "scale",
    .operands = "N [NAME]",
    .summary = "give a cluster more nodes, or fewer",
    .about =
        "Changes how many nodes a cluster has while it works. New nodes join Slurm behind the last one, and "
        "queued jobs start on them. The last nodes leave: they get no more work, and go when what runs on "
        "them has ended. With --now they go at once: 'run' goes on with the others from its journal. Ctrl-C "
        "while nodes drain leaves the cluster as it was; later the same command goes on.",
    .examples =
        {
            {"octavo scale 12", "twelve nodes instead of eight"},
            {"octavo scale 4 dev --now", "four of the cluster called dev, without waiting"},
            {"octavo scale 4 --dry-run", "say which nodes would leave"},
        },
    .options = options,
    .run = scale,
};
