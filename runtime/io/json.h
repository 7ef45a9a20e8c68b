/* io/json.h - the members of one JSON object, by yyjson where the build found it, else by Jansson.
 *
 * Both check all of the text (RFC 8259, UTF-8). A whole number beyond 64 bits is a real. */
#ifndef OCTI_JSON_H
#define OCTI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"

typedef enum octi_json_kind {
    OCTI_JSON_NULL,
    OCTI_JSON_BOOL,
    OCTI_JSON_WHOLE,
    OCTI_JSON_REAL,
    OCTI_JSON_TEXT,
    OCTI_JSON_NESTED, /* an object or an array */
} octi_json_kind;

typedef struct octi_json_value {
    octi_json_kind kind;
    int64_t whole; /* also of a bool */
    double real;
    const char *text;
    size_t size;
} octi_json_value;

/* Text of one object, with nothing blank before it. */
typedef struct octi_json_text {
    const char *text;
    size_t size;
} octi_json_text;

/* Objects, in memory that is used again. One thread at a time. */
typedef struct octi_json octi_json;

OCT_NODISCARD oct_err octi_json_create(octi_json **out, oct_error *err);

/* NULL is ignored. */
void octi_json_destroy(octi_json *json);

/* Reads an object, in place of the one before. OCT_E_INVALID says what is wrong where; OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_json_read(octi_json *json, const char *text, size_t size, oct_error *err);

/* Reads many objects at once, which costs less than one after the other: octi_json_enter then goes from each
 * to the next. False where it is not known that each text is one object, which octi_json_read tells of each:
 * Jansson knows of none, and of an empty one yyjson does not. */
bool octi_json_read_all(octi_json *json, const octi_json_text *texts, size_t count);

/* The first of those that were read at once, then the next one. */
void octi_json_enter(octi_json *json);

/* Objects that were read at once are a table where all have the same names in the same order and nothing is
 * nested: the number of its columns, each of which can be taken at once, or 0. Before octi_json_enter. */
size_t octi_json_columns(octi_json *json);

/* A column's name, which belongs to the reader. */
const char *octi_json_column_name(const octi_json *json, size_t column, size_t *size);

/* A column's values, one an object. False where one is of another kind (or no int64; any number is a double):
 * then what was written is of no use. Texts belong to the reader. */
bool octi_json_take_doubles(const octi_json *json, size_t column, double *out);
bool octi_json_take_int64s(const octi_json *json, size_t column, int64_t *out);
bool octi_json_take_bools(const octi_json *json, size_t column, uint8_t *out);
bool octi_json_take_texts(const octi_json *json, size_t column, octi_json_text *out);

/* The object's next member, false after the last. What is in *name and *value belongs to the reader and ends
 * with the object. A name that comes twice may be told once, as its last. */
bool octi_json_next(octi_json *json, const char **name, size_t *size, octi_json_value *value);

/* "yyjson" or "Jansson". */
const char *octi_json_library(void);

#endif
