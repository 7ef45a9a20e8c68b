/* core/copy.h - files to and from a node, over any provider's exec.
 *
 * The node needs sh and tar. Names mean what they mean to `cp -r`: a destination that is a
 * folder is copied into, another is the new name. */
#ifndef OCTI_COPY_H
#define OCTI_COPY_H

#include "oct/error.h"
#include "provision/core/provider.h"

/* Copies the local file or folder to the node. A remote name that ends in '/' is a folder,
 * made when missing; of one that does not, the parent must exist. `exec` lends its
 * interrupted, ctx and timeout; NULL: none. */
OCT_NODISCARD oct_err octi_copy_put(const octi_provider *provider, const octi_node *node, const char *local,
                                    const char *remote, const octi_exec *exec, oct_error *err);

/* Copies the node's file or folder here. What the node sends is not trusted: nothing is
 * written but the one name asked for. */
OCT_NODISCARD oct_err octi_copy_get(const octi_provider *provider, const octi_node *node, const char *remote,
                                    const char *local, const octi_exec *exec, oct_error *err);

#endif
