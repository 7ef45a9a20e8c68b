/* docker/explain.h - what an engine's error reply means, and the way out. Pure, fuzzed. */
#ifndef OCTI_DOCKER_EXPLAIN_H
#define OCTI_DOCKER_EXPLAIN_H

#include <stddef.h>

#include "oct/error.h"

/* Fills *err from an HTTP status and the reply's body (Docker's and Podman's JSON, or
 * anything else) and returns its code, never OCT_OK. */
oct_err octi_docker_explain(int status, const char *body, size_t size, oct_error *err);

/* The part of an engine's message that says what is wrong, cleaned and cut to fit. */
void octi_docker_shorten(const char *text, char *out, size_t capacity);

#endif
