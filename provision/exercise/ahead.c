#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/exercise/ahead.h"
#include "provision/exercise/tree.h"

struct octi_ahead {
    int results; /* records, and the end of the other process as their end */
    int wanted;  /* closed when nothing is wanted any more, be it by our death */
    bool made[OCTI_VARIANTS];
    octi_trial_result list[OCTI_VARIANTS];
};

/* Before as many bytes of messages. */
struct record {
    octi_variant variant;
    octi_end end;
    int status;
    size_t messages;
};

/* --- the other process --- */

static int still_wanted; /* a stop function has no context */

static bool not_wanted(void)
{
    struct pollfd from = {.fd = still_wanted, .events = POLLIN};
    return poll(&from, 1, 0) > 0;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t put = write(fd, at, size);
        if (put < 0 && errno != EINTR)
            return false;
        at += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static void work(int results, const bool wanted[OCTI_VARIANTS], octi_ahead_fn make, void *ctx)
{
    for (octi_variant variant = 0; variant < OCTI_VARIANTS; variant++) {
        octi_trial_result result;
        if (!wanted[variant])
            continue;
        if (make(ctx, variant, not_wanted, &result, NULL) != OCT_OK || result.end == OCTI_END_STOPPED)
            return;
        const struct record record = {variant, result.end, result.status, result.err.size};
        if (!write_all(results, &record, sizeof(record)) ||
            !write_all(results, result.err.data, result.err.size))
            return;
        octi_trial_deinit(&result);
    }
}

/* --- this one --- */

/* As its grandchild, and while orphans are not adopted: so it goes to the system's first process. */
static bool fork_apart(pid_t *out)
{
    octi_tree_adopt(false);
    fflush(NULL); /* it must not say again what waits to be said */
    *out = fork();
    if (*out == 0 && (*out = fork()) != 0)
        _exit(*out > 0 ? 0 : 1);
    if (*out == 0)
        return true;
    int status = 1;
    while (*out > 0 && waitpid(*out, &status, 0) < 0 && errno == EINTR)
        ;
    octi_tree_adopt(true);
    return *out > 0 && status == 0;
}

octi_ahead *octi_ahead_start(const bool wanted[OCTI_VARIANTS], octi_ahead_fn make, void *ctx)
{
    int results[2], until[2];
    pid_t pid = -1;
    octi_ahead *ahead = calloc(1, sizeof(*ahead));
    if (!ahead || pipe2(results, O_CLOEXEC) != 0) {
        free(ahead);
        return NULL;
    }
    bool piped = pipe2(until, O_CLOEXEC) == 0, apart = piped && fork_apart(&pid);
    if (apart && pid == 0) {
        close(until[1]);
        close(results[0]);
        still_wanted = until[0];
        work(results[1], wanted, make, ctx);
        _exit(0);
    }
    close(results[1]);
    if (piped)
        close(until[0]);
    *ahead = (octi_ahead){.results = results[0], .wanted = piped ? until[1] : -1};
    if (apart)
        return ahead;
    octi_ahead_end(ahead);
    return NULL;
}

/* False at the end, and when it is not wanted any more. */
static bool read_all(int fd, bool (*stop)(void), void *bytes, size_t size)
{
    enum { LOOK_MS = 20 };
    for (char *at = bytes; size > 0;) {
        struct pollfd from = {.fd = fd, .events = POLLIN};
        if (stop && stop())
            return false;
        if (poll(&from, 1, LOOK_MS) <= 0)
            continue;
        ssize_t got = read(fd, at, size);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        at += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool read_record(octi_ahead *ahead, bool (*stop)(void))
{
    struct record record;
    if (!read_all(ahead->results, stop, &record, sizeof(record)))
        return false;
    octi_trial_result *result = &ahead->list[record.variant];
    *result = (octi_trial_result){.end = record.end, .status = record.status};
    char *messages = malloc(record.messages + 1);
    bool whole = messages && read_all(ahead->results, stop, messages, record.messages) &&
                 octi_buffer_append(&result->err, messages, record.messages) == OCT_OK;
    free(messages);
    ahead->made[record.variant] = whole;
    return whole;
}

bool octi_ahead_take(octi_ahead *ahead, octi_variant variant, bool (*stop)(void), octi_trial_result *result)
{
    while (ahead && !ahead->made[variant])
        if (!read_record(ahead, stop))
            return false;
    if (!ahead)
        return false;
    *result = ahead->list[variant];
    ahead->list[variant] = (octi_trial_result){0};
    ahead->made[variant] = false;
    return true;
}

void octi_ahead_end(octi_ahead *ahead)
{
    char rest[4096];
    if (!ahead)
        return;
    if (ahead->wanted >= 0)
        close(ahead->wanted);
    for (ssize_t got = 1; got > 0 || (got < 0 && errno == EINTR);)
        got = read(ahead->results, rest, sizeof(rest));
    close(ahead->results);
    for (octi_variant variant = 0; variant < OCTI_VARIANTS; variant++)
        octi_trial_deinit(&ahead->list[variant]);
    free(ahead);
}
