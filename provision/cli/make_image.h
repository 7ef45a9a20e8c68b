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

typedef enum cli_image_state {
    CLI_IMAGE_NOT_OURS, /* not the default one, no repository, or no engine of ours: leave it */
    CLI_IMAGE_MISSING,
    CLI_IMAGE_STALE, /* made from other sources than are in the repository now */
    CLI_IMAGE_CURRENT,
} cli_image_state;

/* How the image that is asked for stands to the repository. */
cli_image_state cli_image_check(const cli_context *cli, const octi_provider *provider);

#endif
