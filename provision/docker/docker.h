/* docker/docker.h - the provider whose nodes are containers of one engine. */
#ifndef OCTI_DOCKER_H
#define OCTI_DOCKER_H

#include "provision/core/provider.h"

extern const octi_provider_ops octi_docker_ops;

#endif
