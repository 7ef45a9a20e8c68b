#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/task/type.h"

/* What all array kinds look like; oct/value.h's structs differ only in the pointer's type. */
typedef struct slice {
    void *data;
    size_t count;
} slice;

static const uint64_t no_string = UINT64_MAX;

bool octi_type_is_plain(const octi_type *type)
{
    return type->kind <= OCTI_ERR;
}

size_t octi_type_item_size(octi_kind kind)
{
    switch (kind) {
    case OCTI_BYTES:
        return 1;
    case OCTI_DOUBLES:
        return sizeof(double);
    case OCTI_FLOATS:
        return sizeof(float);
    case OCTI_INTS:
        return sizeof(int);
    case OCTI_INT64S:
        return sizeof(int64_t);
    default:
        return 0;
    }
}

static slice read_slice(const void *value)
{
    slice items;
    memcpy(&items, value, sizeof(items));
    return items;
}

static const char *read_string(const void *value)
{
    const char *text;
    memcpy(&text, value, sizeof(text));
    return text;
}

void oct_pack(oct_packer *packer, const void *bytes, size_t size)
{
    if (!packer->failed && octi_buffer_append(packer->buffer, bytes, size) != OCT_OK)
        packer->failed = true;
}

void oct_pack_string(oct_packer *packer, const char *text)
{
    uint64_t length = text ? strlen(text) : no_string;
    oct_pack(packer, &length, sizeof(length));
    if (text)
        oct_pack(packer, text, length);
}

bool oct_unpack(oct_unpacker *unpacker, void *bytes, size_t size)
{
    if (unpacker->failed || size > unpacker->left) {
        unpacker->failed = true;
        memset(bytes, 0, size);
        return false;
    }
    if (size > 0)
        memcpy(bytes, unpacker->next, size);
    unpacker->next += size;
    unpacker->left -= size;
    return true;
}

char *oct_unpack_string(oct_unpacker *unpacker)
{
    uint64_t length;
    if (!oct_unpack(unpacker, &length, sizeof(length)) || length == no_string)
        return NULL;
    if (length > unpacker->left) {
        unpacker->failed = true;
        return NULL;
    }
    char *text = malloc(length + 1);
    if (!text) {
        unpacker->failed = true;
        return NULL;
    }
    oct_unpack(unpacker, text, length);
    text[length] = '\0';
    return text;
}

size_t oct_unpack_left(const oct_unpacker *unpacker)
{
    return unpacker->failed ? 0 : unpacker->left;
}

oct_err octi_value_pack(const octi_type *type, const void *value, octi_buffer *to)
{
    oct_packer packer = {to, false};
    switch (type->kind) {
    case OCTI_STRING:
    case OCTI_CSTRING:
        oct_pack_string(&packer, read_string(value));
        break;
    case OCTI_USER:
        type->user->pack(value, &packer);
        break;
    default:
        if (octi_type_is_plain(type)) {
            oct_pack(&packer, value, type->size);
        } else {
            slice items = read_slice(value);
            oct_pack(&packer, items.data, items.count * octi_type_item_size(type->kind));
        }
    }
    return packer.failed ? OCT_E_NOMEM : OCT_OK;
}

static oct_err unpack_slice(size_t item_size, oct_unpacker *from, void *value)
{
    if (from->left % item_size != 0)
        return OCT_E_PROTOCOL;
    slice items = {NULL, from->left / item_size};
    if (items.count > 0) {
        items.data = malloc(from->left);
        if (!items.data)
            return OCT_E_NOMEM;
        oct_unpack(from, items.data, from->left);
    }
    memcpy(value, &items, sizeof(items));
    return OCT_OK;
}

oct_err octi_value_pack_next(const octi_type *type, const void *value, octi_buffer *to)
{
    uint64_t size = 0;
    size_t start = to->size;
    oct_err code = octi_buffer_append(to, &size, sizeof(size));
    if (code == OCT_OK)
        code = octi_value_pack(type, value, to);
    if (code != OCT_OK)
        return code;
    size = to->size - start - sizeof(size);
    memcpy(to->data + start, &size, sizeof(size));
    return OCT_OK;
}

/* One that ran out of bytes without a look at it is whole, but not what was packed. */
static oct_err unpack_user(const octi_type *type, oct_unpacker *from, void *value)
{
    if (!type->user->unpack(value, from))
        return OCT_E_PROTOCOL;
    if (!from->failed)
        return OCT_OK;
    octi_value_release(type, value);
    return OCT_E_PROTOCOL;
}

