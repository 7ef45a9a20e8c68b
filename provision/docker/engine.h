/* docker/engine.h - a connection to one Docker-compatible engine.
 *
 * Finds it (DOCKER_HOST, else the usual sockets of Docker and Podman), agrees on an API
 * version, and sends requests whose failures are explained. */
#ifndef OCTI_DOCKER_ENGINE_H
#define OCTI_DOCKER_ENGINE_H

#include <jansson.h>
#include <stdbool.h>

#include "oct/error.h"
#include "provision/core/http.h"
#include "provision/core/provider.h"

typedef struct octi_docker {
    octi_http *http;
    bool podman;
    octi_engine_info info; /* info.api is the version agreed on */
} octi_docker;

OCT_NODISCARD oct_err octi_docker_open(octi_docker **out, oct_error *err);
void octi_docker_close(octi_docker *docker);

/* "/v1.41" and the formatted rest, for the caller to free; NULL when out of memory. Each
 * %s of the rest must be escaped already where it can hold more than [A-Za-z0-9._-]. */
char *octi_docker_path(const octi_docker *docker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The path of a list with ?filters={"label":["octavo.cluster=<name>"]} (any cluster's when
 * name is NULL); `resource` is "containers/json?all=1&", "networks?" and the like. */
char *octi_docker_list_path(const octi_docker *docker, const char *resource, const char *name);

/* OCT_OK when the request got a status below 400; else the request's own failure or the
 * engine's, explained. */
oct_err octi_docker_outcome(const octi_http_request *request, oct_error *err);

/* One request and its answer. Takes over `path` and `body` (freed here, either may be NULL:
 * out of memory, no body). *reply may be NULL, and is NULL for an empty reply. */
OCT_NODISCARD oct_err octi_docker_call(octi_docker *docker, const char *method, char *path, json_t *body,
                                       json_t **reply, oct_error *err);

/* The same, with less patience than a minute. */
OCT_NODISCARD oct_err octi_docker_call_within(octi_docker *docker, double seconds, const char *method,
                                              char *path, json_t *body, json_t **reply, oct_error *err);

/* Runs count GETs at once and parses each reply; takes over the paths. On failure no reply
 * is left. */
OCT_NODISCARD oct_err octi_docker_get_all(octi_docker *docker, size_t count, char *const paths[],
                                          json_t *replies[], oct_error *err);

#endif
