/* docker/resize.h - changes how many nodes a cluster has. */
#ifndef OCTI_DOCKER_RESIZE_H
#define OCTI_DOCKER_RESIZE_H

#include "provision/core/provider.h"
#include "provision/docker/engine.h"

/* As octi_provider_ops.resize. */
OCT_NODISCARD oct_err octi_docker_resize(octi_docker *docker, const octi_cluster *cluster, unsigned nodes,
                                         const octi_observer *observer, oct_error *err);

#endif
