/* core/json.h - reading JSON that others wrote.
 *
 * A path names a value by its keys, separated by '/' ("State/ExitCode"). A failure quotes
 * the path and what was found there. Found values belong to the document. */
#ifndef OCTI_JSON_H
#define OCTI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"

/* Parses size bytes; `subject` says in the message whose they are ("the engine's reply").
 * OCT_E_PROTOCOL. The caller releases *out with json_decref. */
OCT_NODISCARD oct_err octi_json_parse(const char *bytes, size_t size, const char *subject, json_t **out,
                                      oct_error *err);

/* The value at path, or NULL when any part of it is absent or null. */
json_t *octi_json_find(const json_t *root, const char *path);

/* Must be there and of that type, else OCT_E_PROTOCOL. */
OCT_NODISCARD oct_err octi_json_string(const json_t *root, const char *path, const char **out,
                                       oct_error *err);
OCT_NODISCARD oct_err octi_json_integer(const json_t *root, const char *path, int64_t *out, oct_error *err);
OCT_NODISCARD oct_err octi_json_object(const json_t *root, const char *path, json_t **out, oct_error *err);
OCT_NODISCARD oct_err octi_json_array(const json_t *root, const char *path, json_t **out, oct_error *err);

/* For what may be absent: the fallback also where the type is another. */
const char *octi_json_string_or(const json_t *root, const char *path, const char *fallback);
int64_t octi_json_integer_or(const json_t *root, const char *path, int64_t fallback);
bool octi_json_bool_or(const json_t *root, const char *path, bool fallback);

/* An object that holds each member of the array under the string that it has as `key` (the first of
 * equal ones), so that finding each of thousands costs no search. The caller releases it; NULL: out of
 * memory, which Jansson takes as an empty one. */
json_t *octi_json_index(const json_t *array, const char *key);

/* Copies text into out with every control character made a space and runs of blanks one
 * space, so that what an engine sent cannot drive a terminal. Cut texts end in "...". */
void octi_text_clean(const char *text, char *out, size_t capacity);

#endif
