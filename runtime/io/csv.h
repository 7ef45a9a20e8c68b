/* io/csv.h - delimited text to columns, a byte range at a time. */
#ifndef OCTI_CSV_H
#define OCTI_CSV_H

#include "runtime/frame/column.h"

typedef struct octi_csv {
    char delimiter;
    bool skip;          /* malformed lines */
    uint32_t fields;    /* a line must have */
    octi_batch schema;  /* the columns to read; of no rows */
    uint32_t *field_of; /* each column's number in a line */
} octi_csv;

void octi_csv_deinit(octi_csv *csv);

/* Reads a file's header and infers the types of its columns; *body is where the first line after
 * the header begins. */
OCT_NODISCARD oct_err octi_csv_open(const char *path, const oct_csv_options *options, octi_csv *out,
                                    uint64_t *body, oct_error *err);

/* Of one more file: its header must have the same names, OCT_E_INVALID. */
OCT_NODISCARD oct_err octi_csv_check(const octi_csv *csv, const char *path, uint64_t *body, oct_error *err);

/* The same format with only the columns that `wanted` names. */
OCT_NODISCARD oct_err octi_csv_narrow(const octi_csv *csv, char *const *wanted, size_t count, octi_csv *out,
                                      oct_error *err);

typedef struct octi_csv_range {
    const char *path;
    uint64_t begin, end;
    bool first;  /* a line begins at begin */
    bool inside; /* begin is inside of quotes */
} octi_csv_range;

typedef struct octi_csv_stats {
    uint64_t quotes;  /* in the range: whoever guessed `inside` checks by them */
    uint64_t skipped; /* lines */
    uint64_t bad_at;  /* where the malformed line begins, when OCT_E_INVALID is returned */
} octi_csv_stats;

/* The lines that begin in the range. Stats are set on failure, too. */
OCT_NODISCARD oct_err octi_csv_read(const octi_csv *csv, const octi_csv_range *range, octi_batch *out,
                                    octi_csv_stats *stats, oct_error *err);

/* The number of the line that begins at an offset, from 1; 0 when the file cannot be read. */
uint64_t octi_csv_line(const char *path, uint64_t offset);

#endif
