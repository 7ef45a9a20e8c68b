#include <stdio.h>
#include <string.h>

#include "provision/core/json.h"

oct_err octi_json_parse(const char *bytes, size_t size, const char *subject, json_t **out, oct_error *err)
{
    json_error_t problem;
    json_t *value = bytes ? json_loadb(bytes, size, JSON_DECODE_ANY, &problem) : NULL;
    if (value) {
        *out = value;
        return OCT_OK;
    }
    if (size == 0)
        return oct_fail(err, OCT_E_PROTOCOL, "%s is empty where JSON was expected", subject);

    char text[100];
    octi_text_clean(problem.text, text, sizeof(text));
    return oct_fail(err, OCT_E_PROTOCOL, "%s is not JSON: line %d, column %d: %s", subject, problem.line,
                    problem.column, text);
}

json_t *octi_json_find(const json_t *root, const char *path)
{
    const json_t *at = root;
    while (at && *path) {
        size_t length = strcspn(path, "/");
        char key[256];
        if (length >= sizeof(key))
            return NULL;
        memcpy(key, path, length);
        key[length] = '\0';
        at = json_object_get(at, key); /* NULL when at is no object */
        path += length + (path[length] == '/');
    }
    return json_is_null(at) ? NULL : (json_t *)at;
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {"an object", "an array", "a string", "an integer",
                                        "a number",  "true",     "false",    "null"};
    return names[json_typeof(value)];
}

static oct_err find_typed(const json_t *root, const char *path, json_type type, const char *wanted,
                          json_t **out, oct_error *err)
{
    json_t *value = octi_json_find(root, path);
    if (!value)
        return oct_fail(err, OCT_E_PROTOCOL, "'%s' is missing", path);
    if (json_typeof(value) != type)
        return oct_fail(err, OCT_E_PROTOCOL, "'%s' is %s where %s was expected", path, type_name(value),
                        wanted);
    *out = value;
    return OCT_OK;
}

oct_err octi_json_string(const json_t *root, const char *path, const char **out, oct_error *err)
{
    json_t *value = NULL;
    oct_err code = find_typed(root, path, JSON_STRING, "a string", &value, err);
    if (code == OCT_OK)
        *out = json_string_value(value);
    return code;
}

oct_err octi_json_integer(const json_t *root, const char *path, int64_t *out, oct_error *err)
{
    json_t *value = NULL;
    oct_err code = find_typed(root, path, JSON_INTEGER, "an integer", &value, err);
    if (code == OCT_OK)
        *out = json_integer_value(value);
    return code;
}

oct_err octi_json_object(const json_t *root, const char *path, json_t **out, oct_error *err)
{
    return find_typed(root, path, JSON_OBJECT, "an object", out, err);
}

oct_err octi_json_array(const json_t *root, const char *path, json_t **out, oct_error *err)
{
    return find_typed(root, path, JSON_ARRAY, "an array", out, err);
}

const char *octi_json_string_or(const json_t *root, const char *path, const char *fallback)
{
    const char *value = json_string_value(octi_json_find(root, path));
    return value ? value : fallback;
}

int64_t octi_json_integer_or(const json_t *root, const char *path, int64_t fallback)
{
    const json_t *value = octi_json_find(root, path);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool octi_json_bool_or(const json_t *root, const char *path, bool fallback)
{
    const json_t *value = octi_json_find(root, path);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *octi_json_index(const json_t *array, const char *key)
{
    json_t *index = json_object(), *member;
    size_t i;
    json_array_foreach(array, i, member)
    {
        const char *name = json_string_value(json_object_get(member, key));
        if (name && !json_object_get(index, name) && json_object_set(index, name, member) != 0) {
            json_decref(index);
            return NULL;
        }
    }
    return index;
}

void octi_text_clean(const char *text, char *out, size_t capacity)
{
    size_t used = 0;
    bool cut = false;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool blank = *p <= ' ' || *p == 0x7f;
        if (blank && (used == 0 || out[used - 1] == ' '))
            continue;
        if (used + 1 >= capacity) {
            cut = true;
            break;
        }
        out[used++] = blank ? ' ' : (char)*p;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
    if (cut && capacity > 4)
        snprintf(out + (used > capacity - 4 ? capacity - 4 : used), 4, "...");
}
