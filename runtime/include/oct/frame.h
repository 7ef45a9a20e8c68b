/* oct/frame.h - tables of typed columns, computed where the pool runs.
 *
 *   oct_frame *trips = oct_read_csv(pool, "data/taxi/" "*.csv");
 *   oct_frame *paid = oct_frame_where(trips, "fare_amount > 0");
 *   oct_frame *tips = oct_frame_assign(paid, "tip_fraction", "tip_amount / fare_amount");
 *   oct_frame_print(oct_frame_groupby(tips, "passenger_count", "mean(tip_fraction)"), stdout);
 *
 * Building a frame is free: it says what is wanted. Computing or printing it reads only the columns that
 * are needed, chunk by chunk, everything up to the next group-by, sort or head in one pass over
 * each chunk, as a map on the pool. oct_frame_explain shows it.
 *
 * Frames do not change. The caller owns each frame it gets and destroys it, in any order. A call
 * that returns NULL says why by oct_last_error, and every call accepts NULL as a frame and fails with
 * the same error, so that a chain needs one check at its end. One thread at a time uses a frame
 * and those derived from it.
 *
 * Nulls: an empty unquoted field is null. Arithmetic and comparison with null are null; where keeps rows
 * whose condition is true; aggregates skip nulls; keys that are null are a group of their own, the last.
 * NaN is a value. Sums do not depend on pool or workers: chunks are the same everywhere
 * and their partial sums are added in the order of the file. */
#ifndef OCT_FRAME_H
#define OCT_FRAME_H

#include <stdio.h>

#include "oct/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum oct_column_type {
    OCT_INT64,
    OCT_DOUBLE,
    OCT_BOOL,
    OCT_STRING,    /* bytes, in UTF-8 by convention */
    OCT_DATE,      /* milliseconds since 1970-01-01, whole days */
    OCT_TIMESTAMP, /* microseconds since 1970-01-01 00:00:00, without a time zone */
} oct_column_type;

typedef struct oct_frame oct_frame;

typedef struct oct_csv_options {
    char delimiter;      /* 0: a comma */
    bool skip_malformed; /* drop and count lines that cannot be read; otherwise the first one fails */
    const char *types;   /* "passenger_count double, zone string": columns whose type shall not
                            be inferred; of int64, double, bool, string, date, timestamp */
} oct_csv_options;

/* Files with a header line each, the same in all, by a pattern as for the shell, in the
 * order of their names. Types are inferred from the first megabyte. Fields may be quoted, with
 * doubled quotes, delimiters and newlines inside; lines end in LF or CRLF. Opens the files
 * to read their headers: OCT_E_NOTFOUND, OCT_E_DENIED, OCT_E_INVALID. A file that gzip or zstd packed, as
 * its first bytes tell, is unpacked once in each process that reads it, into a temporary file without
 * a name (in TMPDIR, or /tmp): OCT_E_INVALID where it is cut off or damaged, OCT_E_EXHAUSTED without room. */
OCT_API oct_frame *oct_read_csv(oct_pool *pool, const char *pattern);
OCT_API oct_frame *oct_read_csv_with(oct_pool *pool, const char *pattern, const oct_csv_options *options);

typedef struct oct_jsonl_options {
    bool skip_malformed; /* as of CSV */
    const char *types;   /* as of CSV; may name members that no line of the first megabyte has */
} oct_jsonl_options;

/* Files with a JSON object a line: a column a member, which is null where a line does not have it. Types are
 * those of the values in the first megabyte of the first file that has lines: numbers are int64 where all are
 * whole, else double; text is date or timestamp where all of it reads as one; values of several
 * types are a string. Members that are objects or arrays are no column, nor are those that only come later
 * and are not in `types`. Text is read as a number or bool where `types` says so, which is how NaN is
 * written. Packed files, errors and lines that are skipped are as of CSV. */
OCT_API oct_frame *oct_read_jsonl(oct_pool *pool, const char *pattern);
OCT_API oct_frame *oct_read_jsonl_with(oct_pool *pool, const char *pattern, const oct_jsonl_options *options);

