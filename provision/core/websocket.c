#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "provision/core/websocket.h"

enum { HEAD_MAX = 14, FINAL = 0x80, MASKED = 0x80, CONTROL = 0x08, CONTROL_MAX = 125, RESERVED = 0x70 };

static oct_err random_bytes(void *out, size_t size, oct_error *err)
{
    if (getrandom(out, size, 0) == (ssize_t)size)
        return OCT_OK;
    return oct_fail(err, OCT_E_IO, "cannot get %zu random bytes: %s", size, strerror(errno));
}

oct_err octi_websocket_key(char key[OCTI_WEBSOCKET_KEY], oct_error *err)
{
    unsigned char nonce[16];
    oct_err code = random_bytes(nonce, sizeof(nonce), err);
    if (code == OCT_OK)
        EVP_EncodeBlock((unsigned char *)key, nonce, sizeof(nonce));
    return code;
}

void octi_websocket_accept(const char *key, char accept[OCTI_WEBSOCKET_ACCEPT])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */
    char text[OCTI_WEBSOCKET_KEY + sizeof(guid)];
    unsigned char digest[SHA_DIGEST_LENGTH];
    int length = snprintf(text, sizeof(text), "%.24s%s", key, guid);
    SHA1((const unsigned char *)text, (size_t)length, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

static size_t write_head(unsigned char *head, octi_websocket_kind kind, size_t size)
{
    size_t used = 2;
    head[0] = (unsigned char)(FINAL | kind);
    if (size < 126) {
        head[1] = (unsigned char)(MASKED | size);
        return used;
    }
    size_t width = size <= 0xffff ? 2 : 8;
    head[1] = (unsigned char)(MASKED | (width == 2 ? 126 : 127));
    for (size_t i = width; i-- > 0;)
        head[used++] = (unsigned char)((uint64_t)size >> (8 * i));
    return used;
}

oct_err octi_websocket_encode(octi_websocket_kind kind, int channel, const void *bytes, size_t size,
                              octi_buffer *out)
{
    unsigned char head[HEAD_MAX], mask[4];
    size_t lead = channel >= 0 ? 1 : 0;
    size_t used = write_head(head, kind, size + lead);
    oct_err code = random_bytes(mask, sizeof(mask), NULL);
    if (code == OCT_OK)
        code = octi_buffer_reserve(out, used + sizeof(mask) + lead + size);
    if (code == OCT_OK)
        code = octi_buffer_append(out, head, used);
    if (code == OCT_OK)
        code = octi_buffer_append(out, mask, sizeof(mask));
    if (code == OCT_OK && lead)
        code = octi_buffer_append(out, &(char){(char)channel}, 1);
    if (code == OCT_OK && size > 0)
        code = octi_buffer_append(out, bytes, size);
    if (code != OCT_OK)
        return code;
    unsigned char *payload = (unsigned char *)out->data + out->size - size - lead;
    for (size_t i = 0; i < size + lead; i++)
        payload[i] ^= mask[i % 4];
    return OCT_OK;
}

struct frame {
    bool final;
    unsigned opcode;
    uint64_t length;
    size_t head;
};

/* false: more bytes are needed. */
static bool read_head(const octi_buffer *input, struct frame *frame)
{
    const unsigned char *at = (const unsigned char *)input->data;
    if (input->size < 2)
        return false;
    size_t width = (at[1] & 0x7f) == 126 ? 2 : (at[1] & 0x7f) == 127 ? 8 : 0;
    *frame = (struct frame){.final = at[0] & FINAL, .opcode = at[0] & 0x0f, .head = 2 + width};
    if (input->size < frame->head)
        return false;
    frame->length = width ? 0 : at[1] & 0x7f;
    for (size_t i = 0; i < width; i++)
        frame->length = frame->length << 8 | at[2 + i];
    return true;
}

/* RFC 6455, 5.2: no extension was agreed on, servers do not mask, control frames are small
 * and whole. */
static oct_err check_frame(const octi_websocket *socket, const struct frame *frame, oct_error *err)
{
    const unsigned char *at = (const unsigned char *)socket->input.data;
    bool control = frame->opcode & CONTROL;
    bool known = frame->opcode <= 2 || (frame->opcode >= 8 && frame->opcode <= 10);
    if (!known || (at[0] & RESERVED) || (at[1] & MASKED) ||
        (control && (!frame->final || frame->length > CONTROL_MAX)) ||
        (!control && (frame->opcode == 0) != socket->open))
        return oct_fail(err, OCT_E_PROTOCOL, "the server sent a WebSocket frame that makes no sense");
    if (frame->length > OCTI_WEBSOCKET_MESSAGE_MAX ||
        socket->message.size + frame->length > OCTI_WEBSOCKET_MESSAGE_MAX)
        return oct_fail(err, OCT_E_PROTOCOL, "the server sent a WebSocket message larger than %d bytes",
                        OCTI_WEBSOCKET_MESSAGE_MAX);
    return OCT_OK;
}

static oct_err take_frame(octi_websocket *socket, const struct frame *frame, octi_websocket_fn fn, void *ctx)
{
    const char *payload = socket->input.data + frame->head;
    size_t length = (size_t)frame->length;
    if (frame->opcode & CONTROL)
        return fn(ctx, (octi_websocket_kind)frame->opcode, payload, length);
    if (frame->opcode != 0)
        socket->kind = (octi_websocket_kind)frame->opcode;
    if (frame->final && !socket->open)
        return fn(ctx, socket->kind, payload, length);
    socket->open = !frame->final;
    oct_err code = octi_buffer_append(&socket->message, payload, length);
    if (code == OCT_OK && frame->final) {
        code = fn(ctx, socket->kind, socket->message.data, socket->message.size);
        octi_buffer_consume(&socket->message, socket->message.size);
    }
    return code;
}

oct_err octi_websocket_feed(octi_websocket *socket, const void *bytes, size_t size, octi_websocket_fn fn,
                            void *ctx, oct_error *err)
{
    struct frame frame;
    if (octi_buffer_append(&socket->input, bytes, size) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    while (read_head(&socket->input, &frame)) {
        oct_err code = check_frame(socket, &frame, err);
        if (code != OCT_OK)
            return code;
        if (socket->input.size - frame.head < frame.length)
            break;
        code = take_frame(socket, &frame, fn, ctx);
        if (code != OCT_OK)
            return oct_fail(err, code, "the output was not taken to its end");
        octi_buffer_consume(&socket->input, frame.head + (size_t)frame.length);
    }
    return OCT_OK;
}

void octi_websocket_deinit(octi_websocket *socket)
{
    octi_buffer_deinit(&socket->input);
    octi_buffer_deinit(&socket->message);
}
