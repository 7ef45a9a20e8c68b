/* kubernetes/create.h - makes what is missing of a cluster, and removes one. */
#ifndef OCTI_KUBE_CREATE_H
#define OCTI_KUBE_CREATE_H

#include "provision/core/provider.h"
#include "provision/kubernetes/client.h"

/* As octi_provider_ops.create, without the cluster. */
OCT_NODISCARD oct_err octi_kube_create(octi_kube *kube, const octi_spec *spec, const octi_observer *observer,
                                       oct_error *err);

/* As octi_provider_ops.discard: the set's controller makes the pod anew. */
OCT_NODISCARD oct_err octi_kube_discard(octi_kube *kube, const octi_node *node, oct_error *err);

/* As octi_provider_ops.resize. */
OCT_NODISCARD oct_err octi_kube_resize(octi_kube *kube, const octi_cluster *cluster, unsigned nodes,
                                       const octi_observer *observer, oct_error *err);

/* As octi_provider_ops.destroy. */
OCT_NODISCARD oct_err octi_kube_destroy(octi_kube *kube, const char *name, const octi_observer *observer,
                                        size_t *removed, oct_error *err);

/* Appends the last events about a thing called name, oldest first, at most `most` of them. With a uid only
 * those about this one, and not about an earlier one of its name; "": about any. */
OCT_NODISCARD oct_err octi_kube_events(octi_kube *kube, const char *name, const char *uid, size_t most,
                                       octi_buffer *text, oct_error *err);

#endif
