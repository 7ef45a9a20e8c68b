#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provision/probe/probe.h"
#include "runtime/base/clock.h"

#define MS ((int64_t)1000000)

enum { CONNECT_MS = 200, ANSWER_MAX = 16 << 20 };

static bool parse_address(const char *text, uint16_t port, struct sockaddr_in *out)
{
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    return inet_pton(AF_INET, text, &out->sin_addr) == 1;
}

bool octi_probe_alive(const char *address, uint16_t port, int timeout_ms)
{
    char said[OCTI_PROBE_SIZE] = OCTI_PROBE_MARK; /* and OCTI_PROBE_ASK */
    struct sockaddr_in there;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool heard = fd >= 0 && parse_address(address, port, &there) &&
                 connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0 &&
                 send(fd, said, sizeof(said), 0) == sizeof(said);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    heard = heard && poll(&ready, 1, timeout_ms) == 1 && recv(fd, said, sizeof(said), 0) == sizeof(said) &&
            said[4] != OCTI_PROBE_ASK;
    if (fd >= 0)
        close(fd);
    return heard;
}

/* A connection that is there within CONNECT_MS, or -1. */
static int call(const char *address, uint16_t port)
{
    struct sockaddr_in there;
    if (!parse_address(address, port, &there))
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(error);
    if (connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0 ||
        (errno == EINPROGRESS && poll(&ready, 1, CONNECT_MS) == 1 &&
         getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0))
        return fd;
    close(fd);
    return -1;
}

/* To its end, or until the deadline. */
static oct_err read_all(int fd, int64_t deadline, octi_buffer *answer, oct_error *err)
{
    char piece[16384];
    for (;;) {
        int64_t left = deadline - octi_clock_ns();
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int count = poll(&ready, 1, left > 0 ? (int)(left / MS) + 1 : 0);
        if (count == 0)
            return oct_fail(err, OCT_E_TIMEOUT, "the head's Slurm does not answer");
        ssize_t got = count > 0 ? recv(fd, piece, sizeof(piece), 0) : -1;
        if (got == 0)
            return OCT_OK;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return oct_fail(err, OCT_E_LOST, "the head ended its answer: %s", strerror(errno));
        if (answer->size + (size_t)got > ANSWER_MAX)
            return oct_fail(err, OCT_E_PROTOCOL, "the head's answer is larger than %d bytes", ANSWER_MAX);
        if (octi_buffer_append(answer, piece, (size_t)got) != OCT_OK)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
}

oct_err octi_probe_status(const char *address, uint16_t port, int timeout_ms, octi_buffer *answer,
                          oct_error *err)
{
    int64_t deadline = octi_clock_ns() + timeout_ms * MS;
    int fd = call(address, port);
    if (fd < 0)
        return oct_fail(err, OCT_E_UNREACHABLE, "nobody answers at %.64s:%u", address, port);
    oct_err code = read_all(fd, deadline, answer, err);
    close(fd);
    return code;
}
