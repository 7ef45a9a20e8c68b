/* docker/destroy.h - removes what carries a cluster's label, and only that. */
#ifndef OCTI_DOCKER_DESTROY_H
#define OCTI_DOCKER_DESTROY_H

#include "provision/core/provider.h"
#include "provision/docker/engine.h"

/* See octi_provider_ops. What somebody else removes meanwhile counts as removed by them. */
OCT_NODISCARD oct_err octi_docker_destroy(octi_docker *docker, const char *name,
                                          const octi_observer *observer, size_t *removed, oct_error *err);

/* Removes the containers of the nodes from number `first` on, and nothing else. */
OCT_NODISCARD oct_err octi_docker_remove_from(octi_docker *docker, const char *name, unsigned first,
                                              const octi_observer *observer, oct_error *err);

#endif
