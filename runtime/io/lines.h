/* io/lines.h - the lines that begin in a range of a file, empty ones left out. */
#ifndef OCTI_LINES_H
#define OCTI_LINES_H

#include "runtime/io/format.h"
#include "runtime/io/window.h"

typedef struct octi_lines {
    octi_window *window;
    const char *at;
    size_t size;   /* bytes before which a line must begin, from the window's text on */
    uint64_t from; /* where the window's text is in the file */
} octi_lines;

OCT_NODISCARD oct_err octi_lines_open(octi_lines *lines, const octi_text_range *range, oct_error *err);

/* Ends it, also after a failure. */
void octi_lines_close(octi_lines *lines);

/* At most so many are left. */
size_t octi_lines_count(const octi_lines *lines);

/* Without its newline; false after the last one. */
bool octi_lines_next(octi_lines *lines, const char **text, size_t *size);

/* Where a line is in the file. */
uint64_t octi_lines_offset(const octi_lines *lines, const char *text);

#endif
