/* docker/exec.h - commands on a node, and its log. */
#ifndef OCTI_DOCKER_EXEC_H
#define OCTI_DOCKER_EXEC_H

#include "provision/core/provider.h"
#include "provision/docker/engine.h"

/* As octi_provider_ops says. A node that dies meanwhile is OCT_E_LOST, named. */
OCT_NODISCARD oct_err octi_docker_exec(octi_docker *docker, const octi_node *node, const octi_exec *exec,
                                       int *exit_status, oct_error *err);
OCT_NODISCARD oct_err octi_docker_logs(octi_docker *docker, const octi_node *node, int tail, bool follow,
                                       const octi_exec *sink, oct_error *err);

/* Why a container does not run, from its own record: "killed by signal 9 (out of memory)".
 * Empty when it runs. OCT_E_NOTFOUND when it is gone. */
OCT_NODISCARD oct_err octi_docker_end_reason(octi_docker *docker, const char *id, char *text, size_t capacity,
                                             int *exit_status, oct_error *err);

#endif
