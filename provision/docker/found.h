/* docker/found.h - what an engine has of a cluster, read from its labels.
 *
 * Labels on every container, network and volume are all the state there is:
 *   octavo.cluster  the cluster's name
 *   octavo.node     a container's index
 *   octavo.nodes    how many nodes were asked for
 *   octavo.spec     the whole spec as JSON
 *   octavo.version  of the octavo that made it
 *   octavo.resized  of an empty volume: octavo.nodes and octavo.spec beside it are the cluster's from
 *                   now on. The highest number counts, as engines cannot change a label
 * Pure functions over the engine's replies, fuzzed. */
#ifndef OCTI_DOCKER_FOUND_H
#define OCTI_DOCKER_FOUND_H

#include <jansson.h>

#include "oct/error.h"
#include "provision/core/cluster.h"

#define OCTI_LABEL_CLUSTER "octavo.cluster"
#define OCTI_LABEL_NODE "octavo.node"
#define OCTI_LABEL_NODES "octavo.nodes"
#define OCTI_LABEL_SPEC "octavo.spec"
#define OCTI_LABEL_VERSION "octavo.version"
#define OCTI_LABEL_RESIZED "octavo.resized"
#define OCTI_LABEL_SOURCE "octavo.source" /* of an image: a digest of what it was made from */

/* One container of ours. Strings belong to the reply. */
typedef struct octi_docker_container {
    unsigned index;
    const char *id;
    const char *state;   /* "running", "exited", ... */
    const char *status;  /* "Exited (137) 3 seconds ago" */
    const char *network; /* as it was created with: a network's id */
    const char *address; /* "" when not running */
    const char *image;
    int64_t created; /* seconds since 1970 */
    const json_t *labels;
} octi_docker_container;

/* Reads one element of GET /containers/json. OCT_E_NOTFOUND when its labels say it is no
 * node of `cluster` (any cluster's, when NULL); OCT_E_PROTOCOL when it makes no sense. */
OCT_NODISCARD oct_err octi_docker_container_read(const json_t *element, const char *cluster,
                                                 octi_docker_container *out, oct_error *err);

/* The labels of a thing of spec's cluster; index < 0: no container. NULL: out of memory. */
json_t *octi_docker_labels(const octi_spec *spec, int index);

/* A thing with a name of ours must carry the cluster's label; else it is somebody else's: OCT_E_EXISTS, with
 * its kind and name. */
OCT_NODISCARD oct_err octi_docker_check_owner(const char *cluster, const char *kind, const char *name,
                                              const json_t *labels, oct_error *err);

/* The spec that labels carry. OCT_E_PROTOCOL when somebody else wrote them. */
OCT_NODISCARD oct_err octi_docker_spec_read(const json_t *labels, octi_spec *spec, oct_error *err);

/* What the last change of a cluster's size left among its volumes (the reply of GET /volumes):
 * the number of that change, and in *nodes the size. 0 when it has the size it was made with, and
 * *nodes is untouched. */
unsigned octi_docker_resized(const char *name, const json_t *volumes, unsigned *nodes);

/* Fills a cluster from the replies of GET /containers/json, /networks and /volumes, each
 * filtered by the cluster's label. OCT_E_NOTFOUND when nothing is in them. */
OCT_NODISCARD oct_err octi_docker_cluster_read(const char *name, const json_t *containers,
                                               const json_t *networks, const json_t *volumes,
                                               octi_cluster *out, oct_error *err);

/* A node's name in its cluster, and the container's. */
void octi_docker_node_name(const char *cluster, unsigned index, char name[64]);
void octi_docker_container_name(const char *cluster, unsigned index, char name[64]);

#endif
