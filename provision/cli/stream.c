#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "provision/cli/stream.h"

/* Relaxed: set once by whichever thread wrote, and orders nothing. */
static atomic_bool abandoned;

bool cli_stream_abandoned(void)
{
    return atomic_load_explicit(&abandoned, memory_order_relaxed);
}

oct_err cli_stream_write(int fd, const void *bytes, size_t size)
{
    const char *rest = bytes;
    while (size > 0) {
        ssize_t written = write(fd, rest, size);
        if (written >= 0) {
            rest += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            if (errno == EPIPE)
                atomic_store_explicit(&abandoned, true, memory_order_relaxed);
            return OCT_E_IO;
        }
    }
    return OCT_OK;
}

oct_err cli_stream_output(void *ctx, int stream, const void *bytes, size_t size)
{
    (void)ctx;
    return cli_stream_write(stream == 1 ? STDOUT_FILENO : STDERR_FILENO, bytes, size);
}
