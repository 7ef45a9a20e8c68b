#include <stdlib.h>
#include <string.h>

#include "provision/core/evidence.h"
#include "provision/core/json.h"
#include "provision/docker/create.h"
#include "provision/docker/destroy.h"
#include "provision/docker/docker.h"
#include "provision/docker/engine.h"
#include "provision/docker/events.h"
#include "provision/docker/exec.h"
#include "provision/docker/found.h"
#include "provision/docker/resize.h"

static oct_err docker_open(void **self, const octi_spec *spec, oct_error *err)
{
    (void)spec; /* DOCKER_HOST tells where the engine is */
    octi_docker *docker;
    oct_err code = octi_docker_open(&docker, err);
    if (code == OCT_OK)
        *self = docker;
    return code;
}

static void docker_close(void *self)
{
    octi_docker_close(self);
}

static oct_err docker_engine(void *self, octi_engine_info *out, oct_error *err)
{
    octi_docker *docker = self;
    json_t *reply;
    oct_err code = octi_docker_call(docker, "GET", octi_docker_path(docker, "/info"), NULL, &reply, err);
    if (code != OCT_OK)
        return code;
    const json_t *option;
    size_t i;
    *out = docker->info;
    json_array_foreach(octi_json_find(reply, "SecurityOptions"), i, option)
    {
        const char *text = json_string_value(option);
        if (text && strstr(text, "name=rootless"))
            out->rootless = true;
    }
    json_decref(reply);
    return OCT_OK;
}

/* The three lists that tell all, for one cluster or (name NULL) for every one. */
static oct_err fetch_lists(octi_docker *docker, const char *name, json_t *replies[3], oct_error *err)
{
    char *paths[] = {octi_docker_list_path(docker, "containers/json?all=1&", name),
                     octi_docker_list_path(docker, "networks?", name),
                     octi_docker_list_path(docker, "volumes?", name)};
    return octi_docker_get_all(docker, 3, paths, replies, err);
}

static void release_lists(json_t *replies[3])
{
    for (int i = 0; i < 3; i++)
        json_decref(replies[i]);
}

