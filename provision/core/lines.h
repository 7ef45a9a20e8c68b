/* core/lines.h - bytes that arrive in pieces, handed on a line at a time. */
#ifndef OCTI_LINES_H
#define OCTI_LINES_H

#include <stddef.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

/* Gets one line without its newline, NUL-terminated (and cut short where the line itself
 * holds a NUL). A result other than OCT_OK stops the feed with it. */
typedef oct_err (*octi_line_fn)(void *ctx, const char *line, size_t length);

enum { OCTI_LINE_MAX = 1 << 20 }; /* a longer line is handed on in pieces of this size */

typedef struct octi_lines {
    octi_line_fn line;
    void *ctx;
    octi_buffer pending; /* the beginning of a line whose end has not come */
} octi_lines;

OCT_NODISCARD oct_err octi_lines_feed(octi_lines *lines, const void *bytes, size_t size);

/* Hands on a last line without newline, and frees. */
OCT_NODISCARD oct_err octi_lines_finish(octi_lines *lines);

#endif
