/* exec/cluster/load.h - finding liboctavo-cluster.so, the part that needs MPI. */
#ifndef OCTI_LOAD_H
#define OCTI_LOAD_H

#include "runtime/exec/cluster/link.h"

/* Looks beside this library, beside the program, in ../lib of both, where the dynamic linker
 * looks, and, for a program that runs in Bazel's output tree, in this folder there. It stays
 * loaded for good. OCT_E_UNSUPPORTED when it, or MPI, is not there. */
OCT_NODISCARD oct_err octi_link_load(const octi_link_class **out, oct_error *err);

#endif
