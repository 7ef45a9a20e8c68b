/* kubernetes/manifest.h - the files of k8s/, filled in for one cluster.
 *
 * A template is YAML; after parsing, a text that is "${X}" alone becomes the value of X, of any
 * type, "${X}" within a text becomes X's text, and a member whose value is null is left out.
 * Values are never parsed, so none can add anything to an object. */
#ifndef OCTI_KUBE_MANIFEST_H
#define OCTI_KUBE_MANIFEST_H

#include <jansson.h>

#include "oct/error.h"
#include "provision/core/cluster.h"

/* All objects in the order to make them: the first is the Secret, with a new random key, the
 * last the StatefulSet. `minor` is the server's version. The caller releases *out. */
OCT_NODISCARD oct_err octi_kube_manifests(const octi_spec *spec, const char *namespace, int minor,
                                          json_t **out, oct_error *err);

/* Fills one template's tree in place; a name without a value is OCT_E_INVALID. */
OCT_NODISCARD oct_err octi_kube_fill(json_t *tree, const json_t *values, oct_error *err);

/* "apis/apps/v1" and "statefulsets" of an object, for its path. */
void octi_kube_place(const json_t *object, char group[64], char resource[64]);

#endif
