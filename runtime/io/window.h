/* io/window.h - a stretch of delimited text in memory, and where its fields end.
 *
 * Each thread has one, which is used again and again: fresh memory for every stretch would
 * cost as much as finding the fields. */
#ifndef OCTI_WINDOW_H
#define OCTI_WINDOW_H

#include "oct/error.h"
#include "runtime/io/scan.h"

enum { OCTI_WINDOW_PAD = 16 }; /* bytes past the text that may be read */

/* Field i is from ends[i - 1] + 1 to ends[i]; ends[-1] is UINT32_MAX, so that the sum wraps to 0. */
typedef struct octi_window {
    char *text;
    size_t size, room;
    octi_scan scan;
    bool last; /* the file ends here */
} octi_window;

/* The calling thread's, empty; it remains that thread's. NULL where memory is short. */
octi_window *octi_window_mine(void);

/* Makes it smaller again where it became unusually large. */
void octi_window_done(octi_window *window);

/* Reads the bytes of a file from begin to end, which is within quotes at begin or not, and as much more
 * as its last line takes. OCT_E_NOTFOUND, OCT_E_DENIED, OCT_E_IO, OCT_E_NOMEM; OCT_E_INVALID where
 * a line does not end. */
OCT_NODISCARD oct_err octi_window_read(octi_window *window, const char *path, uint64_t begin, uint64_t end,
                                       bool inside, char delimiter, oct_error *err);

/* The same of text in which every newline ends a line, as in JSON lines; no fields are looked for. The text
 * ends in a newline. */
OCT_NODISCARD oct_err octi_window_read_lines(octi_window *window, const char *path, uint64_t begin,
                                             uint64_t end, oct_error *err);

static inline const char *octi_window_field(const octi_window *window, size_t end, size_t *size)
{
    uint32_t start = window->scan.ends[(ptrdiff_t)end - 1] + 1;
    *size = window->scan.ends[end] - start;
    return window->text + start;
}

#endif
