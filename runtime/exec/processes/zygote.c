#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/exec/processes/zygote.h"

enum { SPAWN, KILL };

typedef struct order {
    uint32_t what;
    uint32_t slot;
} order;

/* The zygote's own state; there is nobody else in its process. */
typedef struct nursery {
    octi_worker_fn work;
    void *ctx;
    int control;
    int deaths;  /* a signalfd for SIGCHLD */
    int program; /* a pidfd, readable when the program has ended; -1 on kernels without */
    pid_t *pids; /* by slot; 0: none */
    uint32_t count;
} nursery;

static void tell(const nursery *self, octi_birth what, uint32_t slot, int value)
{
    octi_news news = {what, slot, value};
    while (send(self->control, &news, sizeof(news), MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

/* The program's handlers are about the program. A signal that it ignores stays ignored, and
 * the terminal's interrupt is the program's to act on. */
static void interrupted(int number)
{
    (void)number;
}

static void default_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
            continue;
        action = (struct sigaction){.sa_handler = number == SIGINT ? interrupted : SIG_DFL,
                                    .sa_flags = SA_RESTART};
        sigaction(number, &action, NULL);
    }
}

static bool remember(nursery *self, uint32_t slot)
{
    if (slot < self->count)
        return true;
    pid_t *pids = realloc(self->pids, (slot + 1) * sizeof(*pids));
    if (!pids)
        return false;
    memset(pids + self->count, 0, (slot + 1 - self->count) * sizeof(*pids));
    self->pids = pids;
    self->count = slot + 1;
    return true;
}

static void become_worker(const nursery *self, uint32_t slot, pid_t zygote)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != zygote)
        _exit(0);
    close(self->control);
    close(self->deaths);
    if (self->program >= 0)
        close(self->program);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    self->work(slot, self->ctx);
    _exit(0);
}

static void spawn(nursery *self, uint32_t slot)
{
    pid_t zygote = getpid();
    if (!remember(self, slot)) {
        tell(self, OCTI_REFUSED, slot, ENOMEM);
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_worker(self, slot, zygote);
    if (pid > 0)
        self->pids[slot] = pid;
    tell(self, pid > 0 ? OCTI_STARTED : OCTI_REFUSED, slot, pid > 0 ? pid : errno);
}

static void obey(nursery *self, const order *todo)
{
    if (todo->what == SPAWN)
        spawn(self, todo->slot);
    else if (todo->slot < self->count && self->pids[todo->slot] > 0)
        kill(self->pids[todo->slot], SIGKILL);
}

static void bury(nursery *self)
{
    struct signalfd_siginfo unused;
    while (read(self->deaths, &unused, sizeof(unused)) > 0)
        continue;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (uint32_t slot = 0; slot < self->count; slot++) {
            if (self->pids[slot] != pid)
                continue;
            self->pids[slot] = 0;
            tell(self, OCTI_DIED, slot, status);
        }
    }
}

static void end_all(const nursery *self)
{
    for (uint32_t slot = 0; slot < self->count; slot++) {
        if (self->pids[slot] > 0)
            kill(self->pids[slot], SIGKILL);
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        continue;
    _exit(0);
}

static void serve(nursery *self)
{
    struct pollfd watched[] = {
        {.fd = self->control, .events = POLLIN},
        {.fd = self->deaths, .events = POLLIN},
        {.fd = self->program, .events = POLLIN}, /* poll(2) passes over -1 */
    };
    for (;;) {
        if (poll(watched, 3, -1) < 0 && errno != EINTR)
            end_all(self);
        if (watched[2].revents)
            end_all(self);
        if (watched[1].revents)
            bury(self);
        order todo;
        ssize_t size = watched[0].revents ? recv(self->control, &todo, sizeof(todo), MSG_DONTWAIT) : 1;
        if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN))
            end_all(self);
        if (size == sizeof(todo))
            obey(self, &todo);
    }
}

/* What the program had not written yet is the program's to write; its input is its to read. */
static void let_go_of_streams(void)
{
    __fpurge(stdout);
    __fpurge(stderr);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
}

static void run_zygote(nursery *self, pid_t program)
{
    prctl(PR_SET_NAME, "octavo-zygote");
    self->program = (int)syscall(SYS_pidfd_open, program, 0);
    if (getppid() != program)
        _exit(0);
    default_signals();
    let_go_of_streams();
    sigset_t deaths;
    sigemptyset(&deaths);
    sigaddset(&deaths, SIGCHLD);
    sigprocmask(SIG_SETMASK, &deaths, NULL);
    self->deaths = signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self->deaths >= 0)
        serve(self);
    _exit(1);
}

oct_err octi_zygote_start(octi_worker_fn work, void *ctx, octi_zygote *out, oct_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return oct_fail(err, OCT_E_EXHAUSTED, "cannot make a socket for worker processes: %s",
                        strerror(errno));
    pid_t program = getpid(), pid = fork();
    if (pid == 0) {
        close(ends[0]);
        nursery self = {.work = work, .ctx = ctx, .control = ends[1]};
        run_zygote(&self, program);
    }
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        oct_fail(err, OCT_E_EXHAUSTED, "cannot start worker processes: %s", strerror(error));
        oct_hint(err, "the limit is on processes: see 'ulimit -u', and the container's if there is one");
        return OCT_E_EXHAUSTED;
    }
    *out = (octi_zygote){pid, ends[0]};
    return OCT_OK;
}

static void give_order(const octi_zygote *zygote, uint32_t what, uint32_t slot)
{
    order todo = {what, slot};
    while (send(zygote->control, &todo, sizeof(todo), MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

void octi_zygote_spawn(const octi_zygote *zygote, uint32_t slot)
{
    give_order(zygote, SPAWN, slot);
}

void octi_zygote_kill(const octi_zygote *zygote, uint32_t slot)
{
    give_order(zygote, KILL, slot);
}

bool octi_zygote_listen(const octi_zygote *zygote, octi_news *news)
{
    for (;;) {
        ssize_t size = recv(zygote->control, news, sizeof(*news), 0);
        if (size == sizeof(*news))
            return true;
        if (size >= 0 || errno != EINTR)
            return false;
    }
}

void octi_zygote_hang_up(const octi_zygote *zygote)
{
    shutdown(zygote->control, SHUT_RDWR);
}

void octi_zygote_stop(octi_zygote *zygote)
{
    /* A program that reaps all its children may have reaped this one: then there is none. */
    while (waitpid(zygote->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(zygote->control);
    *zygote = (octi_zygote){0, -1};
}
