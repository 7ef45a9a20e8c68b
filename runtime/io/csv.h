/* io/csv.h - delimited text to columns, a byte range at a time. */
#ifndef OCTI_CSV_H
#define OCTI_CSV_H

#include "runtime/io/format.h"

/* Reads a file's header and infers the types of its columns; *body is where the first line after
 * the header begins. */
OCT_NODISCARD oct_err octi_csv_open(const char *path, const oct_csv_options *options, octi_format *out,
                                    uint64_t *body, oct_error *err);

/* Of one more file: its header must have the same names, OCT_E_INVALID. */
OCT_NODISCARD oct_err octi_csv_check(const octi_format *csv, const char *path, uint64_t *body,
                                     oct_error *err);

/* The lines that begin in the range. Stats are set on failure, too. */
OCT_NODISCARD oct_err octi_csv_read(const octi_format *csv, const octi_text_range *range, octi_batch *out,
                                    octi_text_stats *stats, oct_error *err);

#endif
