/* bag/rows.h - records by field: for each field an array of the C values that tasks take.
 *
 * A record has one field, or several where operations pair them. What strings and arrays point
 * at is in the rows' own memory after an append; blocks, which live for one step of a pass,
 * borrow. All of it is memory of bag/spill.h. Running out of that is remembered in `failed`: one check at the
 * end is enough. */
#ifndef OCTI_ROWS_H
#define OCTI_ROWS_H

#include "oct/value.h"

enum { OCTI_ROW_FIELDS = 4 };

typedef struct octi_field {
    uint32_t kind; /* an octi_kind; strings are OCTI_CSTRING */
    uint32_t size; /* of the C value */
} octi_field;

typedef struct octi_shape {
    uint32_t count;
    octi_field fields[OCTI_ROW_FIELDS];
} octi_shape;

/* OCT_E_PROTOCOL for one with more fields than there are, as may come from another process. */
OCT_NODISCARD oct_err octi_shape_check(const octi_shape *shape, oct_error *err);

typedef struct octi_rows_memory octi_rows_memory;

typedef struct octi_rows {
    octi_shape shape;
    size_t count, capacity;
    char *values[OCTI_ROW_FIELDS];
    octi_rows_memory *memory;
    bool failed;
} octi_rows;

octi_field octi_field_of(const octi_type *type);
bool octi_field_is_plain(octi_field field);
bool octi_field_is_number(octi_field field); /* of at most eight bytes: has an order */
bool octi_field_same(octi_field a, octi_field b);
bool octi_shape_same(const octi_shape *a, const octi_shape *b);

/* "(const char *, 8-byte integer)" */
void octi_shape_describe(const octi_shape *shape, char *out, size_t size);

void octi_rows_init(octi_rows *rows, const octi_shape *shape);
void octi_rows_deinit(octi_rows *rows);

/* The records will not be looked at for a while: see octi_spill_rest. */
void octi_rows_rest(const octi_rows *rows);

/* Forgets the records, keeps the room for them. */
void octi_rows_clear(octi_rows *rows);

/* Room for so many more records. */
bool octi_rows_reserve(octi_rows *rows, size_t more);

/* Of no rows it is NULL, to which C before C2y (N3322) lets nobody add even 0: hence a number. */
static inline void *octi_rows_at(const octi_rows *rows, uint32_t field, size_t row)
{
    return (void *)((uintptr_t)rows->values[field] + row * rows->shape.fields[field].size);
}

/* The bytes that a value of a field points at, or is. */
const void *octi_value_bytes_of(octi_field field, const void *value, size_t *size);

/* 16-byte aligned memory that lives as long as the rows. */
void *octi_rows_memory_take(octi_rows *rows, size_t size);

/* Makes *value own what it points at. */
void octi_rows_own(octi_rows *rows, octi_field field, void *value);

/* Appends copies of records: those from `first` on, or those of an index. */
void octi_rows_append(octi_rows *rows, const octi_rows *from, size_t first, size_t count);
void octi_rows_gather(octi_rows *rows, const octi_rows *from, const uint32_t *index, size_t count);

void octi_rows_pack(const octi_rows *rows, oct_packer *to);

/* False when the bytes make no sense, or with *full when there was no room for them. */
bool octi_rows_unpack(octi_rows *rows, oct_unpacker *from, bool *full);

#endif
