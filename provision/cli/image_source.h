/* cli/image_source.h - the files of the repository that the nodes' image is made from.
 *
 * images/context lists them: one path a line, a folder with all below it. */
#ifndef OCTI_CLI_IMAGE_SOURCE_H
#define OCTI_CLI_IMAGE_SOURCE_H

#include "oct/error.h"

enum { CLI_IMAGE_SOURCE_DIGEST = 17 };

/* A digest of all their names, contents and execute bits, as text. */
OCT_NODISCARD oct_err cli_image_source_digest(const char *root, char digest[CLI_IMAGE_SOURCE_DIGEST],
                                              oct_error *err);

/* Copies them into a new folder below /tmp, so that nothing else of the repository reaches
 * the engine or spoils its cache. folder is "" when there is none; cli_image_source_unstage
 * removes it. */
OCT_NODISCARD oct_err cli_image_source_stage(const char *root, char folder[64], oct_error *err);
void cli_image_source_unstage(const char *folder);

#endif
