#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/kubernetes/explain.h"
#include "provision/kubernetes/found.h"

long octi_kube_pod_index(const char *cluster, const char *name)
{
    size_t length = strlen(cluster);
    if (strncmp(name, cluster, length) != 0 || name[length] != '-' || !name[length + 1] ||
        name[length + 1 + strspn(name + length + 1, "0123456789")] || strlen(name + length + 1) > 5)
        return -1;
    return strtol(name + length + 1, NULL, 10);
}

/* The uid, and how often the container was restarted: one that is made again has the same name, and
 * nothing that it had in memory before. */
static void name_life(const json_t *pod, char out[128])
{
    const json_t *container = json_array_get(octi_json_find(pod, "status/containerStatuses"), 0);
    long long restarts = (long long)octi_json_integer_or(container, "restartCount", 0);
    char uid[100];
    octi_text_clean(octi_json_string_or(pod, "metadata/uid", ""), uid, sizeof(uid));
    if (*uid && restarts > 0)
        snprintf(out, 128, "%s/%lld", uid, restarts);
    else
        snprintf(out, 128, "%s", uid);
}

int octi_kube_node_uid(const octi_node *node)
{
    return (int)strcspn(node->engine_id, "/");
}

void octi_kube_node_read(const json_t *pod, octi_node *node)
{
    octi_kube_trouble trouble;
    const char *phase = octi_json_string_or(pod, "status/phase", "");
    const json_t *container = json_array_get(octi_json_find(pod, "status/containerStatuses"), 0);
    bool leaving = octi_json_find(pod, "metadata/deletionTimestamp") != NULL;
    octi_kube_pod_trouble(pod, &trouble);
    name_life(pod, node->engine_id);
    octi_text_clean(octi_json_string_or(pod, "status/podIP", ""), node->address, sizeof(node->address));
    snprintf(node->reason, sizeof(node->reason), "%s", leaving ? "being removed" : trouble.what);
    node->exit_status = trouble.exit_status;
    if (leaving || strcmp(phase, "Failed") == 0 || strcmp(phase, "Succeeded") == 0)
        node->state = OCTI_NODE_STOPPED;
    else if (octi_json_find(container, "state/running") && *node->address)
        node->state = OCTI_NODE_STARTING;
    else if (octi_json_find(container, "state/terminated") || trouble.code == OCT_E_LOST)
        node->state = OCTI_NODE_STOPPED;
    else
        node->state = trouble.final ? OCTI_NODE_FAILED : OCTI_NODE_CREATED;
    if (node->state == OCTI_NODE_STARTING)
        node->reason[0] = '\0';
    else if (!*node->reason)
        octi_text_clean(*phase ? phase : "no phase", node->reason, sizeof(node->reason));
}

oct_err octi_kube_spec_read(const json_t *set, octi_spec *spec, oct_error *err)
{
    const char *name = octi_json_string_or(set, "metadata/name", "");
    const json_t *labels = octi_json_find(set, "metadata/labels");
    const char *text =
        json_string_value(json_object_get(octi_json_find(set, "metadata/annotations"), "octavo.spec"));
    if (!text || strcmp(octi_json_string_or(labels, "octavo.cluster", ""), name) != 0) {
        oct_fail(err, OCT_E_EXISTS, "the StatefulSet '%.60s' exists and is not octavo's", name);
        oct_hint(err, "choose another name for the cluster, or another namespace");
        return OCT_E_EXISTS;
    }
    octi_spec_init(spec);
    oct_err code = octi_spec_recall(text, "its annotation", spec, err);
    if (code == OCT_OK)
        code = octi_spec_check(spec, err);
    if (code == OCT_OK && strcmp(spec->name, name) == 0)
        return OCT_OK;
    if (code == OCT_OK)
        oct_fail(err, OCT_E_PROTOCOL, "its annotation is another cluster's");
    oct_prefix(err, "cluster '%.60s'", name);
    return OCT_E_PROTOCOL;
}

oct_err octi_kube_cluster_read(const json_t *set, const json_t *pods, octi_cluster *out, oct_error *err)
{
    octi_cluster found = {.provider = "kubernetes", .home = OCTI_HOME};
    oct_err code = octi_kube_spec_read(set, &found.spec, err);
    if (code != OCT_OK)
        return code;
    found.wanted = found.spec.nodes;
    found.own_homes = !*found.spec.storage_class;
    memcpy(found.name, found.spec.name, sizeof(found.name));
    memcpy(found.image, found.spec.image, sizeof(found.image));
    octi_text_clean(octi_json_string_or(set, "metadata/creationTimestamp", ""), found.created,
                    sizeof(found.created));
    found.node_count = found.wanted;
    found.nodes = calloc(found.node_count, sizeof(*found.nodes));
    if (!found.nodes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    for (size_t i = 0; i < found.node_count; i++) {
        found.nodes[i] =
            (octi_node){.index = (unsigned)i, .state = OCTI_NODE_ABSENT, .reason = "not made yet"};
        snprintf(found.nodes[i].name, sizeof(found.nodes[i].name), "%s-%zu", found.name, i);
    }
    const json_t *pod;
    size_t i;
    json_array_foreach(octi_json_find(pods, "items"), i, pod)
    {
        long index = octi_kube_pod_index(found.name, octi_json_string_or(pod, "metadata/name", ""));
        if (index >= 0 && (size_t)index < found.node_count)
            octi_kube_node_read(pod, &found.nodes[index]);
    }
    *out = found;
    return OCT_OK;
}
