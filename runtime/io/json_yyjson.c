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
    yyjson_val *first;       /* the first of them, while they are a table */
    size_t rows, columns;
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

/* ---- tables ---- */

enum { REAL = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, UINT = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT };

/* Behind a string that was read in place are at least a quote, a colon, a value, two brackets and the
 * padding: eight bytes can be read from any byte of it on. */
static bool is_same_name(yyjson_val *a, yyjson_val *b)
{
    size_t size = unsafe_yyjson_get_len(a);
    const char *x = unsafe_yyjson_get_str(a), *y = unsafe_yyjson_get_str(b);
    uint64_t one, other, differ = 0;
    if (a->tag != b->tag)
        return false;
    for (; size > 0 && differ == 0; x += 8, y += 8, size -= size < 8 ? size : 8) {
        memcpy(&one, x, 8);
        memcpy(&other, y, 8);
        differ = size < 8 ? (one ^ other) << (64 - 8 * size) : one ^ other;
    }
    return differ == 0;
}

/* The values of an object lie behind it, each after its name: so those of a table lie at equal distances. */
static yyjson_val *cell(const octi_json *json, size_t row, size_t column)
{
    return json->first + row * (1 + 2 * json->columns) + 1 + 2 * column;
}

static bool has_columns_of_first(const octi_json *json, size_t row)
{
    for (size_t i = 0; i < json->columns; i++)
        if (!is_same_name(cell(json, 0, i), cell(json, row, i)))
            return false;
    return true;
}

size_t octi_json_columns(octi_json *json)
{
    yyjson_val *object = json->objects.cur;
    json->first = object;
    json->rows = json->objects.max;
    json->columns = unsafe_yyjson_get_len(object);
    size_t flat = (1 + 2 * json->columns) * sizeof(yyjson_val);
    for (size_t i = 0; i < json->rows; i++, object = unsafe_yyjson_get_next(object)) {
        if (object->tag != json->first->tag || object->uni.ofs != flat || !has_columns_of_first(json, i))
            return 0;
    }
    return json->columns;
}

const char *octi_json_column_name(const octi_json *json, size_t column, size_t *size)
{
    yyjson_val *name = cell(json, 0, column);
    *size = unsafe_yyjson_get_len(name);
    return unsafe_yyjson_get_str(name);
}

bool octi_json_take_doubles(const octi_json *json, size_t column, double *out)
{
    for (size_t i = 0; i < json->rows; i++) {
        yyjson_val *value = cell(json, i, column) + 1;
        if (value->tag == REAL)
            out[i] = value->uni.f64;
        else if (unsafe_yyjson_is_num(value))
            out[i] = unsafe_yyjson_get_num(value);
        else
            return false;
    }
    return true;
}

bool octi_json_take_int64s(const octi_json *json, size_t column, int64_t *out)
{
    for (size_t i = 0; i < json->rows; i++) {
        yyjson_val *value = cell(json, i, column) + 1;
        if (!unsafe_yyjson_is_int(value) || (value->tag == UINT && value->uni.i64 < 0))
            return false;
        out[i] = value->uni.i64;
    }
    return true;
}

bool octi_json_take_bools(const octi_json *json, size_t column, uint8_t *out)
{
    for (size_t i = 0; i < json->rows; i++) {
        yyjson_val *value = cell(json, i, column) + 1;
        if (!unsafe_yyjson_is_bool(value))
            return false;
        out[i] = unsafe_yyjson_get_bool(value);
    }
    return true;
}

bool octi_json_take_texts(const octi_json *json, size_t column, octi_json_text *out)
{
    for (size_t i = 0; i < json->rows; i++) {
        yyjson_val *value = cell(json, i, column) + 1;
        if (!unsafe_yyjson_is_str(value))
            return false;
        out[i] = (octi_json_text){unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
    }
    return true;
}

/* ---- members ---- */

/* Only what its kind has: there are many of them. */
static void tell(yyjson_val *from, octi_json_value *value)
{
    switch (yyjson_get_tag(from)) {
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL:
        value->kind = OCTI_JSON_REAL;
        value->real = yyjson_get_real(from);
        return;
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT:
        value->whole = (int64_t)yyjson_get_uint(from);
        value->real = (double)yyjson_get_uint(from);
        value->kind = value->whole >= 0 ? OCTI_JSON_WHOLE : OCTI_JSON_REAL;
        return;
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT:
        value->kind = OCTI_JSON_WHOLE;
        value->whole = yyjson_get_sint(from);
        return;
    case YYJSON_TYPE_NULL | YYJSON_SUBTYPE_NONE:
        value->kind = OCTI_JSON_NULL;
        return;
    case YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE:
    case YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_FALSE:
        value->kind = OCTI_JSON_BOOL;
        value->whole = yyjson_get_bool(from);
        return;
    default:
        value->kind = yyjson_is_str(from) ? OCTI_JSON_TEXT : OCTI_JSON_NESTED;
        value->text = yyjson_get_str(from);
        value->size = yyjson_get_len(from);
    }
}

bool octi_json_next(octi_json *json, const char **name, size_t *size, octi_json_value *value)
{
    yyjson_val *key = yyjson_obj_iter_next(&json->members);
    if (!key)
        return false;
    *name = unsafe_yyjson_get_str(key);
    *size = unsafe_yyjson_get_len(key);
    tell(yyjson_obj_iter_get_val(key), value);
    return true;
}

const char *octi_json_library(void)
{
    return "yyjson";
}
