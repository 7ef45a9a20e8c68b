/* core/tar.h - a tree of files as a tar stream, made or taken apart by a thread.
 *
 * The caller has the other end of the stream as a file descriptor, so that a tree can flow
 * through an exec or an HTTP request without touching a disk in between. */
#ifndef OCTI_TAR_H
#define OCTI_TAR_H

#include "oct/error.h"

typedef struct octi_tar octi_tar;

/* Begins to pack the file or folder at path, under the name `name` in the archive ("." for
 * a folder: its entries alone). Links stay links; owners are left out. */
OCT_NODISCARD oct_err octi_tar_pack(const char *path, const char *name, octi_tar **out, oct_error *err);

/* Begins to unpack into folder, which exists. Every entry must lie at or under `top`, which
 * becomes `as`. An entry that is absolute, has "..", or would go through a link ends it
 * with OCT_E_PROTOCOL, as do devices; nothing is ever written outside `folder`. */
OCT_NODISCARD oct_err octi_tar_unpack(const char *folder, const char *top, const char *as, octi_tar **out,
                                      oct_error *err);

/* The caller's end: to be read (pack) or written (unpack; with MSG_NOSIGNAL). */
int octi_tar_fd(const octi_tar *tar);

/* Writes all bytes to the stream of an unpack. OCT_E_CANCELLED when the thread has given up,
 * whose reason octi_tar_finish tells. */
OCT_NODISCARD oct_err octi_tar_write(octi_tar *tar, const void *bytes, size_t size);

/* Closes the stream, waits for the thread, frees, and tells how it went. A pack whose
 * reader stopped early is no failure. */
oct_err octi_tar_finish(octi_tar *tar, oct_error *err);

#endif
