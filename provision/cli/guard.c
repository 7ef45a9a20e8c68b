#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/cli/guard.h"
#include "provision/core/json.h"
#include "provision/probe/probe.h"
#include "runtime/base/clock.h"

#define MS ((int64_t)1000000)

static const int64_t look_ns = 300 * MS;
static const int64_t silence_ns = 2500 * MS;
static const int64_t step_end_ns = 3000 * MS; /* Slurm ends a step within 0.3 s of the news */

enum { PULSE_MS = 200, UNHEARD_MAX = 3, SLURM_SECONDS = 5, ENDING_LOOKS = 15, ENDING_PAUSE_MS = 200 };

void cli_guard_init(cli_guard *guard, const cli_session *session, unsigned ranks)
{
    *guard = (cli_guard){.session = session, .ranks = ranks};
    /* A step that has just begun is left alone. */
    guard->next_look_ns = octi_clock_ns() + look_ns;
}

octi_provider *cli_guard_control(cli_guard *guard)
{
    const octi_provider *first = &guard->session->provider;
    if (guard->control.self)
        return &guard->control;
    guard->control.ops = first->ops;
    if (first->ops->open(&guard->control.self, &guard->session->cluster.spec, NULL) == OCT_OK)
        return &guard->control;
    guard->control.self = NULL;
    return NULL;
}

void cli_guard_deinit(cli_guard *guard)
{
    if (guard->control.self)
        guard->control.ops->close(guard->control.self);
    guard->control.self = NULL;
}

static bool runs(const octi_node *node)
{
    return node->state == OCTI_NODE_STARTING || node->state == OCTI_NODE_READY;
}

static void set_loss(cli_guard *guard, const octi_node *node, const char *cause)
{
    cli_loss *loss = &guard->loss;
    if (*loss->node)
        return;
    snprintf(loss->node, sizeof(loss->node), "%s", node->name);
    snprintf(loss->cause, sizeof(loss->cause), "%s", cause);
    loss->head = node->index == 0 && !guard->session->cluster.head_apart;
    guard->lost_ns = octi_clock_ns();
}

/* What the engine knows of a node that was well when the step began; NULL: it still is. */
static const char *cause_of(const octi_node *was, const octi_node *now)
{
    if (!now || now->state == OCTI_NODE_ABSENT)
        return "it is gone from the engine";
    if (!runs(now))
        return now->reason[0] ? now->reason : octi_node_state_name(now->state);
    if (!now->address[0])
        return "it is cut off from the network";
    if (strcmp(was->engine_id, now->engine_id) != 0 || strcmp(was->address, now->address) != 0)
        return "it was restarted";
    return NULL;
}

/* Nodes beyond the cluster's size have left it: a step that needed them is ended by who took them,
 * and one that goes on has not. */
static void ask_engine(cli_guard *guard, octi_provider *control, bool over)
{
    const octi_cluster *cluster = &guard->session->cluster;
    octi_cluster seen = {0};
    oct_err code = control->ops->inspect(control->self, cluster->name, &seen, NULL);
    if (code != OCT_OK && code != OCT_E_NOTFOUND)
        return; /* an engine that is busy or restarts has lost nothing */
    for (size_t i = 0; i < cluster->node_count; i++) {
        const octi_node *node = &cluster->nodes[i];
        bool left = code == OCT_OK && i >= seen.wanted;
        if (!runs(node) || (left && !over))
            continue;
        const char *cause =
            left ? "it has left the cluster" : cause_of(node, i < seen.node_count ? &seen.nodes[i] : NULL);
        if (cause && !*guard->loss.node)
            guard->loss.left = left;
        if (cause)
            set_loss(guard, node, cause);
    }
    octi_cluster_deinit(&seen);
}

static oct_err keep(void *ctx, int stream, const void *bytes, size_t size)
{
    return stream == 1 ? octi_buffer_append(ctx, bytes, size) : OCT_OK;
}

/* One command on the head. */
static oct_err ask_head(const cli_guard *guard, octi_provider *control, const char *const *argv,
                        const char *input, double timeout, octi_buffer *answer, int *status)
{
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input = input;
    exec.input_size = input ? strlen(input) : 0;
    exec.output = keep;
    exec.ctx = answer;
    exec.timeout = timeout;
    return control->ops->exec(control->self, &guard->session->cluster.nodes[0], &exec, status, NULL);
}

/* The engine says that a node runs whose processes are all stopped. The head's address answers
 * on an engine of this machine; where it never has, nothing follows from its silence. */
static void ask_pulse(cli_guard *guard, int64_t now)
{
    const octi_node *head = &guard->session->cluster.nodes[0];
    if (guard->unheard >= UNHEARD_MAX)
        return;
    if (octi_probe_alive(head->address, OCTI_PROBE_PORT, PULSE_MS)) {
        guard->heard_ns = octi_clock_ns();
        guard->unheard = 0;
    } else if (!guard->heard_ns) {
        guard->unheard++;
    } else if (now - guard->heard_ns > silence_ns) {
        set_loss(guard, head, "it is frozen: its PID 1 does not answer");
    }
}

