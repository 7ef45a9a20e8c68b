/* docker/endpoint.h - where the engine is: reads DOCKER_HOST and its kin. */
#ifndef OCTI_DOCKER_ENDPOINT_H
#define OCTI_DOCKER_ENDPOINT_H

#include <stdbool.h>

#include "oct/error.h"

typedef struct octi_docker_endpoint {
    char label[256]; /* as the user writes it */
    char url[256];
    char socket[108]; /* of a unix socket, or "" */
    char ca[512], cert[512], key[512];
    bool tls, insecure;
} octi_docker_endpoint;

enum { OCTI_DOCKER_ENDPOINTS = 6 };

/* Parses a DOCKER_HOST; tls_verify and cert_path are the variables' values or NULL.
 * OCT_E_UNSUPPORTED for ssh:// and others, with the way round. Pure, fuzzed. */
OCT_NODISCARD oct_err octi_docker_endpoint_parse(const char *host, const char *tls_verify,
                                                 const char *cert_path, octi_docker_endpoint *out,
                                                 oct_error *err);

/* The endpoints to try, best first: DOCKER_HOST alone where it is set. */
OCT_NODISCARD oct_err octi_docker_endpoints(octi_docker_endpoint out[OCTI_DOCKER_ENDPOINTS], unsigned *count,
                                            oct_error *err);

#endif
