/* kubernetes/watch.h - the pods of one cluster, followed as they change.
 *
 * List and watch: a cut watch goes on from where it was, one that is too old (410) lists
 * again, and a server that is away is asked again until the time is over. */
#ifndef OCTI_KUBE_WATCH_H
#define OCTI_KUBE_WATCH_H

#include "provision/kubernetes/client.h"

/* What is wanted of the pods, a list object as the API has it: called after each change, and
 * every 200 ms. True ends the watch. */
typedef bool (*octi_kube_pods_fn)(void *ctx, const json_t *pods);

/* OCT_OK when fn was content; OCT_E_TIMEOUT after `seconds`. */
OCT_NODISCARD oct_err octi_kube_watch_pods(octi_kube *kube, const char *cluster, double seconds,
                                           octi_kube_pods_fn fn, void *ctx, oct_error *err);

/* One event of a watch, applied to the list. OCT_E_STATE: the list is too old (410).
 * Pure, fuzzed. */
OCT_NODISCARD oct_err octi_kube_watch_apply(json_t *pods, const char *line, size_t size, oct_error *err);

#endif
