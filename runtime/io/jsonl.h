/* io/jsonl.h - JSON lines to columns, a byte range at a time: an object a line, a column a name. */
#ifndef OCTI_JSONL_H
#define OCTI_JSONL_H

#include "runtime/io/format.h"

/* Infers columns and their types from the first megabyte of a file; there are none where it has no line that
 * can be read. */
OCT_NODISCARD oct_err octi_jsonl_open(const char *path, octi_format *out, oct_error *err);

/* As octi_format_read. */
OCT_NODISCARD oct_err octi_jsonl_read(const octi_format *format, const octi_text_range *range,
                                      octi_batch *out, octi_text_stats *stats, oct_error *err);

#endif
