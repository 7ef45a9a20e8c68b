#include <string.h>

#include "provision/cli/bring.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/make_image.h"
#include "provision/cli/report.h"
#include "runtime/base/clock.h"

enum { EVIDENCE_NODES = 3, EVIDENCE_LINES = 8 };

static double seconds_since(int64_t start_ns)
{
    return (double)(octi_clock_ns() - start_ns) / 1e9;
}

static void show_step(void *ctx, const octi_node *node, const char *step)
{
    cli_progress *progress = ctx;
    if (!node)
        cli_progress_phase(progress, "%s", step);
    else if (node->state == OCTI_NODE_READY)
        cli_progress_node(progress, node->name, CLI_DONE, step);
    else if (node->state == OCTI_NODE_FAILED)
        cli_progress_node(progress, node->name, CLI_FAILED, step);
    else
        cli_progress_node(progress, node->name, CLI_WORKING, step);
}

/* --- evidence --- */

struct evidence {
    octi_buffer *out;
    const char *node;
    bool at_line_start;
};

static oct_err add_evidence(void *ctx, int stream, const void *bytes, size_t size)
{
    (void)stream;
    struct evidence *evidence = ctx;
    const char *text = bytes;
    for (size_t i = 0; i < size; i++) {
        if (evidence->at_line_start && octi_buffer_printf(evidence->out, "%s: ", evidence->node) != OCT_OK)
            return OCT_E_NOMEM;
        if (octi_buffer_append(evidence->out, &text[i], 1) != OCT_OK)
            return OCT_E_NOMEM;
        evidence->at_line_start = text[i] == '\n';
    }
    return OCT_OK;
}

/* What the engine knows of nodes that ended; where all run, the last log lines of the first
 * few that failed. */
static void gather_evidence(const cli_session *session, octi_buffer *out)
{
    const octi_provider *provider = &session->provider;
    size_t told = 0;
    if (provider->ops->evidence(provider->self, session->cluster.name, out, NULL) == OCT_OK && out->size > 0)
        return;
    for (size_t i = 0; i < session->cluster.node_count && told < EVIDENCE_NODES; i++) {
        const octi_node *node = &session->cluster.nodes[i];
        if (node->state != OCTI_NODE_FAILED && node->state != OCTI_NODE_STOPPED)
            continue;
        struct evidence evidence = {out, node->name, true};
        octi_exec sink = OCTI_EXEC_INIT;
        sink.output = add_evidence;
        sink.ctx = &evidence;
        sink.timeout = 5;
        oct_err code = provider->ops->logs(provider->self, node, EVIDENCE_LINES, false, &sink, NULL);
        if (code == OCT_OK && !evidence.at_line_start)
            code = octi_buffer_append(out, "\n", 1);
        told += code == OCT_OK;
    }
}

/* --- up --- */

/* What was not asked for is what is there already: `up` completes a cluster of four nodes
 * without being told that it has four. */
static oct_err adopt(const cli_context *cli, cli_session *session, octi_spec *spec, oct_error *err)
{
    octi_cluster *found = &session->cluster;
    /* (With both of these said there is nothing to ask the engine, and the first word is sooner.) */
    if (cli_given(cli, "file") || (cli_given(cli, "nodes") && cli_given(cli, "image")))
        return OCT_OK;
    if (found->node_count == 0 &&
        session->provider.ops->inspect(session->provider.self, spec->name, found, NULL) != OCT_OK)
        return OCT_OK;
    double timeout = spec->timeout;
    *spec = found->spec;
    spec->timeout = timeout;
    return cli_apply_options(cli, spec, err);
}

static bool any_made(const octi_cluster *cluster)
{
    for (size_t i = 0; i < cluster->node_count; i++)
        if (*cluster->nodes[i].engine_id)
            return true;
    return false;
}

