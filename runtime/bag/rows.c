#include <stdio.h>
#include <string.h>

#include "runtime/bag/rows.h"
#include "runtime/bag/spill.h"
#include "runtime/task/type.h"

/* Strings and arrays lie one after the other in pieces that never move. */
struct octi_rows_memory {
    octi_rows_memory *next;
    size_t size, used;
    _Alignas(16) char bytes[];
};

/* Each piece is twice as large as the one before. */
enum { FIRST_PIECE = 32 << 10, LAST_PIECE = 1 << 20, NULL_SIZE = UINT32_MAX };

octi_field octi_field_of(const octi_type *type)
{
    uint32_t kind = type->kind == OCTI_STRING ? OCTI_CSTRING : type->kind;
    return (octi_field){kind, type->size};
}

bool octi_field_is_plain(octi_field field)
{
    return field.kind >= OCTI_BOOL && field.kind <= OCTI_STRUCT;
}

bool octi_field_is_number(octi_field field)
{
    return field.kind >= OCTI_BOOL && field.kind <= OCTI_FLOAT && field.size <= 8;
}

bool octi_field_same(octi_field a, octi_field b)
{
    return a.kind == b.kind && a.size == b.size;
}

bool octi_shape_same(const octi_shape *a, const octi_shape *b)
{
    bool same = a->count == b->count;
    for (uint32_t f = 0; same && f < a->count; f++)
        same = octi_field_same(a->fields[f], b->fields[f]);
    return same;
}

void octi_shape_describe(const octi_shape *shape, char *out, size_t size)
{
    static const char *const kinds[] = {"nothing",          "bool",     "char",      "integer",
                                        "unsigned integer", "float",    "struct",    "outcome",
                                        "string",           "string",   "oct_bytes", "oct_doubles",
                                        "oct_floats",       "oct_ints", "oct_int64s"};
    size_t used = 0;
    if (size > 0)
        out[0] = '\0';
    for (uint32_t f = 0; f < shape->count && used < size; f++) {
        octi_field field = shape->fields[f];
        const char *separator = f == 0 ? "" : ", ";
        int wrote =
            field.kind >= OCTI_INT && field.kind <= OCTI_STRUCT
                ? snprintf(out + used, size - used, "%s%u-byte %s", separator, field.size, kinds[field.kind])
                : snprintf(out + used, size - used, "%s%s", separator,
                           field.kind <= OCTI_INT64S ? kinds[field.kind] : "?");
        used += (size_t)wrote;
    }
}

void octi_rows_init(octi_rows *rows, const octi_shape *shape)
{
    *rows = (octi_rows){.shape = *shape};
}

static void free_memory(octi_rows *rows)
{
    while (rows->memory) {
        octi_rows_memory *next = rows->memory->next;
        octi_spill_release(rows->memory);
        rows->memory = next;
    }
}

oct_err octi_shape_check(const octi_shape *shape, oct_error *err)
{
    return shape->count <= OCTI_ROW_FIELDS
               ? OCT_OK
               : oct_fail(err, OCT_E_PROTOCOL, "records of a bag with %u fields", shape->count);
}

void octi_rows_deinit(octi_rows *rows)
{
    for (uint32_t f = 0; f < OCTI_ROW_FIELDS; f++)
        octi_spill_release(rows->values[f]);
    free_memory(rows);
    *rows = (octi_rows){0};
}

void octi_rows_rest(const octi_rows *rows)
{
    for (uint32_t f = 0; f < rows->shape.count; f++)
        octi_spill_rest(rows->values[f]);
    for (const octi_rows_memory *piece = rows->memory; piece; piece = piece->next)
        octi_spill_rest(piece);
}

void octi_rows_clear(octi_rows *rows)
{
    rows->count = 0;
    free_memory(rows);
}

bool octi_rows_reserve(octi_rows *rows, size_t more)
{
    size_t wanted = rows->count + more;
    if (wanted <= rows->capacity)
        return true;
    if (wanted < 2 * rows->capacity)
        wanted = 2 * rows->capacity;
    for (uint32_t f = 0; f < rows->shape.count; f++) {
        char *values = octi_spill_resize(rows->values[f], wanted * rows->shape.fields[f].size);
        if (!values) {
            rows->failed = true;
            return false;
        }
        rows->values[f] = values;
    }
    rows->capacity = wanted;
    return true;
}

void *octi_rows_memory_take(octi_rows *rows, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    octi_rows_memory *piece = rows->memory;
    if (!piece || piece->size - piece->used < size) {
        size_t room = !piece ? FIRST_PIECE : 2 * piece->size < LAST_PIECE ? 2 * piece->size : LAST_PIECE;
        room = size > room ? size : room;
        piece = octi_spill_take(sizeof(*piece) + room);
        if (!piece) {
            rows->failed = true;
            return NULL;
        }
        *piece = (octi_rows_memory){.next = rows->memory, .size = room};
        rows->memory = piece;
    }
    void *taken = piece->bytes + piece->used;
    piece->used += size;
    return taken;
}

const void *octi_value_bytes_of(octi_field field, const void *value, size_t *size)
{
    if (octi_field_is_plain(field)) {
        *size = field.size;
        return value;
    }
    if (field.kind == OCTI_CSTRING) {
        const char *text = *(const char *const *)value;
        *size = text ? strlen(text) : 0;
        return text;
    }
    const oct_bytes *array = value; /* the other arrays are alike, with a count of items */
    *size = array->size * octi_type_item_size((octi_kind)field.kind);
    return array->data;
}

