/* io/unpack.h - text files, those that gzip or Zstandard packed, too.
 *
 * Text is read in pieces from anywhere in a file, packed bytes only from their beginning. So a packed file is
 * unpacked when it is first opened, once a process, into a temporary file without a name (in TMPDIR, or
 * /tmp), which the system frees when the process ends; those used least recently are closed when there are
 * many. */
#ifndef OCTI_UNPACK_H
#define OCTI_UNPACK_H

#include <stdint.h>
#include <stdio.h>

#include "oct/error.h"

/* *fd is to read the text from, the caller's to close; *size, unless NULL, is that of the text.
 * OCT_E_NOTFOUND, OCT_E_DENIED, OCT_E_IO, OCT_E_NOMEM; OCT_E_INVALID for packed bytes that are damaged or end
 * too early, OCT_E_EXHAUSTED when there is no room for the text. Any thread. */
OCT_NODISCARD oct_err octi_text_open(const char *path, int *fd, uint64_t *size, oct_error *err);

/* The same as a stream. */
OCT_NODISCARD oct_err octi_text_stream(const char *path, FILE **stream, oct_error *err);

/* Fails as a file that could not be opened does, by errno. */
oct_err octi_fail_open(const char *path, oct_error *err);

#endif