/* The rows for which an expression is true.
 *
 * Expressions have columns (in backticks where the name is not a word), numbers, 'text', true,
 * false; + - * / %; = == != <> < <= > >=; and or not; parentheses; isnull(x), abs, floor, ceil,
 * round, sqrt, log, exp of numbers; length(text), contains, startswith,
 * endswith(text, text); year, month, day, weekday (Monday is 0), date of dates and timestamps,
 * hour, minute, second of timestamps; truncate(time, '15 minutes'), where the stretch of time begins that it
 * lies in (microsecond, millisecond, second, minute, hour, day, week, month, year; weeks begin on Mondays,
 * all others are counted from 1970-01-01). `/` is a division of doubles, by zero as IEEE 754 says; the rest
 * of integers stays integer, wraps at 64 bits, and % by zero is null. Text beside a date or timestamp is read
 * as one. */
OCT_API oct_frame *oct_frame_where(oct_frame *frame, const char *condition);

/* A new column, or a replaced one. */
OCT_API oct_frame *oct_frame_assign(oct_frame *frame, const char *name, const char *expression);

/* Columns or expressions, separated by commas: "vendor, fare * 2 as twice". */
OCT_API oct_frame *oct_frame_select(oct_frame *frame, const char *list);

/* A row for each distinct combination of keys (a list as for select), in the order of the keys. Aggregates:
 * count() of rows, count, sum, mean, min, max, var, std (of a sample), first, median, quantile(x, 0.9) of an
 * expression that is not text, nunique of any (how many different values, NaN being one), argmax(at, x) and
 * argmin, the value of `at` in the first row where x, a number or time compared as a double, is largest or
 * smallest: "count() as trips, mean(tip / fare)". No value at all gives null, and nunique 0. A quantile lies
 * between the two values next to it, as far as it does, and is NaN where one of all is. Median and quantile
 * keep all values until the end, nunique the different ones: OCT_E_EXHAUSTED beyond 2 GiB. */
OCT_API oct_frame *oct_frame_groupby(oct_frame *frame, const char *keys, const char *aggregates);

/* How often each combination of columns comes, the most frequent first: the columns, and "count". */
OCT_API oct_frame *oct_frame_value_counts(oct_frame *frame, const char *columns);

/* The first row of each combination of columns, "vendor, day"; of all columns where it is NULL. */
OCT_API oct_frame *oct_frame_distinct(oct_frame *frame, const char *columns);

/* Ordered by columns, "fare desc, vendor"; rows that are equal keep their order, nulls come last.
 * In the program's own memory. */
OCT_API oct_frame *oct_frame_sort(oct_frame *frame, const char *by);

/* The first rows; no more chunks are read than it takes. */
OCT_API oct_frame *oct_frame_head(oct_frame *frame, size_t rows);

/* The last rows. */
OCT_API oct_frame *oct_frame_tail(oct_frame *frame, size_t rows);

/* The first rows in an order, "fare desc": as a sort and a head, which are computed so, too, without
 * sorting more than a chunk at a time. */
OCT_API oct_frame *oct_frame_largest(oct_frame *frame, const char *by, size_t rows);

typedef enum oct_join_kind {
    OCT_JOIN_INNER, /* rows of both that match */
    OCT_JOIN_LEFT,  /* and those of the left side without a match, beside nulls */
    OCT_JOIN_SEMI,  /* rows of the left side that have a match, once each */
    OCT_JOIN_ANTI,  /* rows of the left side that have none */
    OCT_JOIN_OUTER, /* left, and after it those of the right side without a match; both are computed twice */
} oct_join_kind;

/* Rows of two frames with the same values in the columns of `on`, "zone, day", which both must have
 * in the same types; null matches nothing. Other columns must have different names. The right
 * frame, which should be the smaller one, is computed first and sent to all workers. In the order
 * of the left frame, and of the right one where several match. */
OCT_API oct_frame *oct_frame_join(oct_frame *left, oct_frame *right, const char *on, oct_join_kind kind);

/* The rows of one after those of the other, with the columns of both: null where a frame has no such
 * column. In the program's own memory. */
OCT_API oct_frame *oct_frame_concat(oct_frame *frame, oct_frame *other);

/* A row for each column of numbers: column, count, mean, std, min, max. */
OCT_API oct_frame *oct_frame_describe(oct_frame *frame);

