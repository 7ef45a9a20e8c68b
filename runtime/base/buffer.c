#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"

void octi_buffer_deinit(octi_buffer *buffer)
{
    free(buffer->data);
    *buffer = (octi_buffer){0};
}

oct_err octi_buffer_reserve(octi_buffer *buffer, size_t more)
{
    if (more >= SIZE_MAX / 2 - buffer->size)
        return OCT_E_NOMEM;
    size_t needed = buffer->size + more + 1;
    if (needed <= buffer->capacity)
        return OCT_OK;

    size_t capacity = buffer->capacity ? buffer->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return OCT_E_NOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    data[buffer->size] = '\0';
    return OCT_OK;
}

oct_err octi_buffer_append(octi_buffer *buffer, const void *bytes, size_t size)
{
    oct_err code = octi_buffer_reserve(buffer, size);
    if (code != OCT_OK)
        return code;
    if (size > 0)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return OCT_OK;
}

oct_err octi_buffer_printf(octi_buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);

    oct_err code = length < 0 ? OCT_E_INVALID : octi_buffer_reserve(buffer, (size_t)length);
    if (code == OCT_OK) {
        vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    }
    va_end(again);
    return code;
}

void octi_buffer_consume(octi_buffer *buffer, size_t size)
{
    if (size > buffer->size)
        size = buffer->size;
    if (size == 0)
        return;
    memmove(buffer->data, buffer->data + size, buffer->size - size + 1);
    buffer->size -= size;
}

char *octi_buffer_take(octi_buffer *buffer)
{
    char *data = buffer->data;
    *buffer = (octi_buffer){0};
    return data;
}
