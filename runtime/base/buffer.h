/* base/buffer.h - a growing array of bytes.
 *
 * Zero-initialised is valid and empty. One owner, no locks. */
#ifndef OCTI_BUFFER_H
#define OCTI_BUFFER_H

#include <stddef.h>
#include <stdarg.h>

#include "oct/error.h"

typedef struct octi_buffer {
    char *data; /* NUL-terminated whenever it is not NULL; the NUL is not counted */
    size_t size;
    size_t capacity;
} octi_buffer;

/* Frees the bytes and leaves an empty buffer. */
void octi_buffer_deinit(octi_buffer *buffer);

/* Makes room for `more` bytes after size, plus a NUL. OCT_E_NOMEM leaves it as it was. */
OCT_NODISCARD oct_err octi_buffer_reserve(octi_buffer *buffer, size_t more);

OCT_NODISCARD oct_err octi_buffer_append(octi_buffer *buffer, const void *bytes, size_t size);
OCT_NODISCARD oct_err octi_buffer_printf(octi_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops the first `size` bytes (at most all of them). */
void octi_buffer_consume(octi_buffer *buffer, size_t size);

/* Gives the bytes (malloc'ed, NUL-terminated) to the caller and leaves an empty buffer;
 * NULL when nothing was ever appended. */
char *octi_buffer_take(octi_buffer *buffer);

#endif
