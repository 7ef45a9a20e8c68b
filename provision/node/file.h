/* node/file.h - small files, read whole and replaced whole. */
#ifndef OCTI_NODE_FILE_H
#define OCTI_NODE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

/* Appends the bytes of `path` (or of an open descriptor, called `path` in messages) to
 * *out. OCT_E_NOTFOUND when there is no such file, OCT_E_INVALID when it is larger than
 * `limit`, OCT_E_IO otherwise. */
OCT_NODISCARD oct_err octi_file_read(const char *path, size_t limit, octi_buffer *out, oct_error *err);
OCT_NODISCARD oct_err octi_file_read_fd(int fd, const char *path, size_t limit, octi_buffer *out,
                                        oct_error *err);

/* Puts a file with exactly these bytes and this mode at `path`, in one step: a reader, or
 * a machine that stops half-way, sees the old file or the new one. */
OCT_NODISCARD oct_err octi_file_replace(const char *path, const void *bytes, size_t size, mode_t mode,
                                        oct_error *err);

/* The same, but a file that is there already stays, and the call succeeds. */
OCT_NODISCARD oct_err octi_file_create(const char *path, const void *bytes, size_t size, mode_t mode,
                                       oct_error *err);

/* Makes a folder with this mode, or gives the one that is there this mode. */
OCT_NODISCARD oct_err octi_folder_make(const char *path, mode_t mode, oct_error *err);

#endif
