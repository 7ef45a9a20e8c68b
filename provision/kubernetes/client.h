/* kubernetes/client.h - requests to one API server, as one user, in one namespace.
 *
 * What fails in passing (no connection, 429, 5xx) is tried again for a while once the server
 * has answered at all: every request here may be repeated. */
#ifndef OCTI_KUBE_CLIENT_H
#define OCTI_KUBE_CLIENT_H

#include <jansson.h>

#include "oct/error.h"
#include "provision/core/http.h"
#include "provision/core/provider.h"
#include "provision/kubernetes/access.h"

#define OCTI_KUBE_MANAGER "octavo" /* who owns the fields that we apply */

typedef struct octi_kube {
    octi_kube_access access;
    octi_http *http;
    char namespace[64];
    octi_engine_info info;
    int minor; /* of the server: 1.MINOR */
} octi_kube;

/* Connects; asks for the server's version. */
OCT_NODISCARD oct_err octi_kube_open(const octi_spec *spec, octi_kube **out, oct_error *err);

/* A second connection with the same rights, for another thread; asks nobody. */
OCT_NODISCARD oct_err octi_kube_clone(const octi_kube *kube, octi_kube **out, oct_error *err);
void octi_kube_close(octi_kube *kube);

/* A path, for the caller to free; NULL when out of memory. `group` is "api/v1" or
 * "apis/apps/v1"; the rest follows the namespace: ".../namespaces/NS/pods". */
char *octi_kube_path(const octi_kube *kube, const char *group, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One request. Takes over path (NULL: out of memory) and body (NULL: none), which is sent as
 * `type` (NULL: JSON). *reply may be NULL. */
OCT_NODISCARD oct_err octi_kube_call(octi_kube *kube, const char *method, char *path, json_t *body,
                                     const char *type, json_t **reply, oct_error *err);

/* OCT_OK for a whole reply with a status below 300; else what went wrong, explained. */
oct_err octi_kube_outcome(const octi_kube *kube, const octi_http_request *request, oct_error *err);

#endif
