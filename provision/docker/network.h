/* docker/network.h - the network that a cluster's nodes share.
 *
 * One for each cluster, with its label. Two `create` at once may each make one: all then choose the same of
 * several, the head's container stands for it from when it is there, and the others are removed. */
#ifndef OCTI_DOCKER_NETWORK_H
#define OCTI_DOCKER_NETWORK_H

#include <jansson.h>
#include <stdbool.h>

#include "provision/core/provider.h"
#include "provision/docker/engine.h"

enum { OCTI_DOCKER_NETWORK = 128 }; /* bytes of an id, the NUL included */

/* Finds the cluster's network or makes it; *made is set where it was made. OCT_E_EXISTS: one of that name is
 * somebody else's. */
OCT_NODISCARD oct_err octi_docker_network_make(octi_docker *docker, const octi_spec *spec,
                                               const octi_observer *observer, char id[OCTI_DOCKER_NETWORK],
                                               bool *made, oct_error *err);

/* Removes a network of ours that nobody uses; where somebody does, the engine refuses, and it stays. */
void octi_docker_network_drop(octi_docker *docker, const char *id);

/* Removes every network of the cluster but the one that is kept: what another `create` made in the same
 * moment, or one that was killed left. Engines look networks up by name when a container starts, and fail
 * while there are two. One in use is left to its owner. */
OCT_NODISCARD oct_err octi_docker_network_drop_others(octi_docker *docker, const char *cluster,
                                                      const char *keep, oct_error *err);

/* Whether the engine's list of networks has that one. */
bool octi_docker_network_listed(const json_t *networks, const char *id);

#endif
