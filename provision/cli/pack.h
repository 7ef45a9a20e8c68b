/* cli/pack.h - a program's sources as one tar, the same bytes for the same sources. */
#ifndef OCTI_CLI_PACK_H
#define OCTI_CLI_PACK_H

#include "provision/cli/program.h"
#include "runtime/base/buffer.h"

/* The folder in the tar that stands for the program's own, ending in '/'. Unlikely enough
 * to be anybody's name, so that the compiler's messages can be given theirs back. */
#define CLI_PACK_FOLDER "octavo-src/"

enum { CLI_PACK_MAX = 64 << 20 }; /* bytes of sources; data does not belong there */

/* Appends a tar of the program's sources and the headers beside them, or of its whole
 * folder (without hidden files). OCT_E_EXHAUSTED when they are too large. */
OCT_NODISCARD oct_err cli_pack(const cli_program *program, octi_buffer *out, oct_error *err);

#endif
