#include "provision/slurm/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"

enum { LOOK_MS = 200, GRACE_MS = 2000, NOT_STARTED = 127 };

struct child {
    const octi_exec *exec;
    pid_t pid;
    int output[2]; /* our ends: standard output (or the terminal), standard error; -1: closed */
    int input;     /* where bytes for it are written; -1: none */
    int failure;   /* our end of a pipe that carries execvp's errno */
    size_t sent;   /* of exec->input */
    int64_t started_ns;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* In the child: never returns. */
static void become(const octi_exec *exec, char *const *environment, int failure)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    environ = (char **)environment;
    if (!exec->workdir || chdir(exec->workdir) == 0)
        execvp(exec->argv[0], (char *const *)exec->argv);
    int reason = errno;
    if (write(failure, &reason, sizeof(reason)) < 0)
        _exit(NOT_STARTED);
    _exit(NOT_STARTED);
}

/* A socket for input, since a write to one can be told not to raise SIGPIPE. */
static oct_err start_plain(struct child *child, char *const *environment, int failure, oct_error *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
    const octi_exec *exec = child->exec;
    bool good = pipe2(out, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0;
    if (good && exec->input_size > 0)
        good = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) == 0;
    else if (good)
        in[1] = exec->input_fd >= 0 ? fcntl(exec->input_fd, F_DUPFD_CLOEXEC, 3)
                                    : open("/dev/null", O_RDONLY | O_CLOEXEC);
    child->pid = good && in[1] >= 0 ? fork() : -1;
    if (child->pid == 0) {
        setsid();
        dup2(in[1], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(errors[1], STDERR_FILENO);
        become(exec, environment, failure);
    }
    int reason = errno;
    close_fd(&in[1]);
    close_fd(&out[1]);
    close_fd(&errors[1]);
    child->input = in[0];
    child->output[0] = out[0];
    child->output[1] = errors[0];
    return child->pid > 0 ? OCT_OK
                          : oct_fail(err, OCT_E_IO, "cannot start '%s': %s", exec->argv[0], strerror(reason));
}

/* The terminal takes input and gives output; our end of it is both. */
static oct_err start_terminal(struct child *child, char *const *environment, int failure, oct_error *err)
{
    struct winsize size = {.ws_row = child->exec->rows, .ws_col = child->exec->columns};
    int terminal = -1;
    child->pid = forkpty(&terminal, NULL, NULL, &size);
    if (child->pid == 0)
        become(child->exec, environment, failure);
    if (child->pid < 0)
        return oct_fail(err, OCT_E_IO, "cannot make a terminal: %s", strerror(errno));
    fcntl(terminal, F_SETFD, FD_CLOEXEC);
    child->output[0] = terminal;
    return OCT_OK;
}

static oct_err start(struct child *child, char *const *environment, oct_error *err)
{
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0)
        return oct_fail(err, OCT_E_IO, "cannot make a pipe: %s", strerror(errno));
    oct_err code = child->exec->tty ? start_terminal(child, environment, failure[1], err)
                                    : start_plain(child, environment, failure[1], err);
    close(failure[1]);
    int reason = 0;
    if (code == OCT_OK && read(failure[0], &reason, sizeof(reason)) == (ssize_t)sizeof(reason)) {
        waitpid(child->pid, NULL, 0);
        child->pid = -1;
        code = oct_fail(err, reason == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot run '%s': %s",
                        child->exec->argv[0], strerror(reason));
    }
    close(failure[0]);
    return code;
}

/* One piece of output, passed on; an end closes its descriptor. */
static oct_err take_output(struct child *child, int which)
{
    char bytes[16384];
    ssize_t got = read(child->output[which], bytes, sizeof(bytes));
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return OCT_OK;
    if (got <= 0) { /* a terminal whose other end is gone is an error, EIO */
        close_fd(&child->output[which]);
        return OCT_OK;
    }
    const octi_exec *exec = child->exec;
    return exec->output ? exec->output(exec->ctx, which + 1, bytes, (size_t)got) : OCT_OK;
}

