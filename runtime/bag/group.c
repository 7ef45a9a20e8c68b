#include <string.h>

#include "runtime/bag/key.h"
#include "runtime/bag/spill.h"
#include "runtime/bag/table.h"
#include "runtime/task/type.h"

/* What a value takes in its group's array; a string brings its NUL. */
static const void *piece_of(const octi_rows *rows, size_t row, size_t *size)
{
    octi_field field = rows->shape.fields[1];
    const void *bytes = octi_value_bytes_of(field, octi_rows_at(rows, 1, row), size);
    if (field.kind == OCTI_CSTRING) {
        *size += 1;
        return bytes ? bytes : "";
    }
    return bytes;
}

/* Which group each row belongs to, and in each group's array, of which no memory is taken yet, how large it
 * is. */
static bool measure(const octi_rows *rows, octi_rows *groups, octi_table *table, uint32_t *group_of)
{
    if (!octi_table_find(table, groups, rows, group_of))
        return false;
    for (size_t g = 0; g < groups->count; g++)
        memset(octi_rows_at(groups, 1, g), 0, sizeof(oct_bytes));
    for (size_t i = 0; i < rows->count; i++) {
        size_t size;
        (void)piece_of(rows, i, &size);
        ((oct_bytes *)octi_rows_at(groups, 1, group_of[i]))->size += size;
    }
    return true;
}

/* Takes the arrays' memory and fills them; sizes grow once more from nothing. */
static bool fill(const octi_rows *rows, octi_rows *groups, const uint32_t *group_of)
{
    for (size_t g = 0; g < groups->count; g++) {
        oct_bytes *array = octi_rows_at(groups, 1, g);
        array->data = octi_rows_memory_take(groups, array->size + 1);
        if (!array->data)
            return false;
        array->size = 0;
    }
    for (size_t i = 0; i < rows->count; i++) {
        oct_bytes *array = octi_rows_at(groups, 1, group_of[i]);
        size_t size;
        const void *piece = piece_of(rows, i, &size);
        memcpy((char *)array->data + array->size, piece, size);
        array->size += size;
    }
    size_t item = octi_type_item_size((octi_kind)groups->shape.fields[1].kind);
    for (size_t g = 0; g < groups->count; g++)
        ((oct_bytes *)octi_rows_at(groups, 1, g))->size /= item;
    return true;
}

bool octi_rows_group(octi_rows *rows, const octi_shape *shape)
{
    octi_rows groups;
    octi_table table = {0};
    uint32_t *group_of = octi_spill_take((rows->count + 1) * sizeof(*group_of));
    octi_rows_init(&groups, shape);
    bool whole = group_of && measure(rows, &groups, &table, group_of) && fill(rows, &groups, group_of);
    octi_rows_deinit(whole ? rows : &groups);
    if (whole)
        *rows = groups;
    octi_table_deinit(&table);
    octi_spill_release(group_of);
    return whole;
}
