/* cli/image_transfer.h - the nodes' image on its way to where pods find it. */
#ifndef OCTI_CLI_IMAGE_TRANSFER_H
#define OCTI_CLI_IMAGE_TRANSFER_H

#include "provision/cli/cli.h"
#include "provision/docker/engine.h"
#include "runtime/base/buffer.h"

/* Sends the image that --image names to a registry as `name`, and tells. The engine's names are as before.
 * On failure *evidence has what the engine said last. */
OCT_NODISCARD oct_err cli_push_image(const cli_context *cli, octi_docker *docker, const char *name,
                                     octi_buffer *evidence, oct_error *err);

/* Puts it into what the nodes of a Kubernetes cluster on this machine run from: "kind", "minikube" or
 * "containerd", by that one's own program; `cluster` is kind's name or minikube's profile, or NULL. */
OCT_NODISCARD oct_err cli_load_image(const cli_context *cli, octi_docker *docker, const char *into,
                                     const char *cluster, oct_error *err);

#endif