oct_err octi_value_unpack(const octi_type *type, const void *bytes, size_t size, void *value)
{
    oct_unpacker from = {bytes, size, false};
    if (octi_type_is_plain(type)) {
        if (size != type->size)
            return OCT_E_PROTOCOL;
        oct_unpack(&from, value, size);
        return OCT_OK;
    }
    if (type->kind == OCTI_USER)
        return unpack_user(type, &from, value);
    if (type->kind != OCTI_STRING && type->kind != OCTI_CSTRING)
        return unpack_slice(octi_type_item_size(type->kind), &from, value);

    char *text = oct_unpack_string(&from);
    if (from.failed || from.left > 0) {
        free(text);
        return OCT_E_PROTOCOL;
    }
    memcpy(value, &text, sizeof(text));
    return OCT_OK;
}

oct_err octi_value_unpack_next(const octi_type *type, oct_unpacker *from, void *value)
{
    uint64_t size;
    if (!oct_unpack(from, &size, sizeof(size)) || size > from->left)
        return OCT_E_PROTOCOL;
    const char *bytes = from->next;
    from->next += size;
    from->left -= size;
    return octi_value_unpack(type, bytes, size, value);
}

static oct_err copy_slice(const octi_type *type, const void *value, void *copy)
{
    slice items = read_slice(value);
    size_t size = items.count * octi_type_item_size(type->kind);
    void *data = size > 0 ? malloc(size) : NULL;
    if (size > 0 && !data)
        return OCT_E_NOMEM;
    if (size > 0)
        memcpy(data, items.data, size);
    items.data = data;
    memcpy(copy, &items, sizeof(items));
    return OCT_OK;
}

oct_err octi_value_copy(const octi_type *type, const void *value, void *copy)
{
    if (octi_type_is_plain(type)) {
        memcpy(copy, value, type->size);
        return OCT_OK;
    }
    if (type->kind == OCTI_USER) {
        octi_buffer bytes = {0};
        oct_err code = octi_value_pack(type, value, &bytes);
        if (code == OCT_OK)
            code = octi_value_unpack(type, bytes.data, bytes.size, copy);
        octi_buffer_deinit(&bytes);
        return code;
    }
    if (type->kind != OCTI_STRING && type->kind != OCTI_CSTRING)
        return copy_slice(type, value, copy);

    const char *text = read_string(value);
    char *own = text ? strdup(text) : NULL;
    if (text && !own)
        return OCT_E_NOMEM;
    memcpy(copy, &own, sizeof(own));
    return OCT_OK;
}

void octi_value_release(const octi_type *type, void *value)
{
    if (octi_type_is_plain(type))
        return;
    if (type->kind == OCTI_USER)
        type->user->release(value);
    else if (type->kind == OCTI_STRING || type->kind == OCTI_CSTRING)
        free((void *)read_string(value));
    else
        free(read_slice(value).data);
}

size_t octi_value_bytes(const octi_type *type, const void *value)
{
    if (type->kind == OCTI_STRING || type->kind == OCTI_CSTRING)
        return read_string(value) ? strlen(read_string(value)) + 1 : 0;
    size_t item_size = octi_type_item_size(type->kind);
    return item_size > 0 ? read_slice(value).count * item_size : type->size;
}

static void describe_number(const octi_type *type, const void *value, char *out, size_t size)
{
    uint64_t bits = 0;
    memcpy(&bits, value, type->size < sizeof(bits) ? type->size : sizeof(bits));
    unsigned unused = 64 - 8 * (type->size < 8 ? type->size : 8);
    if (type->kind == OCTI_UINT || type->kind == OCTI_BOOL || type->kind == OCTI_CHAR)
        snprintf(out, size, "%llu", (unsigned long long)bits);
    else
        snprintf(out, size, "%lld", (long long)((int64_t)(bits << unused) >> unused));
}

static void describe_float(const octi_type *type, const void *value, char *out, size_t size)
{
    long double number = 0;
    double real = 0;
    float small = 0;
    if (type->size == sizeof(float)) {
        memcpy(&small, value, sizeof(small));
        number = small;
    } else if (type->size == sizeof(double)) {
        memcpy(&real, value, sizeof(real));
        number = real;
    } else {
        memcpy(&number, value, sizeof(number));
    }
    snprintf(out, size, "%Lg", number);
}

void octi_value_describe(const octi_type *type, const void *value, char *out, size_t size)
{
    switch (type->kind) {
    case OCTI_BOOL:
    case OCTI_CHAR:
    case OCTI_INT:
    case OCTI_UINT:
        describe_number(type, value, out, size);
        break;
    case OCTI_FLOAT:
        describe_float(type, value, out, size);
        break;
    case OCTI_STRING:
    case OCTI_CSTRING: {
        const char *text = read_string(value);
        if (!text)
            snprintf(out, size, "NULL");
        else
            snprintf(out, size, strlen(text) > 40 ? "\"%.40s...\"" : "\"%.40s\"", text);
        break;
    }
    default:
        if (octi_type_item_size(type->kind) > 0)
            snprintf(out, size, "%s[%zu]", type->name, read_slice(value).count);
        else
            snprintf(out, size, "%s", type->name);
    }
}
