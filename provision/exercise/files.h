/* exercise/files.h - small files: read whole, written whole, copied, removed with their folder.
 *
 * Stateless; any thread. Errors name the path and the system's reason. */
#ifndef OCTI_FILES_H
#define OCTI_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

enum { OCTI_PATH = 4096 };

/* Appends at most `most` bytes of the file to out. OCT_E_NOTFOUND where there is none. */
OCT_NODISCARD oct_err octi_read_file(const char *path, size_t most, octi_buffer *out, oct_error *err);

/* The file is replaced at once or left as it was. */
OCT_NODISCARD oct_err octi_write_file(const char *path, const void *bytes, size_t size, oct_error *err);

OCT_NODISCARD oct_err octi_copy_file(const char *from, const char *to, oct_error *err);

/* Also the folders above it; one that is there is as good. */
OCT_NODISCARD oct_err octi_make_folder(const char *path, oct_error *err);

/* Everything below too; what cannot be removed stays. Symbolic links are removed, not followed. */
void octi_remove_folder(const char *path);

bool octi_has_file(const char *path);

/* FNV-1a of bytes, going on from `hash`, which begins with OCTI_HASH. */
#define OCTI_HASH 0xcbf29ce484222325u
uint64_t octi_hash(uint64_t hash, const void *bytes, size_t size);

/* "folder/name", cut where it does not fit. */
const char *octi_path(char out[OCTI_PATH], const char *folder, const char *name);

#endif
