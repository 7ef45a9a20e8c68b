#include <string.h>

#include "provision/core/lines.h"

static oct_err flush(octi_lines *lines)
{
    oct_err code = lines->line(lines->ctx, lines->pending.data, lines->pending.size);
    octi_buffer_consume(&lines->pending, lines->pending.size);
    return code;
}

oct_err octi_lines_feed(octi_lines *lines, const void *bytes, size_t size)
{
    const char *rest = bytes;
    oct_err code = OCT_OK;
    while (size > 0 && code == OCT_OK) {
        const char *newline = memchr(rest, '\n', size);
        size_t length = newline ? (size_t)(newline - rest) : size;
        size_t room = OCTI_LINE_MAX - lines->pending.size;
        size_t taken = length < room ? length : room;
        code = octi_buffer_append(&lines->pending, rest, taken);
        if (code == OCT_OK && (newline || taken < length || lines->pending.size == OCTI_LINE_MAX))
            code = flush(lines);
        taken += newline && taken == length;
        rest += taken;
        size -= taken;
    }
    return code;
}

oct_err octi_lines_finish(octi_lines *lines)
{
    oct_err code = lines->pending.size > 0 ? flush(lines) : OCT_OK;
    octi_buffer_deinit(&lines->pending);
    return code;
}
