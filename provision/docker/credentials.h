/* docker/credentials.h - who the user is to a registry, as `docker login` keeps it.
 *
 * https://docs.docker.com/reference/cli/docker/login/: config.json of DOCKER_CONFIG, else of ~/.docker, with
 * a helper for one registry or for all, or the password itself. Nothing of it is printed or passed on but in
 * the one header that the engine wants. */
#ifndef OCTI_DOCKER_CREDENTIALS_H
#define OCTI_DOCKER_CREDENTIALS_H

#include <stddef.h>

#include "oct/error.h"

/* The registry that an image's name begins with, "localhost:5000" of "localhost:5000/octavo/node:dev", or
 * Docker Hub's name in config.json. */
void octi_credentials_registry(const char *image, char *out, size_t size);

/* The value of X-Registry-Auth for that registry; of nobody, "{}", where none is known. It is freed by
 * octi_credentials_free. OCT_E_DENIED when a helper fails, OCT_E_INVALID when config.json makes no sense. */
OCT_NODISCARD oct_err octi_credentials_find(const char *registry, char **out, oct_error *err);

/* The same from config.json's text; subject is its name in messages. */
OCT_NODISCARD oct_err octi_credentials_take(const char *text, size_t size, const char *subject,
                                            const char *registry, char **out, oct_error *err);

/* Wipes it. */
void octi_credentials_free(char *header);

#endif
