#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/core/command.h"
#include "runtime/base/clock.h"

/* In the child: never returns. */
static void become(const octi_command *command, int input, int output)
{
    if (command->prepare)
        command->prepare(command->ctx);
    if ((input < 0 || dup2(input, STDIN_FILENO) >= 0) && dup2(output, STDOUT_FILENO) >= 0)
        execvp(command->argv[0], (char *const *)command->argv);
    _exit(127);
}

static oct_err listen_to(int fd, const octi_command *command, octi_buffer *said)
{
    int64_t deadline = octi_clock_ns() + (int64_t)(command->seconds * 1e9);
    size_t before = said->size;
    char piece[4096];
    for (;;) {
        int64_t left_ms = (deadline - octi_clock_ns()) / 1000000;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0)
            return OCT_E_TIMEOUT;
        if (said->size - before > command->most)
            return OCT_E_EXHAUSTED;
        if (poll(&ready, 1, (int)left_ms) <= 0)
            continue;
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got == 0)
            return OCT_OK;
        if (got > 0 && octi_buffer_append(said, piece, (size_t)got) != OCT_OK)
            return OCT_E_NOMEM;
        if (got < 0 && errno != EINTR)
            return OCT_E_IO;
    }
}

static oct_err explain(const octi_command *command, oct_err code, oct_error *err)
{
    if (code == OCT_E_TIMEOUT)
        return oct_fail(err, code, "'%s' did not end within %g s", command->argv[0], command->seconds);
    if (code == OCT_E_EXHAUSTED)
        return oct_fail(err, code, "'%s' said more than %zu bytes", command->argv[0], command->most);
    if (code == OCT_E_NOMEM)
        return oct_fail(err, code, "out of memory");
    return oct_fail(err, code, "'%s' cannot be read: %s", command->argv[0], strerror(errno));
}

/* A pipe with the input in it, to be read to its end; -1 and errno. */
static int open_input(const char *text)
{
    int ends[2];
    size_t size = strlen(text);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    if (size >= PIPE_BUF || write(ends[1], text, size) != (ssize_t)size) {
        close(ends[0]);
        ends[0] = -1;
    }
    close(ends[1]);
    return ends[0];
}

oct_err octi_command_run(const octi_command *command, octi_buffer *said, int *status, oct_error *err)
{
    int ends[2], raw = 0, input = command->input ? open_input(command->input) : -1;
    if ((command->input && input < 0) || pipe2(ends, O_CLOEXEC) != 0) {
        oct_fail(err, OCT_E_IO, "cannot make a pipe: %s", strerror(errno));
        if (input >= 0)
            close(input);
        return OCT_E_IO;
    }
    pid_t child = fork();
    if (child == 0)
        become(command, input, ends[1]);
    int error = errno;
    close(ends[1]);
    if (input >= 0)
        close(input);
    oct_err code = child > 0
                       ? listen_to(ends[0], command, said)
                       : oct_fail(err, OCT_E_IO, "cannot start '%s': %s", command->argv[0], strerror(error));
    if (child > 0 && code != OCT_OK) {
        explain(command, code, err);
        kill(child, SIGKILL);
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, &raw, 0) < 0 && errno == EINTR)
        continue;
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return code;
}
