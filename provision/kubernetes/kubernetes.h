/* kubernetes/kubernetes.h - the provider: nodes are pods of a StatefulSet. */
#ifndef OCTI_KUBE_H
#define OCTI_KUBE_H

#include "provision/core/provider.h"

extern const octi_provider_ops octi_kube_ops;

#endif