static oct_err create(cli_session *session, const octi_spec *spec, const octi_observer *observer,
                      oct_error *err)
{
    octi_cluster made = {0};
    const octi_provider *provider = &session->provider;
    bool fresh = session->cluster.node_count == 0;
    oct_err code = provider->ops->create(provider->self, spec, observer, &made, err);
    octi_cluster_deinit(&session->cluster);
    session->cluster = made;
    if (code == OCT_OK || made.node_count > 0)
        return code;

    /* What was made before it failed still tells what happened; where that is no node at all
     * there is nothing to look at, and nothing to go on from. */
    if (provider->ops->inspect(provider->self, spec->name, &made, NULL) != OCT_OK)
        return code;
    size_t removed;
    if (fresh && code != OCT_E_CANCELLED && !any_made(&made) &&
        provider->ops->destroy(provider->self, spec->name, NULL, &removed, NULL) == OCT_OK) {
        octi_cluster_deinit(&made);
        return code;
    }
    session->cluster = made;
    return code;
}

static oct_err bring(const cli_context *cli, cli_session *session, bool make, unsigned known,
                     cli_bring_report *report, octi_buffer *evidence, oct_error *err)
{
    int64_t start_ns = octi_clock_ns();
    cli_progress_mode mode = cli->quiet ? CLI_PROGRESS_QUIET : cli->progress;
    cli_progress *progress = cli_progress_create(mode, stderr, cli->spec.name);
    octi_observer observer = {.step = show_step, .ctx = progress};
    cli_interrupt_message("interrupted: 'octavo up' goes on from here, 'octavo down' removes what was made");

    oct_err code = OCT_OK;
    if (make) {
        octi_spec spec = cli->spec;
        code = adopt(cli, session, &spec, err);
        if (code == OCT_OK) {
            bool made = session->provider.ops->takes_image;
            if (known > 0)
                cli_progress_phase(progress, "making it %u node%s", spec.nodes, spec.nodes == 1 ? "" : "s");
            else
                cli_progress_phase(progress, made ? "creating %u nodes from %s" : "asking for %u nodes",
                                   spec.nodes, spec.image);
            code = create(session, &spec, &observer, err);
        }
    }
    report->created = seconds_since(start_ns);
    if (code == OCT_OK)
        code = octi_join(&session->provider, &session->cluster, known, cli->spec.timeout - report->created,
                         &observer, &report->join, err);
    report->total = seconds_since(start_ns);
    if (code != OCT_OK) {
        cli_progress_freeze(progress);
        gather_evidence(session, evidence);
    }
    cli_progress_destroy(progress);
    cli_interrupt_message(NULL);
    return code;
}

/* Before the first node of a cluster is made: makes the image that the repository stands
 * for, unless it is there. */
static oct_err ensure_image(const cli_context *cli, cli_session *session, octi_buffer *evidence,
                            oct_error *err)
{
    const octi_provider *provider = &session->provider;
    octi_cluster there = {0};
    if (session->cluster.node_count > 0 || !provider->ops->takes_image)
        return OCT_OK;
    oct_err found = provider->ops->inspect(provider->self, cli->spec.name, &there, NULL);
    bool made = found == OCT_OK && there.node_count > 0;
    octi_cluster_deinit(&there);
    cli_image_state state = made ? CLI_IMAGE_NOT_OURS : cli_image_check(cli, provider);
    if (state != CLI_IMAGE_MISSING && state != CLI_IMAGE_STALE)
        return OCT_OK;
    cli_say(cli,
            state == CLI_IMAGE_MISSING ? "image '%s' is not on this engine: building it"
                                       : "image '%s' is of other sources than these: building it again",
            cli->spec.image);
    return cli_make_image(cli, provider, cli->spec.image, false, evidence, err);
}

oct_err cli_bring_up(const cli_context *cli, cli_session *session, cli_bring_report *report,
                     octi_buffer *evidence, oct_error *err)
{
    oct_err code = ensure_image(cli, session, evidence, err);
    return code == OCT_OK ? bring(cli, session, true, 0, report, evidence, err) : code;
}

oct_err cli_bring_resized(const cli_context *cli, cli_session *session, unsigned known,
                          cli_bring_report *report, octi_buffer *evidence, oct_error *err)
{
    return bring(cli, session, true, known, report, evidence, err);
}

oct_err cli_bring_join(const cli_context *cli, cli_session *session, octi_buffer *evidence, oct_error *err)
{
    cli_bring_report report = {0};
    return bring(cli, session, false, 0, &report, evidence, err);
}
