#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "provision/core/http_head.h"

static oct_err parse_status(const char *line, size_t size, int *status, oct_error *err)
{
    /* "HTTP/1.1 101" and then a space or the end */
    bool good = size >= 12 && strncmp(line, "HTTP/1.", 7) == 0 && isdigit((unsigned char)line[7]) &&
                line[8] == ' ' && line[9] >= '1' && line[9] <= '5' && isdigit((unsigned char)line[10]) &&
                isdigit((unsigned char)line[11]) && (size == 12 || line[12] == ' ');
    if (!good)
        return oct_fail(err, OCT_E_PROTOCOL, "the reply does not start with an HTTP status line");
    *status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return OCT_OK;
}

static oct_err parse_length(const char *value, size_t size, octi_http_head *head, oct_error *err)
{
    uint64_t length = 0;
    for (size_t i = 0; i < size; i++) {
        if (!isdigit((unsigned char)value[i]) || length > (UINT64_MAX - 9) / 10)
            return oct_fail(err, OCT_E_PROTOCOL, "the reply's Content-Length is no number");
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    if (size == 0 || (head->has_length && head->length != length))
        return oct_fail(err, OCT_E_PROTOCOL, "the reply's Content-Length is contradictory");
    head->has_length = true;
    head->length = length;
    return OCT_OK;
}

static bool named(const char *line, size_t size, const char *name)
{
    return strlen(name) == size && strncasecmp(line, name, size) == 0;
}

/* One that is too long is none that we asked for. */
static void keep_text(const char *value, size_t length, char *out, size_t capacity)
{
    if (length >= capacity)
        return;
    memcpy(out, value, length);
    out[length] = '\0';
}

static oct_err parse_field(const char *line, size_t size, octi_http_head *head, oct_error *err)
{
    const char *colon = memchr(line, ':', size);
    if (!colon || colon == line)
        return oct_fail(err, OCT_E_PROTOCOL, "the reply's head has a line that is no field");
    size_t name = (size_t)(colon - line);
    const char *value = colon + 1, *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t length = (size_t)(end - value);

    if (named(line, name, "content-length"))
        return parse_length(value, length, head, err);
    if (named(line, name, "transfer-encoding"))
        head->chunked = named(value, length, "chunked");
    if (named(line, name, "sec-websocket-accept"))
        keep_text(value, length, head->accept, sizeof(head->accept));
    if (named(line, name, "sec-websocket-protocol"))
        keep_text(value, length, head->protocol, sizeof(head->protocol));
    return OCT_OK;
}

oct_err octi_http_head_parse(const char *bytes, size_t size, octi_http_head *head, bool *complete,
                             oct_error *err)
{
    *complete = false;
    const char *end = size ? memmem(bytes, size, "\r\n\r\n", 4) : NULL;
    if (!end) {
        /* Garbage is told as soon as it cannot be a status line any more. */
        int status;
        if (size >= 12 && parse_status(bytes, 12, &status, err) != OCT_OK)
            return OCT_E_PROTOCOL;
        if (size >= OCTI_HTTP_HEAD_MAX)
            return oct_fail(err, OCT_E_PROTOCOL, "the reply's head is larger than %d bytes",
                            OCTI_HTTP_HEAD_MAX);
        return OCT_OK;
    }

    octi_http_head found = {.size = (size_t)(end - bytes) + 4};
    const char *line = bytes;
    for (bool first = true; line < end + 2; first = false) {
        const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        size_t length = (size_t)(stop - line);
        oct_err code =
            first ? parse_status(line, length, &found.status, err) : parse_field(line, length, &found, err);
        if (code != OCT_OK)
            return code;
        line = stop + 2;
    }
    *head = found;
    *complete = true;
    return OCT_OK;
}

static size_t parse_chunk_size(const char *bytes, size_t size, size_t *used)
{
    size_t value = 0, i = 0;
    for (; i < size && isxdigit((unsigned char)bytes[i]) && value < SIZE_MAX / 32; i++)
        value = value * 16 + (size_t)(isdigit((unsigned char)bytes[i])
                                          ? bytes[i] - '0'
                                          : tolower((unsigned char)bytes[i]) - 'a' + 10);
    const char *eol = i < size ? memmem(bytes + i, size - i, "\r\n", 2) : NULL;
    *used = i > 0 && eol ? (size_t)(eol - bytes) + 2 : 0;
    return value;
}

size_t octi_http_dechunk(char *bytes, size_t size)
{
    size_t in = 0, out = 0;
    while (in < size) {
        size_t used, chunk = parse_chunk_size(bytes + in, size - in, &used);
        if (used == 0 || chunk == 0)
            break;
        in += used;
        if (chunk > size - in)
            chunk = size - in;
        memmove(bytes + out, bytes + in, chunk);
        out += chunk;
        in += chunk;
        if (size - in < 2 || memcmp(bytes + in, "\r\n", 2) != 0)
            break;
        in += 2;
    }
    return out;
}