/* Adds the cluster that each element belongs to. */
static bool add_names(json_t *set, const json_t *list)
{
    const json_t *element;
    size_t i;
    json_array_foreach(list, i, element)
    {
        const char *name = octi_json_string_or(octi_json_find(element, "Labels"), OCTI_LABEL_CLUSTER, "");
        if (*name && json_object_set_new(set, name, json_true()) != 0)
            return false;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The set's keys as a sorted array of copies; NULL when out of memory. */
static char **copy_names(json_t *set)
{
    char **names = calloc(json_object_size(set) + 1, sizeof(*names));
    size_t used = 0;
    const char *key;
    json_t *value;
    if (!names)
        return NULL;
    json_object_foreach(set, key, value)
    {
        names[used] = strdup(key);
        if (!names[used]) {
            while (used > 0)
                free(names[--used]);
            free(names);
            return NULL;
        }
        used++;
    }
    qsort(names, used, sizeof(*names), by_name);
    return names;
}

static oct_err docker_list(void *self, char ***names, size_t *count, oct_error *err)
{
    json_t *replies[3];
    oct_err code = fetch_lists(self, NULL, replies, err);
    if (code != OCT_OK)
        return code;
    json_t *set = json_object();
    bool good = set && add_names(set, replies[0]) && add_names(set, replies[1]) &&
                add_names(set, octi_json_find(replies[2], "Volumes"));
    char **found = good ? copy_names(set) : NULL;
    if (found) {
        *names = found;
        *count = json_object_size(set);
    }
    json_decref(set);
    release_lists(replies);
    return found ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

/* Says for each node that has ended why, in its own words. */
static void explain_ends(octi_docker *docker, octi_cluster *cluster)
{
    for (size_t i = 0; i < cluster->node_count; i++) {
        octi_node *node = &cluster->nodes[i];
        char why[sizeof(node->reason)];
        int status;
        if ((node->state == OCTI_NODE_STOPPED || node->state == OCTI_NODE_CREATED) &&
            octi_docker_end_reason(docker, node->engine_id, why, sizeof(why), &status, NULL) == OCT_OK &&
            *why) {
            memcpy(node->reason, why, sizeof(why));
            node->exit_status = status;
        }
    }
}

static oct_err docker_inspect(void *self, const char *name, octi_cluster *out, oct_error *err)
{
    json_t *replies[3];
    oct_err code = fetch_lists(self, name, replies, err);
    if (code != OCT_OK)
        return code;
    code = octi_docker_cluster_read(name, replies[0], replies[1], replies[2], out, err);
    release_lists(replies);
    if (code != OCT_OK)
        return code;
    explain_ends(self, out);
    const octi_docker *docker = self;
    out->near = strncmp(docker->info.endpoint, "unix:", 5) == 0;
    return OCT_OK;
}

static oct_err append_line(void *ctx, int stream, const void *bytes, size_t size)
{
    (void)stream;
    return octi_buffer_append(ctx, bytes, size);
}

static oct_err node_events(void *self, const octi_node *node, octi_buffer *text, oct_error *err)
{
    return octi_docker_events(self, node->engine_id, text, err);
}

static oct_err docker_logs(void *self, const octi_node *node, int tail, bool follow, const octi_exec *sink,
                           oct_error *err)
{
    return octi_docker_logs(self, node, tail, follow, sink, err);
}

/* The engine knows nothing of one that was never made. */
static oct_err node_evidence(octi_docker *docker, const octi_node *node, octi_buffer *text)
{
    static const octi_evidence_source made = {node_events, docker_logs}, absent = {NULL, NULL};
    return octi_evidence_append(docker, *node->engine_id ? &made : &absent, node, text);
}

static oct_err docker_evidence(void *self, const char *name, octi_buffer *text, oct_error *err)
{
    octi_cluster cluster;
    oct_err code = docker_inspect(self, name, &cluster, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; code == OCT_OK && i < cluster.node_count; i++)
        if (cluster.nodes[i].state != OCTI_NODE_STARTING)
            code = node_evidence(self, &cluster.nodes[i], text);
    octi_cluster_deinit(&cluster);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory");
}

static const char *how_it_is(const octi_node *node)
{
    if (node->state == OCTI_NODE_STARTING)
        return "it is cut off from the network";
    return *node->reason ? node->reason : octi_node_state_name(node->state);
}

/* After create: every node must still run. */
static oct_err check_running(octi_docker *docker, const octi_cluster *cluster, oct_error *err)
{
    for (size_t i = 0; i < cluster->node_count && i < cluster->wanted; i++) {
        const octi_node *node = &cluster->nodes[i];
        if (node->state == OCTI_NODE_STARTING && *node->address)
            continue;
        octi_buffer log = {0};
        octi_exec sink = OCTI_EXEC_INIT;
        sink.output = append_line;
        sink.ctx = &log;
        char last[120] = "";
        if (*node->engine_id && octi_docker_logs(docker, node, 1, false, &sink, NULL) == OCT_OK &&
            log.size > 0)
            octi_text_clean(log.data, last, sizeof(last));
        octi_buffer_deinit(&log);
        oct_fail(err, OCT_E_LOST, "node %u of '%s' did not keep running: %s%s%s", node->index, cluster->name,
                 how_it_is(node), *last ? "; its last line: " : "", last);
        oct_hint(err, "see 'octavo logs %s'", node->name);
        return OCT_E_LOST;
    }
    return OCT_OK;
}

static oct_err docker_create(void *self, const octi_spec *spec, const octi_observer *observer,
                             octi_cluster *out, oct_error *err)
{
    octi_cluster cluster;
    oct_err code = octi_docker_create(self, spec, observer, err);
    if (code == OCT_OK)
        code = docker_inspect(self, spec->name, &cluster, err);
    if (code != OCT_OK)
        return code;
    code = check_running(self, &cluster, err);
    if (code == OCT_OK)
        *out = cluster;
    else
        octi_cluster_deinit(&cluster);
    return code;
}

static oct_err docker_destroy(void *self, const char *name, const octi_observer *observer, size_t *removed,
                              oct_error *err)
{
    return octi_docker_destroy(self, name, observer, removed, err);
}

static oct_err docker_discard(void *self, const octi_node *node, oct_error *err)
{
    return *node->engine_id ? octi_docker_discard(self, node->engine_id, err) : OCT_OK;
}

static oct_err docker_resize(void *self, const octi_cluster *cluster, unsigned nodes,
                             const octi_observer *observer, oct_error *err)
{
    return octi_docker_resize(self, cluster, nodes, observer, err);
}

static oct_err docker_exec(void *self, const octi_node *node, const octi_exec *exec, int *exit_status,
                           oct_error *err)
{
    return octi_docker_exec(self, node, exec, exit_status, err);
}

const octi_provider_ops octi_docker_ops = {
    .name = "docker",
    .summary = "containers of a Docker or Podman engine",
    .max_nodes = OCTI_DOCKER_NODES_MAX,
    .takes_image = true,
    .open = docker_open,
    .close = docker_close,
    .engine = docker_engine,
    .list = docker_list,
    .create = docker_create,
    .inspect = docker_inspect,
    .destroy = docker_destroy,
    .discard = docker_discard,
    .resize = docker_resize,
    .exec = docker_exec,
    .logs = docker_logs,
    .evidence = docker_evidence,
};
