/* prep/output.h - a file that appears under its name when it is complete, never before. */
#ifndef PREP_OUTPUT_H
#define PREP_OUTPUT_H

#include <stdint.h>

#include "oct/error.h"

enum { OUTPUT_LINE_MOST = 320 };

typedef struct output {
    const char *path; /* must outlive the output */
    char part[4096];  /* its name until then */
    int fd;
    char *buffer, *at; /* at: where the next line is put, with room for OUTPUT_LINE_MOST bytes */
    int64_t lines, bytes;
} output;

/* Removes what a maker of the same file left that was killed. OCT_E_INVALID, OCT_E_IO, OCT_E_NOMEM; *out
 * needs no end then. */
oct_err output_begin(output *out, const char *path, oct_error *err);

/* A line was put that ends at `end`. OCT_E_IO, OCT_E_EXHAUSTED (disk full). */
oct_err output_line(output *out, char *end, oct_error *err);

/* Puts the file under its name; after a failure, `code` or its own, leaves nothing behind. */
oct_err output_end(output *out, oct_err code, oct_error *err);

#endif
