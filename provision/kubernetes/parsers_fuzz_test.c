/* All parsers of what a kubeconfig or an API server says, on the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/websocket.h"
#include "provision/core/yaml.h"
#include "provision/kubernetes/access.h"
#include "provision/kubernetes/exec.h"
#include "provision/kubernetes/explain.h"
#include "provision/kubernetes/found.h"
#include "provision/kubernetes/plugin.h"
#include "provision/kubernetes/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static oct_err collect(void *ctx, octi_websocket_kind kind, const void *bytes, size_t size)
{
    (void)kind;
    return octi_buffer_append(ctx, bytes, size);
}

/* The messages do not depend on how the stream was cut. */
static void fuzz_websocket(const uint8_t *data, size_t size)
{
    octi_websocket whole = {0}, split = {0};
    octi_buffer one = {0}, two = {0};
    oct_err code = octi_websocket_feed(&whole, data, size, collect, &one, NULL), other = OCT_OK;
    for (size_t i = 0; i < size && other == OCT_OK; i++)
        other = octi_websocket_feed(&split, data + i, 1, collect, &two, NULL);
    if (code != other || one.size != two.size || (one.size && memcmp(one.data, two.data, one.size) != 0))
        abort();
    octi_websocket_deinit(&whole);
    octi_websocket_deinit(&split);
    octi_buffer_deinit(&one);
    octi_buffer_deinit(&two);
}

/* What was read is written so that it reads the same. */
static void fuzz_yaml(const char *text, size_t size)
{
    json_t *documents, *again;
    if (octi_yaml_parse(text, size, "fuzz", true, &documents, NULL) != OCT_OK)
        return;
    octi_buffer out = {0};
    const json_t *first = json_array_get(documents, 0);
    if (first && octi_yaml_format(first, &out) == OCT_OK) {
        if (octi_yaml_parse(out.data, out.size, "again", true, &again, NULL) != OCT_OK ||
            !json_equal(first, json_array_get(again, 0)))
            abort();
        json_decref(again);
    }
    octi_buffer_deinit(&out);
    json_decref(documents);
}

static void fuzz_config(const char *text, size_t size)
{
    json_t *merged = NULL;
    octi_kube_access access = {0};
    if (octi_kube_config_merge(&merged, text, size, "/none", "fuzz", NULL) == OCT_OK &&
        octi_kube_config_resolve(merged, NULL, &access, NULL) == OCT_OK &&
        strncmp(access.server, "http", 4) != 0)
        abort();
    octi_kube_access_deinit(&access);
    json_decref(merged);
}

static void fuzz_objects(const char *text, size_t size)
{
    json_t *root = json_loadb(text, size, 0, NULL);
    octi_kube_trouble trouble;
    octi_node node = {0};
    octi_cluster cluster;
    octi_kube_pod_trouble(root, &trouble);
    octi_kube_node_read(root, &node);
    if (octi_kube_cluster_read(root, root, &cluster, NULL) == OCT_OK) {
        if (cluster.node_count != cluster.wanted)
            abort();
        octi_cluster_deinit(&cluster);
    }
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    int status;
    octi_kube_access access = {0};
    json_t *pods = json_pack("{s:{}, s:[]}", "metadata", "items");
    fuzz_websocket(data, size);
    fuzz_yaml(text, size);
    fuzz_config(text, size);
    fuzz_objects(text, size);
    if (octi_kube_explain(403, text, size, NULL) == OCT_OK)
        abort();
    if (octi_kube_exit_read(text, size, &status, NULL) == OCT_OK && (status < 0 || status > 255))
        abort();
    if (octi_kube_watch_apply(pods, text, size, NULL) == OCT_OK &&
        !json_is_array(json_object_get(pods, "items")))
        abort();
    if (octi_kube_plugin_take(text, size, &access, NULL) == OCT_OK && !access.authorization &&
        !access.cert_text)
        abort();
    octi_kube_access_deinit(&access);
    json_decref(pods);
    return 0;
}
