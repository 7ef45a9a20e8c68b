/* kubernetes/plugin.h - exec plugins: programs that say who we are.
 *
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
#ifndef OCTI_KUBE_PLUGIN_H
#define OCTI_KUBE_PLUGIN_H

#include "provision/kubernetes/access.h"

/* Runs access->plugin, at most a minute long, and puts its token or certificate into access. */
OCT_NODISCARD oct_err octi_kube_plugin_run(octi_kube_access *access, oct_error *err);

/* Takes an ExecCredential's text into access. */
OCT_NODISCARD oct_err octi_kube_plugin_take(const char *text, size_t size, octi_kube_access *access,
                                            oct_error *err);

#endif
