/* kubernetes/access.h - where an API server is and who we are to it: the kubeconfig.
 *
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 * Files of KUBECONFIG (else ~/.kube/config) are merged: the first that names a thing wins. */
#ifndef OCTI_KUBE_ACCESS_H
#define OCTI_KUBE_ACCESS_H

#include <jansson.h>
#include <stdbool.h>

#include "oct/error.h"

/* Strings are owned; NULL where the kubeconfig says nothing. */
typedef struct octi_kube_access {
    char *context, *server, *namespace;
    char *ca, *ca_text; /* a file's path or its text: at most one of each pair */
    char *cert, *cert_text;
    char *key, *key_text;
    char *authorization; /* the header's value: "Bearer ..." or "Basic ..." */
    char *server_name, *proxy;
    bool insecure;
    json_t *plugin; /* the exec plugin to ask for what we are, or NULL */
} octi_kube_access;

/* Merges one more file's text into *merged (NULL at first), whose relative paths are below
 * `folder`. OCT_E_INVALID names subject and line. */
OCT_NODISCARD oct_err octi_kube_config_merge(json_t **merged, const char *text, size_t size,
                                             const char *folder, const char *subject, oct_error *err);

/* Takes what belongs to a context (NULL or "": the current one) out of merged files. Reads
 * token files. OCT_E_NOTFOUND names the context, cluster or user that is not there. */
OCT_NODISCARD oct_err octi_kube_config_resolve(const json_t *merged, const char *context,
                                               octi_kube_access *out, oct_error *err);

/* All of it, for this user on this machine; runs the exec plugin where there is one. */
OCT_NODISCARD oct_err octi_kube_access_find(const char *context, octi_kube_access *out, oct_error *err);

void octi_kube_access_deinit(octi_kube_access *access);

#endif
