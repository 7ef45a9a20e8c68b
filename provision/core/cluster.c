#include <stdlib.h>

#include "provision/core/cluster.h"

const char *octi_node_state_name(octi_node_state state)
{
    static const char *const names[] = {
        [OCTI_NODE_ABSENT] = "absent", [OCTI_NODE_CREATED] = "created", [OCTI_NODE_STARTING] = "starting",
        [OCTI_NODE_READY] = "ready",   [OCTI_NODE_STOPPED] = "stopped", [OCTI_NODE_FAILED] = "failed",
    };
    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

void octi_cluster_deinit(octi_cluster *cluster)
{
    free(cluster->nodes);
    *cluster = (octi_cluster){0};
}
