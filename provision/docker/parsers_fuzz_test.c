/* All parsers of what an engine sends, on the same bytes: cheap, and a corpus of one is
 * good for the others too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/docker/demux.h"
#include "provision/docker/endpoint.h"
#include "provision/docker/explain.h"
#include "provision/docker/found.h"
#include "provision/docker/progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static oct_err collect(void *ctx, int stream, const void *bytes, size_t size)
{
    if (stream != 1 && stream != 2)
        abort();
    return octi_buffer_append(ctx, bytes, size);
}

/* The payload does not depend on how the stream was cut. */
static void fuzz_demux(const uint8_t *data, size_t size)
{
    octi_demux whole = {0}, split = {0};
    octi_buffer one = {0}, two = {0};
    oct_err code = octi_demux_feed(&whole, data, size, collect, &one, NULL);
    oct_err other = OCT_OK;
    for (size_t i = 0; i < size && other == OCT_OK; i++)
        other = octi_demux_feed(&split, data + i, 1, collect, &two, NULL);
    if (code != other || one.size != two.size || (one.size && memcmp(one.data, two.data, one.size) != 0))
        abort();
    octi_buffer_deinit(&one);
    octi_buffer_deinit(&two);
}

static void fuzz_cluster(const uint8_t *data, size_t size)
{
    json_t *root;
    octi_cluster cluster;
    if (octi_json_parse((const char *)data, size, "fuzz", &root, NULL) != OCT_OK)
        return;
    json_t *volumes = json_pack("{s:O}", "Volumes", root);
    if (octi_docker_cluster_read("fuzz", root, root, volumes, &cluster, NULL) == OCT_OK) {
        for (size_t i = 0; i < cluster.node_count; i++)
            if (cluster.nodes[i].index != i || cluster.node_count < cluster.wanted)
                abort();
        octi_cluster_deinit(&cluster);
    }
    json_decref(volumes);
    json_decref(root);
}

static void fuzz_progress(const uint8_t *data, size_t size)
{
    octi_progress progress = {0};
    size_t half = size / 2;
    if (octi_progress_feed(&progress, data, half, NULL) == OCT_OK &&
        octi_progress_feed(&progress, data + half, size - half, NULL) == OCT_OK &&
        octi_progress_finish(&progress, NULL) == OCT_OK && progress.failure.code != OCT_OK)
        abort();
    octi_progress_deinit(&progress);
}

static void fuzz_endpoint(const uint8_t *data, size_t size)
{
    char *host = strndup((const char *)data, size);
    octi_docker_endpoint endpoint;
    if (host && octi_docker_endpoint_parse(host, "1", "/certificates", &endpoint, NULL) == OCT_OK &&
        strncmp(endpoint.url, "http", 4) != 0)
        abort();
    free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_demux(data, size);
    fuzz_cluster(data, size);
    fuzz_progress(data, size);
    fuzz_endpoint(data, size);
    if (octi_docker_explain(500, (const char *)data, size, NULL) == OCT_OK)
        abort();
    return 0;
}
