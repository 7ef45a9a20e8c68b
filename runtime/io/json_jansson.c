#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/json.h"

struct octi_json {
    json_t *object;
    void *member;
    bool reals; /* all numbers were read as reals */
};

oct_err octi_json_create(octi_json **out, oct_error *err)
{
    octi_json *json = calloc(1, sizeof(*json));
    if (!json)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to read JSON");
    *out = json;
    return OCT_OK;
}

void octi_json_destroy(octi_json *json)
{
    if (json)
        json_decref(json->object);
    free(json);
}

oct_err octi_json_read(octi_json *json, const char *text, size_t size, oct_error *err)
{
    json_error_t wrong;
    size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
    json_decref(json->object);
    json->object = json_loadb(text, size, flags, &wrong);
    /* Jansson refuses whole numbers beyond 64 bits unless all numbers are to be reals. */
    json->reals = !json->object && json_error_code(&wrong) == json_error_numeric_overflow;
    if (json->reals)
        json->object = json_loadb(text, size, flags | JSON_DECODE_INT_AS_REAL, &wrong);
    json->member = json->object ? json_object_iter(json->object) : NULL;
    if (json->object)
        return json_is_object(json->object)
                   ? OCT_OK
                   : oct_fail(err, OCT_E_INVALID, "expected a JSON object, found another value");
    if (json_error_code(&wrong) == json_error_out_of_memory)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu bytes of JSON", size);
    return oct_fail(err, OCT_E_INVALID, "expected a JSON object: %.120s at byte %d", wrong.text,
                    wrong.position);
}

bool octi_json_read_all(octi_json *json, const octi_json_text *texts, size_t count)
{
    (void)json;
    (void)texts;
    (void)count;
    return false;
}

void octi_json_enter(octi_json *json)
{
    json->member = NULL;
}

/* Whole again, where nothing was lost: up to 2^53. */
static bool is_whole(double real)
{
    return rint(real) == real && fabs(real) <= 0x1p53;
}

static octi_json_value value_of(const json_t *from, bool reals)
{
    octi_json_value value = {.kind = OCTI_JSON_NESTED};
    switch (json_typeof(from)) {
    case JSON_NULL:
        value.kind = OCTI_JSON_NULL;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        value.kind = OCTI_JSON_BOOL;
        value.whole = json_is_true(from);
        break;
    case JSON_INTEGER:
        value.kind = OCTI_JSON_WHOLE;
        value.whole = json_integer_value(from);
        break;
    case JSON_REAL:
        value.real = json_real_value(from);
        value.kind = reals && is_whole(value.real) ? OCTI_JSON_WHOLE : OCTI_JSON_REAL;
        value.whole = value.kind == OCTI_JSON_WHOLE ? (int64_t)value.real : 0;
        break;
    case JSON_STRING:
        value.kind = OCTI_JSON_TEXT;
        value.text = json_string_value(from);
        value.size = json_string_length(from);
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return value;
}

bool octi_json_next(octi_json *json, const char **name, size_t *size, octi_json_value *value)
{
    if (!json->member)
        return false;
    *name = json_object_iter_key(json->member);
    *size = strlen(*name); /* Jansson has no names with a NUL */
    *value = value_of(json_object_iter_value(json->member), json->reals);
    json->member = json_object_iter_next(json->object, json->member);
    return true;
}

/* It reads no objects at once, so none are a table. */
size_t octi_json_columns(octi_json *json)
{
    (void)json;
    return 0;
}

const char *octi_json_column_name(const octi_json *json, size_t column, size_t *size)
{
    (void)json, (void)column;
    *size = 0;
    return "";
}

bool octi_json_take_doubles(const octi_json *json, size_t column, double *out)
{
    (void)json, (void)column, (void)out;
    return false;
}

bool octi_json_take_int64s(const octi_json *json, size_t column, int64_t *out)
{
    (void)json, (void)column, (void)out;
    return false;
}

bool octi_json_take_bools(const octi_json *json, size_t column, uint8_t *out)
{
    (void)json, (void)column, (void)out;
    return false;
}

bool octi_json_take_texts(const octi_json *json, size_t column, octi_json_text *out)
{
    (void)json, (void)column, (void)out;
    return false;
}

const char *octi_json_library(void)
{
    return "Jansson";
}