void octi_rows_own(octi_rows *rows, octi_field field, void *value)
{
    if (octi_field_is_plain(field))
        return;
    size_t size;
    const void *bytes = octi_value_bytes_of(field, value, &size);
    char *copy = bytes ? octi_rows_memory_take(rows, size + 1) : NULL;
    if (copy) {
        memcpy(copy, bytes, size);
        copy[size] = '\0';
    } else if (field.kind != OCTI_CSTRING) {
        ((oct_bytes *)value)->size = 0;
    }
    memcpy(value, &copy, sizeof(copy)); /* the pointer comes first in all of them */
}

void octi_rows_append(octi_rows *rows, const octi_rows *from, size_t first, size_t count)
{
    if (!octi_rows_reserve(rows, count))
        return;
    for (uint32_t f = 0; f < rows->shape.count; f++) {
        octi_field field = rows->shape.fields[f];
        if (count > 0)
            memcpy(octi_rows_at(rows, f, rows->count), octi_rows_at(from, f, first), count * field.size);
        for (size_t i = 0; !octi_field_is_plain(field) && i < count; i++)
            octi_rows_own(rows, field, octi_rows_at(rows, f, rows->count + i));
    }
    rows->count += count;
}

void octi_rows_gather(octi_rows *rows, const octi_rows *from, const uint32_t *index, size_t count)
{
    if (!octi_rows_reserve(rows, count))
        return;
    for (uint32_t f = 0; f < rows->shape.count; f++) {
        octi_field field = rows->shape.fields[f];
        char *to = octi_rows_at(rows, f, rows->count);
        if (field.size == 8)
            for (size_t i = 0; i < count; i++)
                memcpy(to + 8 * i, from->values[f] + 8 * (size_t)index[i], 8);
        else
            for (size_t i = 0; i < count; i++)
                memcpy(to + field.size * i, octi_rows_at(from, f, index[i]), field.size);
        for (size_t i = 0; !octi_field_is_plain(field) && i < count; i++)
            octi_rows_own(rows, field, to + field.size * i);
    }
    rows->count += count;
}

void octi_rows_pack(const octi_rows *rows, oct_packer *to)
{
    uint64_t count = rows->count;
    oct_pack(to, &rows->shape, sizeof(rows->shape));
    oct_pack(to, &count, sizeof(count));
    for (uint32_t f = 0; f < rows->shape.count; f++) {
        octi_field field = rows->shape.fields[f];
        if (octi_field_is_plain(field)) {
            oct_pack(to, rows->values[f], rows->count * field.size);
            continue;
        }
        for (size_t i = 0; i < rows->count; i++) {
            size_t size;
            const void *bytes = octi_value_bytes_of(field, octi_rows_at(rows, f, i), &size);
            uint64_t told = bytes ? size : NULL_SIZE;
            oct_pack(to, &told, sizeof(told));
            oct_pack(to, bytes, size);
        }
    }
}

static bool unpack_value(octi_rows *rows, octi_field field, void *value, oct_unpacker *from)
{
    uint64_t size;
    size_t item = field.kind == OCTI_CSTRING ? 1 : octi_type_item_size((octi_kind)field.kind);
    memset(value, 0, field.size);
    if (!oct_unpack(from, &size, sizeof(size)))
        return false;
    if (size == NULL_SIZE)
        return true;
    char *bytes = size <= oct_unpack_left(from) && size % item == 0
                      ? octi_rows_memory_take(rows, (size_t)size + 1)
                      : NULL;
    if (!bytes || !oct_unpack(from, bytes, (size_t)size))
        return false;
    bytes[size] = '\0';
    memcpy(value, &bytes, sizeof(bytes));
    if (field.kind != OCTI_CSTRING)
        ((oct_bytes *)value)->size = (size_t)size / item;
    return true;
}

static bool field_makes_sense(octi_field field)
{
    switch (field.kind) {
    case OCTI_CSTRING:
        return field.size == sizeof(char *);
    case OCTI_BYTES:
    case OCTI_DOUBLES:
    case OCTI_FLOATS:
    case OCTI_INTS:
    case OCTI_INT64S:
        return field.size == sizeof(oct_bytes);
    default:
        return octi_field_is_plain(field) && field.size > 0;
    }
}

bool octi_rows_unpack(octi_rows *rows, oct_unpacker *from, bool *full)
{
    octi_shape shape;
    uint64_t count;
    *rows = (octi_rows){0};
    *full = false;
    if (!oct_unpack(from, &shape, sizeof(shape)) || !oct_unpack(from, &count, sizeof(count)) ||
        octi_shape_check(&shape, NULL) != OCT_OK || count > oct_unpack_left(from))
        return false;
    octi_rows_init(rows, &shape);
    bool whole = shape.count > 0 || count == 0;
    for (uint32_t f = 0; whole && f < shape.count; f++)
        whole = field_makes_sense(shape.fields[f]) && (!octi_field_is_plain(shape.fields[f]) ||
                                                       count <= oct_unpack_left(from) / shape.fields[f].size);
    whole = whole && octi_rows_reserve(rows, (size_t)count);
    for (uint32_t f = 0; whole && f < shape.count; f++) {
        octi_field field = shape.fields[f];
        if (octi_field_is_plain(field))
            whole = oct_unpack(from, rows->values[f], (size_t)count * field.size);
        for (size_t i = 0; whole && !octi_field_is_plain(field) && i < count; i++)
            whole = unpack_value(rows, field, octi_rows_at(rows, f, i), from);
    }
    rows->count = (size_t)count;
    if (!whole) {
        *full = rows->failed;
        octi_rows_deinit(rows);
    }
    return whole;
}
