#include <stdlib.h>
#include <yyjson.h>

#include "runtime/io/json.h"

struct octi_json {
    void *memory; /* what a document needs at most, so that none is allocated */
    size_t room;
    yyjson_doc *document;
    yyjson_obj_iter members;
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
        free(json->memory);
    free(json);
}

static oct_err reserve(octi_json *json, size_t size, oct_error *err)
{
    if (size <= json->room)
        return OCT_OK;
    free(json->memory);
    json->room = 0;
    json->memory = malloc(2 * size);
    if (!json->memory)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu bytes of JSON", 2 * size);
    json->room = 2 * size;
    return OCT_OK;
}

oct_err octi_json_read(octi_json *json, const char *text, size_t size, oct_error *err)
{
    yyjson_alc pool;
    yyjson_read_err wrong;
    json->members = (yyjson_obj_iter){0};
    oct_err code = reserve(json, yyjson_read_max_memory_usage(size, YYJSON_READ_NOFLAG), err);
    if (code != OCT_OK)
        return code;
    if (!yyjson_alc_pool_init(&pool, json->memory, json->room))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu bytes of JSON", size);
    /* The text is only read without the flag that allows to change it. */
    json->document = yyjson_read_opts((char *)(uintptr_t)text, size, YYJSON_READ_NOFLAG, &pool, &wrong);
    if (!json->document)
        return oct_fail(err, OCT_E_INVALID, "expected a JSON object: %s at byte %zu", wrong.msg,
                        wrong.pos + 1);
    yyjson_val *root = yyjson_doc_get_root(json->document);
    if (!yyjson_obj_iter_init(root, &json->members))
        return oct_fail(err, OCT_E_INVALID, "expected a JSON object, found another value");
    return OCT_OK;
}

static octi_json_value value_of(yyjson_val *from)
{
    octi_json_value value = {.kind = OCTI_JSON_NESTED};
    switch (yyjson_get_tag(from)) {
    case YYJSON_TYPE_NULL | YYJSON_SUBTYPE_NONE:
        value.kind = OCTI_JSON_NULL;
        break;
    case YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE:
    case YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_FALSE:
        value.kind = OCTI_JSON_BOOL;
        value.whole = yyjson_get_bool(from);
        break;
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT:
        value.whole = (int64_t)yyjson_get_uint(from);
        value.real = (double)yyjson_get_uint(from);
        value.kind = value.whole >= 0 ? OCTI_JSON_WHOLE : OCTI_JSON_REAL;
        break;
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT:
        value.kind = OCTI_JSON_WHOLE;
        value.whole = yyjson_get_sint(from);
        break;
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL:
        value.kind = OCTI_JSON_REAL;
        value.real = yyjson_get_real(from);
        break;
    default:
        if (yyjson_is_str(from)) {
            value.kind = OCTI_JSON_TEXT;
            value.text = yyjson_get_str(from);
            value.size = yyjson_get_len(from);
        }
    }
    return value;
}

bool octi_json_next(octi_json *json, const char **name, size_t *size, octi_json_value *value)
{
    yyjson_val *key = yyjson_obj_iter_next(&json->members);
    if (!key)
        return false;
    *name = yyjson_get_str(key);
    *size = yyjson_get_len(key);
    *value = value_of(yyjson_obj_iter_get_val(key));
    return true;
}

const char *octi_json_library(void)
{
    return "yyjson";
}
