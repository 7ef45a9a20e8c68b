/* kubernetes/explain.h - what an API server's refusals and a pod's troubles mean. Pure and fuzzed. */
#ifndef OCTI_KUBE_EXPLAIN_H
#define OCTI_KUBE_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>

#include "oct/error.h"

/* Turns a reply with a status of 400 or more, most often a Status object, into an error with
 * a way out, and returns its code, which is never OCT_OK. */
oct_err octi_kube_explain(int status, const char *body, size_t size, oct_error *err);

/* Why a pod does not run, in its own words; "" while there is no reason. `final`: it will not
 * pass by itself. The error's hint is the way out. */
typedef struct octi_kube_trouble {
    bool final;
    bool unschedulable;
    oct_err code;
    char what[200];
    const char *hint;
    int exit_status;
} octi_kube_trouble;

void octi_kube_pod_trouble(const json_t *pod, octi_kube_trouble *out);

#endif
