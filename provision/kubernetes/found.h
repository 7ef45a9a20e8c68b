/* kubernetes/found.h - what an API server has of a cluster. Pure functions, fuzzed. */
#ifndef OCTI_KUBE_FOUND_H
#define OCTI_KUBE_FOUND_H

#include <jansson.h>

#include "oct/error.h"
#include "provision/core/cluster.h"

/* The index in its cluster of a pod called name ("dev-3"), or -1. */
long octi_kube_pod_index(const char *cluster, const char *name);

/* Fills *node from a pod. */
void octi_kube_node_read(const json_t *pod, octi_node *node);

/* OCT_OK with the spec that the StatefulSet carries; OCT_E_EXISTS when it is not octavo's. */
OCT_NODISCARD oct_err octi_kube_spec_read(const json_t *set, octi_spec *spec, oct_error *err);

/* Fills a cluster from its StatefulSet and the list of its pods. */
OCT_NODISCARD oct_err octi_kube_cluster_read(const json_t *set, const json_t *pods, octi_cluster *out,
                                             oct_error *err);

/* How much of a node's engine_id is its pod's uid; behind it may be how often its container was restarted. */
int octi_kube_node_uid(const octi_node *node);

#endif
