#include <stdlib.h>
#include <string.h>

#include "provision/core/evidence.h"
#include "provision/core/json.h"
#include "provision/core/yaml.h"
#include "provision/kubernetes/client.h"
#include "provision/kubernetes/create.h"
#include "provision/kubernetes/exec.h"
#include "provision/kubernetes/found.h"
#include "provision/kubernetes/kubernetes.h"
#include "provision/kubernetes/manifest.h"

enum { EVIDENCE_EVENTS = 8 };

static oct_err kube_open(void **self, const octi_spec *spec, oct_error *err)
{
    octi_kube *kube;
    oct_err code = octi_kube_open(spec, &kube, err);
    if (code == OCT_OK)
        *self = kube;
    return code;
}

static void kube_close(void *self)
{
    octi_kube_close(self);
}

static oct_err kube_engine(void *self, octi_engine_info *out, oct_error *err)
{
    (void)err;
    *out = ((octi_kube *)self)->info;
    return OCT_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static oct_err kube_list(void *self, char ***names, size_t *count, oct_error *err)
{
    json_t *sets;
    const json_t *set;
    size_t i, used = 0;
    oct_err code = octi_kube_call(
        self, "GET", octi_kube_path(self, "apis/apps/v1", "statefulsets?labelSelector=octavo.cluster"), NULL,
        NULL, &sets, err);
    if (code != OCT_OK)
        return code;
    const json_t *items = octi_json_find(sets, "items");
    char **found = calloc(json_array_size(items) + 1, sizeof(*found));
    bool good = found != NULL;
    json_array_foreach(items, i, set)
    {
        const char *name = octi_json_string_or(set, "metadata/name", "");
        if (good && strcmp(octi_json_string_or(octi_json_find(set, "metadata/labels"), "octavo.cluster", ""),
                           name) == 0)
            good = (found[used++] = strdup(name)) != NULL;
    }
    json_decref(sets);
    if (!good) {
        while (used > 0)
            free(found[--used]);
        free(found);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    qsort(found, used, sizeof(*found), by_name);
    *names = found;
    *count = used;
    return OCT_OK;
}

static oct_err kube_inspect(void *self, const char *name, octi_cluster *out, oct_error *err)
{
    octi_kube *kube = self;
    json_t *set, *pods = NULL;
    oct_err code = octi_kube_call(kube, "GET", octi_kube_path(kube, "apis/apps/v1", "statefulsets/%s", name),
                                  NULL, NULL, &set, err);
    if (code != OCT_OK)
        return code;
    code = octi_kube_call(kube, "GET",
                          octi_kube_path(kube, "api/v1", "pods?labelSelector=octavo.cluster%%3D%s", name),
                          NULL, NULL, &pods, err);
    if (code == OCT_OK)
        code = octi_kube_cluster_read(set, pods, out, err);
    if (code == OCT_OK) { /* who opens another connection for this cluster finds it where we did */
        snprintf(out->spec.context, sizeof(out->spec.context), "%.127s", kube->access.context);
        memcpy(out->spec.namespace, kube->namespace, sizeof(out->spec.namespace));
    }
    json_decref(pods);
    json_decref(set);
    return code;
}

static oct_err kube_create(void *self, const octi_spec *spec, const octi_observer *observer,
                           octi_cluster *out, oct_error *err)
{
    oct_err code = octi_kube_create(self, spec, observer, err);
    return code == OCT_OK ? kube_inspect(self, spec->name, out, err) : code;
}

static oct_err kube_destroy(void *self, const char *name, const octi_observer *observer, size_t *removed,
                            oct_error *err)
{
    return octi_kube_destroy(self, name, observer, removed, err);
}

static oct_err kube_discard(void *self, const octi_node *node, oct_error *err)
{
    return *node->engine_id ? octi_kube_discard(self, node, err) : OCT_OK;
}

static oct_err kube_resize(void *self, const octi_cluster *cluster, unsigned nodes,
                           const octi_observer *observer, oct_error *err)
{
    return octi_kube_resize(self, cluster, nodes, observer, err);
}

static oct_err kube_exec(void *self, const octi_node *node, const octi_exec *exec, int *exit_status,
                         oct_error *err)
{
    return octi_kube_exec(self, node, exec, exit_status, err);
}

static oct_err kube_exec_workers(void *self, const octi_cluster *cluster, const octi_exec *exec,
                                 oct_error *err)
{
    return cluster->own_homes ? octi_kube_exec_workers(self, cluster, exec, err) : OCT_OK;
}

static oct_err kube_plan(void *self, const octi_spec *spec, octi_buffer *text, oct_error *err)
{
    octi_kube *kube = self;
    json_t *objects;
    const json_t *object;
    size_t i;
    oct_err code = octi_kube_manifests(spec, kube->namespace, kube->minor, &objects, err);
    if (code != OCT_OK)
        return code;
    json_array_foreach(objects, i, object)
    {
        if (code == OCT_OK && octi_yaml_format(object, text) != OCT_OK)
            code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    json_decref(objects);
    return code;
}

static oct_err kube_logs(void *self, const octi_node *node, int tail, bool follow, const octi_exec *sink,
                         oct_error *err)
{
    return octi_kube_logs(self, node, tail, follow, sink, err);
}

static oct_err node_events(void *self, const octi_node *node, octi_buffer *text, oct_error *err)
{
    char uid[128];
    snprintf(uid, sizeof(uid), "%.*s", octi_kube_node_uid(node), node->engine_id);
    return octi_kube_events(self, node->name, uid, EVIDENCE_EVENTS, text, err);
}

/* One that has not started has no log. */
static oct_err node_evidence(octi_kube *kube, const octi_node *node, octi_buffer *text)
{
    static const octi_evidence_source ended = {node_events, kube_logs}, other = {node_events, NULL};
    return octi_evidence_append(kube, node->state == OCTI_NODE_STOPPED ? &ended : &other, node, text);
}

static oct_err kube_evidence(void *self, const char *name, octi_buffer *text, oct_error *err)
{
    octi_cluster cluster;
    size_t absent = 0;
    oct_err code = kube_inspect(self, name, &cluster, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; code == OCT_OK && i < cluster.node_count; i++) {
        absent += cluster.nodes[i].state == OCTI_NODE_ABSENT;
        if (cluster.nodes[i].state != OCTI_NODE_STARTING && cluster.nodes[i].state != OCTI_NODE_ABSENT)
            code = node_evidence(self, &cluster.nodes[i], text);
    }
    oct_error ignored;
    if (code == OCT_OK && absent > 0 &&
        octi_kube_events(self, name, "", EVIDENCE_EVENTS, text, &ignored) == OCT_E_NOMEM)
        code = OCT_E_NOMEM;
    octi_cluster_deinit(&cluster);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory");
}

const octi_provider_ops octi_kube_ops = {
    .name = "kubernetes",
    .summary = "pods of a Kubernetes cluster",
    .max_nodes = OCTI_NODES_MAX,
    .takes_image = true,
    .munge_key_file = "/etc/octavo/munge.key",
    .open = kube_open,
    .close = kube_close,
    .engine = kube_engine,
    .list = kube_list,
    .create = kube_create,
    .inspect = kube_inspect,
    .destroy = kube_destroy,
    .discard = kube_discard,
    .resize = kube_resize,
    .exec = kube_exec,
    .exec_workers = kube_exec_workers,
    .plan = kube_plan,
    .logs = kube_logs,
    .evidence = kube_evidence,
};
