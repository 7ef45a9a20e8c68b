#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/node/say.h"
#include "provision/node/supervisor.h"
#include "runtime/base/clock.h"

#define MS ((int64_t)1000000)

/* What epoll hands back for the two descriptors that are no daemon's. */
enum { SIGNALS = -1, WATCHED = -2 };

static int watch(octi_supervisor *supervisor, int fd, int who)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = who};
    return epoll_ctl(supervisor->poll, EPOLL_CTL_ADD, fd, &event);
}

oct_err octi_supervisor_init(octi_supervisor *supervisor, octi_daemon *daemons, size_t count, int watched,
                             oct_error *err)
{
    *supervisor = (octi_supervisor){.daemons = daemons, .count = count, .watched = watched};
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    sigprocmask(SIG_BLOCK, &taken, &supervisor->old_mask);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    supervisor->signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    supervisor->poll = epoll_create1(EPOLL_CLOEXEC);
    int failed =
        supervisor->signals < 0 || supervisor->poll < 0 || watch(supervisor, supervisor->signals, SIGNALS);
    if (!failed && watched >= 0)
        failed = watch(supervisor, watched, WATCHED);
    for (size_t i = 0; i < count && !failed; i++)
        failed = watch(supervisor, daemons[i].output[0], (int)i);
    if (!failed)
        return OCT_OK;
    oct_fail(err, OCT_E_IO, "cannot watch the daemons: %s", strerror(errno));
    octi_supervisor_deinit(supervisor);
    return OCT_E_IO;
}

void octi_supervisor_deinit(octi_supervisor *supervisor)
{
    if (supervisor->signals >= 0)
        close(supervisor->signals);
    if (supervisor->poll >= 0)
        close(supervisor->poll);
    sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
}

static octi_daemon *daemon_of(octi_supervisor *supervisor, pid_t pid)
{
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->daemons[i].pid == pid)
            return &supervisor->daemons[i];
    return NULL;
}

static void reap(octi_supervisor *supervisor, int64_t now)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        octi_daemon *daemon = daemon_of(supervisor, pid);
        if (daemon)
            octi_daemon_reaped(daemon, status, now);
    }
}

static unsigned take_signals(octi_supervisor *supervisor)
{
    unsigned woke = 0;
    struct signalfd_siginfo info;
    while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            woke |= OCTI_WOKE_END;
        else if (info.ssi_signo == SIGHUP)
            woke |= OCTI_WOKE_AGAIN;
    }
    return woke;
}

/* Ticks every daemon until none has more to do now; returns when the next one has. */
static int64_t tick_all(octi_supervisor *supervisor)
{
    for (;;) {
        int64_t now = octi_clock_ns(), next = INT64_MAX;
        for (size_t i = 0; i < supervisor->count; i++) {
            int64_t due = octi_daemon_tick(&supervisor->daemons[i], now);
            if (due < next)
                next = due;
        }
        if (next > now)
            return next;
    }
}

static int until_ms(int64_t until)
{
    int64_t left = until - octi_clock_ns();
    if (left <= 0)
        return 0;
    return left > 60000 * MS ? 60000 : (int)((left + MS - 1) / MS);
}

/* Changes whenever any daemon's state, process or readiness does. */
static uint64_t fingerprint(const octi_supervisor *supervisor)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < supervisor->count; i++) {
        const octi_daemon *daemon = &supervisor->daemons[i];
        sum = sum * 1000003 + (uint64_t)daemon->pid * 16 + (uint64_t)daemon->state * 2 + daemon->ready;
        sum = sum * 1000003 + daemon->restarts;
    }
    return sum;
}

unsigned octi_supervisor_wait(octi_supervisor *supervisor, int64_t until)
{
    uint64_t before = fingerprint(supervisor);
    int64_t due = tick_all(supervisor);
    bool acted = fingerprint(supervisor) != before;
    struct epoll_event events[16];
    int count = epoll_wait(supervisor->poll, events, 16, acted ? 0 : until_ms(due < until ? due : until));

    unsigned woke = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == SIGNALS)
            woke |= take_signals(supervisor);
        else if (events[i].data.fd == WATCHED)
            woke |= OCTI_WOKE_WATCHED;
        else
            octi_daemon_read(&supervisor->daemons[events[i].data.fd]);
    }
    reap(supervisor, octi_clock_ns());
    tick_all(supervisor);
    return fingerprint(supervisor) != before ? woke | OCTI_WOKE_DAEMON : woke;
}

/* Whether a daemon that is still there needs this one. */
static bool is_needed(const octi_supervisor *supervisor, const octi_daemon *daemon)
{
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->daemons[i].needs == daemon && supervisor->daemons[i].state != OCTI_DAEMON_OFF)
            return true;
    return false;
}

static bool let_go(octi_supervisor *supervisor)
{
    bool all_off = true;
    for (size_t i = 0; i < supervisor->count; i++) {
        octi_daemon *daemon = &supervisor->daemons[i];
        if (!is_needed(supervisor, daemon))
            octi_daemon_want(daemon, false);
        all_off = all_off && daemon->state == OCTI_DAEMON_OFF;
    }
    return all_off;
}

void octi_supervisor_stop(octi_supervisor *supervisor)
{
    while (!let_go(supervisor))
        octi_supervisor_wait(supervisor, INT64_MAX);
    if (getpid() != 1)
        return;

    /* Jobs' processes and shells; the kernel kills what is left when PID 1 is gone. */
    kill(-1, SIGTERM);
    int64_t until = octi_clock_ns() + 300 * MS;
    while (octi_clock_ns() < until && (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD))
        octi_supervisor_wait(supervisor, octi_clock_ns() + 10 * MS);
}
