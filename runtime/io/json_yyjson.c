#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "runtime/io/json.h"

struct octi_json {
    void *memory; /* what a document needs at most, so that none is allocated */
    size_t room;
    yyjson_obj_iter members;
    char *all; /* many texts as one array, which is read in place */
    size_t all_room;
    yyjson_arr_iter objects; /* of that */
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
    if (json) {
        free(json->memory);
        free(json->all);
    }
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
    yyjson_doc *document = yyjson_read_opts((char *)(uintptr_t)text, size, YYJSON_READ_NOFLAG, &pool, &wrong);
    if (!document)
        return oct_fail(err, OCT_E_INVALID, "expected a JSON object: %s at byte %zu", wrong.msg,
                        wrong.pos + 1);
    yyjson_val *root = yyjson_doc_get_root(document);
    if (!yyjson_obj_iter_init(root, &json->members))
        return oct_fail(err, OCT_E_INVALID, "expected a JSON object, found another value");
    return OCT_OK;
}

/* "[text,text,...]" with the bytes after it that yyjson asks for. Returns its size, or 0 where memory is
 * short. */
static size_t join(octi_json *json, const octi_json_text *texts, size_t count)
{
    size_t size = 1, at = 0;
    for (size_t i = 0; i < count; i++)
        size += texts[i].size + 1;
    if (size + YYJSON_PADDING_SIZE > json->all_room) {
        char *larger = realloc(json->all, 2 * (size + YYJSON_PADDING_SIZE));
        if (!larger)
            return 0;
        json->all = larger;
        json->all_room = 2 * (size + YYJSON_PADDING_SIZE);
    }
    json->all[at++] = '[';
    for (size_t i = 0; i < count; at += texts[i++].size + 1) {
        memcpy(json->all + at, texts[i].text, texts[i].size);
        json->all[at + texts[i].size] = ',';
    }
    json->all[size - 1] = ']';
    memset(json->all + size, 0, YYJSON_PADDING_SIZE);
    return size;
}

/* True where the object's first name stands where a text's does: strings that are read in place stay there.
 */
static bool begins_at(yyjson_val *object, const char *text)
{
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    const char *name = yyjson_get_str(yyjson_obj_iter_next(&members));
    if (*text++ != '{')
        return false;
    while (*text == ' ' || *text == '\t' || *text == '\r')
        text++;
    return *text == '"' && name == text + 1;
}

/* An element of the array that began in text i - 1 and ended in text i would have to end before it begins, as
 * the element of text i begins with it: so where all begin where their texts do, each is one text. */
bool octi_json_read_all(octi_json *json, const octi_json_text *texts, size_t count)
{
    yyjson_alc pool;
    yyjson_val *object;
    size_t size = count > 0 ? join(json, texts, count) : 0, at = 1, i = 0;
    if (size == 0 || reserve(json, yyjson_read_max_memory_usage(size, YYJSON_READ_INSITU), NULL) != OCT_OK ||
        !yyjson_alc_pool_init(&pool, json->memory, json->room))
        return false;
    yyjson_val *root =
        yyjson_doc_get_root(yyjson_read_opts(json->all, size, YYJSON_READ_INSITU, &pool, NULL));
    if (yyjson_arr_size(root) != count || !yyjson_arr_iter_init(root, &json->objects))
        return false;
    while ((object = yyjson_arr_iter_next(&json->objects))) {
        if (!begins_at(object, json->all + at))
            return false;
        at += texts[i++].size + 1;
    }
    return yyjson_arr_iter_init(root, &json->objects);
}

void octi_json_enter(octi_json *json)
{
    json->members = yyjson_obj_iter_with(yyjson_arr_iter_next(&json->objects));
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