static void give_input(struct child *child)
{
    const octi_exec *exec = child->exec;
    ssize_t sent = send(child->input, (const char *)exec->input + child->sent, exec->input_size - child->sent,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        child->sent += (size_t)sent;
    bool again = sent < 0 && (errno == EAGAIN || errno == EINTR);
    if (!again && (sent < 0 || child->sent == exec->input_size))
        close_fd(&child->input); /* a child that does not read on has its reasons */
}

/* What a person types, to the child's terminal. */
static bool type_input(const struct child *child)
{
    char bytes[4096];
    ssize_t got = read(child->exec->input_fd, bytes, sizeof(bytes));
    return got > 0 && write(child->output[0], bytes, (size_t)got) == got;
}

static oct_err look(struct child *child, oct_error *err)
{
    const octi_exec *exec = child->exec;
    unsigned short rows, columns;
    if (exec->interrupted && exec->interrupted(exec->ctx))
        return oct_fail(err, OCT_E_CANCELLED, "interrupted");
    if (exec->timeout > 0 && (double)(octi_clock_ns() - child->started_ns) / 1e9 > exec->timeout)
        return oct_fail(err, OCT_E_TIMEOUT, "'%s' did not end within %g s", exec->argv[0], exec->timeout);
    if (exec->tty && exec->resized && child->output[0] >= 0 && exec->resized(exec->ctx, &rows, &columns)) {
        struct winsize size = {.ws_row = rows, .ws_col = columns};
        ioctl(child->output[0], TIOCSWINSZ, &size);
    }
    return OCT_OK;
}

/* Until both outputs have ended: then the child has too, or no longer talks to us. */
static oct_err attend(struct child *child, oct_error *err)
{
    bool typing = child->exec->tty && child->exec->input_fd >= 0;
    oct_err code = OCT_OK;
    while (code == OCT_OK && (child->output[0] >= 0 || child->output[1] >= 0)) {
        struct pollfd waits[] = {{.fd = child->output[0], .events = POLLIN},
                                 {.fd = child->output[1], .events = POLLIN},
                                 {.fd = child->input, .events = POLLOUT},
                                 {.fd = typing ? child->exec->input_fd : -1, .events = POLLIN}};
        int ready = poll(waits, 4, LOOK_MS);
        for (int i = 0; i < 2 && ready > 0 && code == OCT_OK; i++)
            if (waits[i].revents)
                code = take_output(child, i);
        if (ready > 0 && waits[2].revents)
            give_input(child);
        if (ready > 0 && waits[3].revents && child->output[0] >= 0)
            typing = type_input(child);
        if (code != OCT_OK)
            oct_fail(err, code, "the output of '%s' was refused", child->exec->argv[0]);
        else
            code = look(child, err);
    }
    return code;
}

/* Waits for the end; with `order`, after telling it to. */
static int reap(struct child *child, bool order)
{
    int status = 0;
    int64_t until = octi_clock_ns() + (int64_t)GRACE_MS * 1000000;
    if (order)
        kill(-child->pid, SIGTERM);
    while (order && octi_clock_ns() < until) {
        if (waitpid(child->pid, &status, WNOHANG) == child->pid)
            return status;
        poll(NULL, 0, 20);
    }
    if (order)
        kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

oct_err octi_local_run(const octi_exec *exec, char *const *environment, int *exit_status, oct_error *err)
{
    struct child child = {
        .exec = exec, .pid = -1, .output = {-1, -1}, .input = -1, .started_ns = octi_clock_ns()};
    if (exec->workdir && access(exec->workdir, X_OK) != 0)
        return oct_fail(err, OCT_E_NOTFOUND, "cannot enter '%s': %s", exec->workdir, strerror(errno));
    oct_err code = start(&child, environment, err);
    if (code == OCT_OK) {
        code = attend(&child, err);
        int status = reap(&child, code != OCT_OK);
        if (code == OCT_OK)
            *exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    close_fd(&child.input);
    close_fd(&child.output[0]);
    close_fd(&child.output[1]);
    return code;
}