static void tell_slurm(cli_guard *guard, octi_provider *control)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    json_t *request =
        json_pack("{s:s, s:s, s:s}", "op", "down", "node", guard->loss.node, "reason", guard->loss.cause);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    octi_buffer answer = {0};
    int status;
    /* Where this fails, the step's end is waited for no longer than step_end_ns. */
    oct_err ignored =
        text ? ask_head(guard, control, argv, text, SLURM_SECONDS, &answer, &status) : OCT_E_NOMEM;
    (void)ignored;
    octi_buffer_deinit(&answer);
    free(text);
    json_decref(request);
}

bool cli_guard_look(cli_guard *guard)
{
    int64_t now = octi_clock_ns();
    if (guard->session->cluster.watched) /* by somebody who is not ours to ask so often */
        return false;
    if (guard->lost_ns) /* a step on fewer nodes may not have had the lost one */
        return guard->loss.head ||
               (guard->ranks >= guard->session->cluster.node_count && now - guard->lost_ns > step_end_ns);
    if (now < guard->next_look_ns)
        return false;
    octi_provider *control = cli_guard_control(guard);
    if (!control)
        return false;
    ask_engine(guard, control, false);
    if (!guard->lost_ns)
        ask_pulse(guard, now);
    guard->next_look_ns = octi_clock_ns() + look_ns;
    if (guard->lost_ns && !guard->loss.head)
        tell_slurm(guard, control);
    return guard->lost_ns && guard->loss.head;
}

/* One of the session's nodes that works, as far as is known; NULL: it is none of our business. */
static const octi_node *working(const cli_guard *guard, const char *name)
{
    const octi_cluster *cluster = &guard->session->cluster;
    for (size_t i = 0; name && i < cluster->node_count; i++)
        if (strcmp(cluster->nodes[i].name, name) == 0)
            return runs(&cluster->nodes[i]) ? &cluster->nodes[i] : NULL;
    return NULL;
}

/* A node that the head found silent or full. Slurm was told, but takes it back as soon as its
 * controller reaches it. */
static void ask_pid1(cli_guard *guard, octi_provider *control)
{
    static const char *const argv[] = {"octavo-node", "health", NULL};
    octi_buffer answer = {0};
    int status;
    if (ask_head(guard, control, argv, NULL, SLURM_SECONDS, &answer, &status) == OCT_OK && answer.data) {
        json_t *health = json_loadb(answer.data, answer.size, 0, NULL), *entry;
        size_t index;
        json_array_foreach(json_object_get(health, "lost"), index, entry)
        {
            const octi_node *node = working(guard, json_string_value(json_object_get(entry, "node")));
            const char *reason = json_string_value(json_object_get(entry, "reason"));
            if (node)
                set_loss(guard, node, reason ? reason : "the head has lost it");
        }
        json_decref(health);
    }
    octi_buffer_deinit(&answer);
}

/* A node that Slurm itself, or somebody else, took for lost. */
static void ask_slurm(cli_guard *guard, octi_provider *control)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    octi_buffer answer = {0};
    int status;
    if (ask_head(guard, control, argv, "{\"op\":\"nodes\"}\n", SLURM_SECONDS, &answer, &status) == OCT_OK &&
        answer.data) {
        const octi_cluster *cluster = &guard->session->cluster;
        json_t *reply = json_loadb(answer.data, answer.size, 0, NULL);
        json_t *by_name = octi_json_index(json_object_get(reply, "nodes"), "name");
        for (size_t i = 0; i < cluster->node_count; i++) {
            const octi_node *node = &cluster->nodes[i];
            const json_t *entry = json_object_get(by_name, node->name);
            const char *state = json_string_value(json_object_get(entry, "state"));
            const char *reason = json_string_value(json_object_get(entry, "reason"));
            if (runs(node) && state && strncmp(state, "down", 4) == 0)
                set_loss(guard, node, reason ? reason : "Slurm has lost it");
        }
        json_decref(by_name);
        json_decref(reply);
    }
    octi_buffer_deinit(&answer);
}

/* Nodes that are somebody's to give: one of them is lost, or all have been taken back. */
static void ask_owner(cli_guard *guard, octi_provider *control)
{
    const octi_cluster *cluster = &guard->session->cluster;
    octi_cluster seen = {0};
    ask_slurm(guard, control);
    if (guard->lost_ns)
        return;
    if (control->ops->inspect(control->self, cluster->name, &seen, NULL) == OCT_E_NOTFOUND) {
        guard->loss = (cli_loss){.cause = "it is over", .all = true};
        snprintf(guard->loss.node, sizeof(guard->loss.node), "%s", cluster->name);
        guard->lost_ns = octi_clock_ns();
    }
    octi_cluster_deinit(&seen);
}

void cli_guard_judge(cli_guard *guard, bool killed)
{
    octi_provider *control = guard->lost_ns ? NULL : cli_guard_control(guard);
    if (!control)
        return;
    if (guard->session->cluster.watched) {
        ask_owner(guard, control);
        return;
    }
    for (int looks = killed ? ENDING_LOOKS : 1; looks > 0 && !guard->lost_ns; looks--) {
        ask_engine(guard, control, true);
        if (looks > 1 && !guard->lost_ns)
            poll(NULL, 0, ENDING_PAUSE_MS);
    }
    if (!guard->lost_ns)
        ask_slurm(guard, control);
    if (!guard->lost_ns)
        ask_pid1(guard, control);
}
