/* kubernetes/exec.h - commands in a pod, over a WebSocket; its log; its events. */
#ifndef OCTI_KUBE_EXEC_H
#define OCTI_KUBE_EXEC_H

#include "provision/core/provider.h"
#include "provision/kubernetes/client.h"

/* As octi_provider_ops.exec. */
OCT_NODISCARD oct_err octi_kube_exec(octi_kube *kube, const octi_node *node, const octi_exec *exec,
                                     int *exit_status, oct_error *err);

/* As octi_provider_ops.exec_workers, from up to 16 threads. */
OCT_NODISCARD oct_err octi_kube_exec_workers(octi_kube *kube, const octi_cluster *cluster,
                                             const octi_exec *exec, oct_error *err);

/* As octi_provider_ops.logs. */
OCT_NODISCARD oct_err octi_kube_logs(octi_kube *kube, const octi_node *node, int tail, bool follow,
                                     const octi_exec *sink, oct_error *err);

/* Reads the Status that ends an exec: its exit status, or an error. Pure, fuzzed. */
OCT_NODISCARD oct_err octi_kube_exit_read(const char *text, size_t size, int *exit_status, oct_error *err);

#endif
