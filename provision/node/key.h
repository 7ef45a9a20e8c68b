/* node/key.h - the cluster's munge key: whoever has it may act as anybody in the cluster.
 *
 * It is made inside the cluster, kept in files of mode 0400, and never logged, passed as
 * an argument or put in an environment. */
#ifndef OCTI_NODE_KEY_H
#define OCTI_NODE_KEY_H

#include "oct/error.h"

/* Makes a random key at path unless a file is there already. */
OCT_NODISCARD oct_err octi_key_ensure(const char *path, oct_error *err);

/* Copies the key to a private file that munged accepts, whatever the owner and mode of a
 * mounted secret are. *changed tells whether the copy now differs from what was there.
 * OCT_E_NOTFOUND while there is no key yet, OCT_E_INVALID when it has a size that munge
 * does not take. */
OCT_NODISCARD oct_err octi_key_install(const char *from, const char *to, int *changed, oct_error *err);

#endif
