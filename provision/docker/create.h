/* docker/create.h - makes a cluster's containers, network and volumes.
 *
 * Safe to cut off anywhere and to run twice at once. The head's container decides: names
 * of containers are unique in an engine, so whoever makes `octavo-<cluster>-0` first fixes
 * the cluster's spec and network, and every other step can be repeated by anybody. */
#ifndef OCTI_DOCKER_CREATE_H
#define OCTI_DOCKER_CREATE_H

#include "provision/core/provider.h"
#include "provision/docker/engine.h"

/* A Linux bridge has 1023 ports, of which the host takes one. */
enum { OCTI_DOCKER_NODES_MAX = 1000 };

/* Returns when every container of spec runs; see octi_provider_ops. */
OCT_NODISCARD oct_err octi_docker_create(octi_docker *docker, const octi_spec *spec,
                                         const octi_observer *observer, oct_error *err);

/* Removes a container with what is in its memory; OCT_OK when there is none. */
OCT_NODISCARD oct_err octi_docker_discard(octi_docker *docker, const char *id, oct_error *err);

/* POST /containers/create's body for one node; NULL when out of memory. */
json_t *octi_docker_container_body(const octi_docker *docker, const octi_spec *spec, unsigned index,
                                   const char *network);

#endif
