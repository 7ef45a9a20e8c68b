/* frame/column.h - typed columns and batches of them.
 *
 * Buffers are laid out as the Arrow columnar format says (arrow.apache.org/docs/format), so that
 * they can be exported as they are: bit 0 of a validity bitmap is row 0, a set bit is a value;
 * int64, double, timestamp (microseconds) and date (milliseconds) are 8 bytes a row; strings
 * are 32-bit offsets, one more than rows, into their text, the first of which need not be 0. Booleans are a
 * byte a row here.
 *
 * One owner, no locks; batches that are only read may be read by many. */
#ifndef OCTI_COLUMN_H
#define OCTI_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/frame.h"

typedef struct octi_column {
    oct_column_type type;
    bool borrowed;   /* somebody else frees the buffers */
    uint64_t *valid; /* NULL: no row is null */
    union {
        void *values;
        int64_t *ints; /* also dates and timestamps */
        double *doubles;
        uint8_t *bools;
    };
    int32_t *offsets; /* of strings */
    char *text;
} octi_column;

typedef struct octi_batch {
    size_t rows;
    size_t count; /* of columns */
    char **names;
    octi_column *columns;
} octi_batch;

static inline bool octi_is_valid(const octi_column *column, size_t row)
{
    return !column->valid || (column->valid[row / 64] >> (row % 64) & 1);
}

static inline size_t octi_bitmap_words(size_t rows)
{
    return (rows + 63) / 64;
}

/* Bytes a row takes in `values`; 0 for strings. */
size_t octi_type_width(oct_column_type type);

void octi_column_deinit(octi_column *column);

/* Values of that many rows, not set; a string column gets offsets and `text` bytes. On failure
 * *column is empty. */
OCT_NODISCARD oct_err octi_column_init(octi_column *column, oct_column_type type, size_t rows, size_t text,
                                       oct_error *err);

/* Makes every row valid in a bitmap of its own, to clear bits in. */
OCT_NODISCARD oct_err octi_column_add_bitmap(octi_column *column, size_t rows, oct_error *err);

static inline void octi_set_valid(octi_column *column, size_t row)
{
    column->valid[row / 64] |= UINT64_C(1) << (row % 64);
}

static inline void octi_set_null(octi_column *column, size_t row)
{
    column->valid[row / 64] &= ~(UINT64_C(1) << (row % 64));
}

/* Makes *column, which is one of numbers, one of doubles. */
OCT_NODISCARD oct_err octi_column_to_doubles(octi_column *column, size_t rows, oct_error *err);

/* The given rows of a column, in that order; rows may repeat. */
OCT_NODISCARD oct_err octi_column_gather(const octi_column *from, const uint32_t *rows, size_t count,
                                         octi_column *out, oct_error *err);

/* octi_column_gather in ranges of its rows: how many bytes of text the rows from `begin` to before `end`
 * have; a column for all rows and their text, none of which is set; and rows of it, whose text goes from
 * `text` on. Ranges that begin with multiples of 64 may be set at once. */
size_t octi_column_text_of(const octi_column *from, const uint32_t *rows, size_t begin, size_t end);
OCT_NODISCARD oct_err octi_column_init_gather(const octi_column *from, size_t rows, size_t text,
                                              octi_column *out, oct_error *err);
void octi_column_gather_range(const octi_column *from, const uint32_t *rows, size_t begin, size_t end,
                              size_t text, octi_column *out);

/* Three-way; nulls come last and equal each other, NaN comes after all numbers. */
int octi_column_compare(const octi_column *a, size_t row, const octi_column *b, size_t other);

/* Zero-initialised is valid and empty. */
void octi_batch_deinit(octi_batch *batch);

/* Adds a column; its buffers move into the batch (a borrowed one is copied first), and are freed
 * on failure too. The name is copied; a column of that name is replaced. */
OCT_NODISCARD oct_err octi_batch_take(octi_batch *batch, const char *name, octi_column *column,
                                      oct_error *err);

/* Adds a column that its owner keeps and that outlives the batch. */
OCT_NODISCARD oct_err octi_batch_lend(octi_batch *batch, const char *name, const octi_column *column,
                                      oct_error *err);

/* Borrows all columns of a batch that outlives *out. */
OCT_NODISCARD oct_err octi_batch_borrow(const octi_batch *batch, octi_batch *out, oct_error *err);

/* The same of `rows` rows from `begin` on, a multiple of 64. */
OCT_NODISCARD oct_err octi_batch_slice(const octi_batch *batch, size_t begin, size_t rows, octi_batch *out,
                                       oct_error *err);

/* The number of a column, or -1. */
int octi_batch_find(const octi_batch *batch, const char *name);

OCT_NODISCARD oct_err octi_batch_gather(const octi_batch *from, const uint32_t *rows, size_t count,
                                        octi_batch *out, oct_error *err);

/* So many rows from `begin` on, which octi_batch_slice has only from multiples of 64 on. */
OCT_NODISCARD oct_err octi_batch_copy(const octi_batch *from, size_t begin, size_t rows, octi_batch *out,
                                      oct_error *err);

/* Some rows of a batch. */
typedef struct octi_stretch {
    const octi_batch *batch;
    size_t begin, rows;
} octi_stretch;

/* Rows of batches of the same columns under each other; at least one stretch, which may be of no rows. */
OCT_NODISCARD oct_err octi_batch_stack(const octi_stretch *parts, size_t count, octi_batch *out,
                                       oct_error *err);

/* The same of all rows of batches; of none, a batch without columns. */
OCT_NODISCARD oct_err octi_batch_concat(const octi_batch *parts, size_t count, octi_batch *out,
                                        oct_error *err);

/* Adds the columns of a schema that another has and it lacks; OCT_E_TYPE where one has two types. */
OCT_NODISCARD oct_err octi_batch_widen(octi_batch *schema, const octi_batch *other, oct_error *err);

/* Replaces *batch by one with the schema's columns, in its order; null where it has none. */
OCT_NODISCARD oct_err octi_batch_conform(octi_batch *batch, const octi_batch *schema, oct_error *err);

/* A column that is null in all rows. */
OCT_NODISCARD oct_err octi_column_init_nulls(octi_column *column, oct_column_type type, size_t rows,
                                             oct_error *err);

/* The name of a type, as in oct/frame.h. */
const char *octi_type_name(oct_column_type type);

/* For messages between processes. What is read is checked: sizes add up, offsets ascend. */
void octi_batch_pack(const octi_batch *batch, oct_packer *to);
bool octi_batch_unpack(octi_batch *batch, oct_unpacker *from);

#endif
