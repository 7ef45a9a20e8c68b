#include <string.h>

#include "provision/docker/demux.h"

enum { STDERR_STREAM = 2, SYSTEM_ERROR_STREAM = 3 };

static oct_err check_header(const octi_demux *demux, oct_error *err)
{
    const unsigned char *h = demux->header;
    if (h[0] > SYSTEM_ERROR_STREAM || h[1] != 0 || h[2] != 0 || h[3] != 0)
        return oct_fail(err, OCT_E_PROTOCOL,
                        "the engine's output stream has no valid frame (%02x %02x %02x %02x)", h[0], h[1],
                        h[2], h[3]);
    return OCT_OK;
}

oct_err octi_demux_feed(octi_demux *demux, const void *bytes, size_t size, octi_demux_fn output, void *ctx,
                        oct_error *err)
{
    const unsigned char *at = bytes;
    while (size > 0) {
        if (demux->left == 0) {
            size_t want = sizeof(demux->header) - demux->header_size;
            size_t take = size < want ? size : want;
            memcpy(demux->header + demux->header_size, at, take);
            demux->header_size += take;
            at += take;
            size -= take;
            if (demux->header_size < sizeof(demux->header))
                break;
            oct_err code = check_header(demux, err);
            if (code != OCT_OK)
                return code;
            const unsigned char *h = demux->header;
            demux->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
            demux->header_size = 0;
            continue;
        }
        size_t take = size < demux->left ? size : demux->left;
        int stream = demux->header[0] >= STDERR_STREAM ? 2 : 1;
        oct_err code = output ? output(ctx, stream, at, take) : OCT_OK;
        if (code != OCT_OK)
            return oct_fail(err, code, "the output was not taken to its end");
        demux->left -= (uint32_t)take;
        at += take;
        size -= take;
    }
    return OCT_OK;
}

int octi_demux_at_boundary(const octi_demux *demux)
{
    return demux->left == 0 && demux->header_size == 0;
}
