#include <math.h>
#include <string.h>

#include "runtime/bag/json.h"
#include "runtime/base/buffer.h"
#include "runtime/task/type.h"

bool octi_json_can(const octi_shape *shape)
{
    for (uint32_t f = 0; f < shape->count; f++) {
        octi_field field = shape->fields[f];
        if (field.kind == OCTI_STRUCT || field.kind == OCTI_BYTES ||
            (octi_field_is_plain(field) && field.size > 8))
            return false;
    }
    return true;
}

static oct_err write_double(double x, octi_buffer *to)
{
    return isfinite(x) ? octi_buffer_printf(to, "%.17g", x) : octi_buffer_append(to, "null", 4);
}

static oct_err write_number(octi_field field, const void *value, octi_buffer *to)
{
    union {
        int8_t i1;
        int16_t i2;
        int32_t i4;
        int64_t i8;
        uint64_t u8;
        float f4;
        double f8;
    } number = {.u8 = 0};
    memcpy(&number, value, field.size);
    if (field.kind == OCTI_BOOL)
        return octi_buffer_printf(to, "%s", number.u8 ? "true" : "false");
    if (field.kind == OCTI_FLOAT)
        return field.size == 8       ? write_double(number.f8, to)
               : isfinite(number.f4) ? octi_buffer_printf(to, "%.9g", (double)number.f4)
                                     : octi_buffer_append(to, "null", 4);
    if (field.kind == OCTI_UINT)
        return octi_buffer_printf(to, "%llu", (unsigned long long)number.u8);
    int64_t whole = field.size == 1   ? number.i1
                    : field.size == 2 ? number.i2
                    : field.size == 4 ? number.i4
                                      : number.i8;
    return octi_buffer_printf(to, "%lld", (long long)whole);
}

static oct_err write_text(const char *text, octi_buffer *to)
{
    if (!text)
        return octi_buffer_append(to, "null", 4);
    oct_err code = octi_buffer_append(to, "\"", 1);
    for (; code == OCT_OK && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            code = octi_buffer_printf(to, "\\%c", c);
        else if (c < 0x20)
            code = octi_buffer_printf(to, "\\u%04x", c);
        else
            code = octi_buffer_append(to, text, 1);
    }
    return code == OCT_OK ? octi_buffer_append(to, "\"", 1) : code;
}

static oct_err write_array(octi_field field, const void *value, octi_buffer *to)
{
    size_t item = octi_type_item_size((octi_kind)field.kind), size;
    octi_field of = {field.kind == OCTI_DOUBLES || field.kind == OCTI_FLOATS ? OCTI_FLOAT : OCTI_INT,
                     (uint32_t)item};
    const char *bytes = octi_value_bytes_of(field, value, &size);
    oct_err code = octi_buffer_append(to, "[", 1);
    for (size_t at = 0; code == OCT_OK && at < size; at += item) {
        code = at > 0 ? octi_buffer_append(to, ",", 1) : OCT_OK;
        if (code == OCT_OK)
            code = write_number(of, bytes + at, to);
    }
    return code == OCT_OK ? octi_buffer_append(to, "]", 1) : code;
}

static oct_err write_value(octi_field field, const void *value, octi_buffer *to)
{
    if (field.kind == OCTI_CSTRING)
        return write_text(*(const char *const *)value, to);
    return octi_field_is_plain(field) ? write_number(field, value, to) : write_array(field, value, to);
}

static oct_err write_record(const octi_rows *block, size_t row, octi_buffer *to)
{
    uint32_t count = block->shape.count;
    oct_err code = count > 1 ? octi_buffer_append(to, "[", 1) : OCT_OK;
    for (uint32_t f = 0; code == OCT_OK && f < count; f++) {
        code = f > 0 ? octi_buffer_append(to, ",", 1) : OCT_OK;
        if (code == OCT_OK)
            code = write_value(block->shape.fields[f], octi_rows_at(block, f, row), to);
    }
    return code == OCT_OK && count > 1 ? octi_buffer_append(to, "]", 1) : code;
}

void octi_json_lines(const octi_rows *block, octi_rows *out)
{
    octi_buffer line = {0};
    for (size_t i = 0; i < block->count; i++) {
        line.size = 0;
        if (write_record(block, i, &line) != OCT_OK) {
            out->failed = true;
            break;
        }
        const char *text = line.data;
        octi_rows_own(out, out->shape.fields[0], memcpy(octi_rows_at(out, 0, i), &text, sizeof(text)));
    }
    octi_buffer_deinit(&line);
}