/* Pearson's correlation of columns with each other, a list as for select, or of all columns of numbers where
 * it is NULL: a row and a column for each, and its name in "column". A row counts for a pair where both have
 * a value; null where fewer than two rows do, or one of the columns never changes. In one pass over the
 * chunks. */
OCT_API oct_frame *oct_frame_correlation(oct_frame *frame, const char *columns);

/* A row for each combination of keys, `index`, and a column for each value of `column`, in their orders, with
 * the aggregate of the rows that have both: null where there are none. Computes at once, since its columns
 * are what the data says: ("zone", "weekday(at) as day", "mean(fare)"). OCT_E_EXHAUSTED beyond 10,000
 * columns. */
OCT_API oct_frame *oct_frame_pivot(oct_frame *frame, const char *index, const char *column,
                                   const char *aggregate);

/* Ordered by a column of dates or timestamps, which becomes the index: what between and windows of time go
 * by. Frames that are derived keep it as long as they keep the column and its order. */
OCT_API oct_frame *oct_frame_set_index(oct_frame *frame, const char *column);

/* The rows whose index is at or after `from` and before `to`, "2019-01-31" or "2019-01-31 12:00:00"; NULL is
 * no bound. In a computed frame they are found by halving, and the others are not looked at. OCT_E_INVALID
 * without an index. */
OCT_API oct_frame *oct_frame_between(oct_frame *frame, const char *from, const char *to);

/* A row for each stretch of time, "15 minutes", as truncate of expressions cuts it, from that of the first
 * time in a column to that of the last: when it begins, and aggregates of its rows as of a group-by. Where a
 * stretch has no rows, counts are 0 and all else is null. Rows without a time are left out. The frame needs
 * no index, and what is returned has one. OCT_E_EXHAUSTED beyond 50 million. */
OCT_API oct_frame *oct_frame_resample(oct_frame *frame, const char *column, const char *every,
                                      const char *aggregates);

/* All rows and columns, and aggregates of a window that ends with each row: "20 rows", or all rows up to it
 * that are less than "7 days" older, for which the frame must have an index. Windows at the beginning have
 * the rows that there are, those of rows without a time none. Aggregates are as of a group-by. Its
 * chunks are computed where the pool runs, each with the rows before it that its windows reach back to; what
 * it is of, in the program's own memory. */
OCT_API oct_frame *oct_frame_rolling(oct_frame *frame, const char *window, const char *aggregates);

/* Computes: a frame in the program's memory, from which nothing is read again. */
OCT_API oct_frame *oct_frame_compute(oct_frame *frame);

/* Of a frame that oct_frame_compute returned: rows; lines that were skipped while it was read;
 * 0 of others. */
OCT_API size_t oct_frame_rows(const oct_frame *frame);
OCT_API size_t oct_frame_skipped(const oct_frame *frame);

/* The values of a column of a computed frame, NULL where there is no such column or its type is
 * another. They belong to the frame; what stands where a row is null means nothing. */
OCT_API const int64_t *oct_frame_int64s(const oct_frame *frame, const char *column); /* dates, too */
OCT_API const double *oct_frame_doubles(const oct_frame *frame, const char *column);

/* A string is not NUL-terminated; NULL for a null. */
OCT_API const char *oct_frame_string(const oct_frame *frame, const char *column, size_t row, size_t *size);

/* True as well where there is no such column or row. */
OCT_API bool oct_frame_is_null(const oct_frame *frame, const char *column, size_t row);

/* Computes and prints it as a table: the first and last rows where there are more than 20. */
OCT_API oct_err oct_frame_print(oct_frame *frame, FILE *to);

/* Computes and writes a file, which appears under its name when it is complete: CSV with a header, where
 * an empty text is quoted and a null is not there; or a JSON object a line, where NaN and infinities
 * are null. Doubles read back as they are. OCT_E_IO, OCT_E_DENIED, OCT_E_EXHAUSTED (disk full). */
OCT_API oct_err oct_frame_write_csv(oct_frame *frame, const char *path);
OCT_API oct_err oct_frame_write_jsonl(oct_frame *frame, const char *path);

/* Prints what computing it would do, without doing it. */
OCT_API oct_err oct_frame_explain(oct_frame *frame, FILE *to);

/* NULL is ignored. */
OCT_API void oct_frame_destroy(oct_frame *frame);

#ifdef __cplusplus
}
#endif
#endif
