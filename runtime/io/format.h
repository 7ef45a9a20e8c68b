/* io/format.h - what lines of text are made of, and which part of a file is read. */
#ifndef OCTI_FORMAT_H
#define OCTI_FORMAT_H

#include "runtime/frame/column.h"

typedef enum octi_format_kind { OCTI_CSV, OCTI_JSONL } octi_format_kind;

typedef struct octi_format {
    octi_format_kind kind;
    bool skip;          /* malformed lines */
    octi_batch schema;  /* the columns to read; of no rows */
    char delimiter;     /* of CSV, as the rest */
    uint32_t fields;    /* a line must have */
    uint32_t *field_of; /* each column's number in a line */
} octi_format;

/* Lines that begin in a range of bytes. */
typedef struct octi_text_range {
    const char *path;
    uint64_t begin, end;
    bool first;  /* a line begins at begin */
    bool inside; /* begin is inside of quotes, which only lines of CSV can be */
} octi_text_range;

typedef struct octi_text_stats {
    uint64_t quotes;  /* in the range: whoever guessed `inside` checks by them */
    uint64_t skipped; /* lines */
    uint64_t bad_at;  /* where the malformed line begins, when OCT_E_INVALID is returned */
} octi_text_stats;

void octi_format_deinit(octi_format *format);

/* One more column, or another type for it; field is its number in a line of CSV. */
OCT_NODISCARD oct_err octi_format_add(octi_format *format, const char *name, oct_column_type type,
                                      uint32_t field, oct_error *err);

/* The types that "name type, name type" gives. A column that is not there is one more of JSON lines, whose
 * members need not be in the lines that were looked at; of CSV it is OCT_E_NOTFOUND. */
OCT_NODISCARD oct_err octi_format_set_types(octi_format *format, const char *types, oct_error *err);

/* The same format with only the columns that `wanted` names. */
OCT_NODISCARD oct_err octi_format_narrow(const octi_format *format, char *const *wanted, size_t count,
                                         octi_format *out, oct_error *err);

/* The lines that begin in the range. Stats are set on failure, too. */
OCT_NODISCARD oct_err octi_format_read(const octi_format *format, const octi_text_range *range,
                                       octi_batch *out, octi_text_stats *stats, oct_error *err);

/* A value of any type but string. Eight bytes from its beginning on must be readable, as of number.h. */
bool octi_parse_value(octi_column *column, size_t row, const char *text, size_t size);

/* The number of the line that begins at an offset, from 1; 0 when the file cannot be read. */
uint64_t octi_text_line(const char *path, uint64_t offset);

#endif
