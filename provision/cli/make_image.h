/* cli/make_image.h - makes the nodes' image from the repository.
 *
 * On top of debian:trixie-slim where a registry answers, and of a base made from packages
 * (images/base.sh) where none does. The context is what images/context lists. */
#ifndef OCTI_CLI_MAKE_IMAGE_H
#define OCTI_CLI_MAKE_IMAGE_H

#include "provision/cli/cli.h"
#include "provision/core/provider.h"
#include "runtime/base/buffer.h"

/* Builds the image called name on the provider's engine, and shows progress. On failure
 * *evidence holds the end of what the failing step said. OCT_E_UNSUPPORTED where the
 * provider's engine builds no images, OCT_E_NOTFOUND without a repository. */
OCT_NODISCARD oct_err cli_make_image(const cli_context *cli, const octi_provider *provider, const char *name,
                                     bool no_cache, octi_buffer *evidence, oct_error *err);

/* True when `up` shall make the image by itself: it is missing, it is the default one, and
 * the repository is there. */
bool cli_image_is_to_be_made(const cli_context *cli, const octi_provider *provider);

#endif
