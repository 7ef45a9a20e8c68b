#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/node/commands.h"
#include "provision/node/daemon.h"

/* Signals that a launcher or a terminal sends to a program, which the program gets from
 * us. Those that stop a process are left to the kernel: both are in one process group. */
static const int PASSED_ON[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGUSR1,
                                SIGUSR2, SIGALRM, SIGCONT, SIGWINCH};

enum { PASSED_ON_COUNT = sizeof(PASSED_ON) / sizeof(PASSED_ON[0]), CANNOT_RUN = 126, NOT_FOUND = 127 };

/* The status of a program that ended of a signal sent to it, which is no news: another
 * rank has failed, or somebody cancelled the job. srun reports the largest status of all
 * ranks, and the failed one's is what its user wants to see. */
enum { ORDERED = 1 };

/* "octavo: dev-3: rank 3: TEXT", in one write so that the ranks' lines do not mix. */
static void report(const char *text)
{
    char host[64] = "?", line[512];
    gethostname(host, sizeof(host) - 1);
    const char *rank = getenv("PMIX_RANK");
    if (!rank)
        rank = getenv("SLURM_PROCID");
    int size = rank ? snprintf(line, sizeof(line), "octavo: %s: rank %.16s: %.400s\n", host, rank, text)
                    : snprintf(line, sizeof(line), "octavo: %s: %.400s\n", host, text);
    if (write(STDERR_FILENO, line, (size_t)size) < 0)
        return;
}

static void become(char **argv, const sigset_t *mask)
{
    /* The launcher may kill us by a signal that cannot be passed on. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);

    int failure = errno;
    char text[400];
    snprintf(text, sizeof(text), "cannot run '%.300s': %s", argv[0], strerror(failure));
    report(text);
    _exit(failure == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

/* What somebody may mean to go on with, such as Slurm's own suspending of a job, which stops
 * this process too, is let go on for this long. */
static const struct timespec FROZEN_LIMIT = {.tv_sec = 2};

/* Waits for the child, passing signals on. *passed gets those that were. A program that is
 * stopped keeps all other ranks waiting for it: it is killed, and *frozen is set. */
static int attend(pid_t child, const sigset_t *taken, sigset_t *passed, bool *frozen)
{
    bool stopped = false;
    for (;;) {
        int status;
        pid_t changed = waitpid(child, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (changed == child && !WIFSTOPPED(status) && !WIFCONTINUED(status))
            return status;
        if (changed == child)
            stopped = WIFSTOPPED(status);
        siginfo_t info;
        int number = stopped ? sigtimedwait(taken, &info, &FROZEN_LIMIT) : sigwaitinfo(taken, &info);
        if (number > 0 && number != SIGCHLD) {
            sigaddset(passed, number);
            kill(child, number);
        } else if (number < 0 && errno == EAGAIN) {
            *frozen = true;
            stopped = false;
            kill(child, SIGKILL);
        }
    }
}

/* The launcher signals every process of a rank, one after the other, so the program may be
 * gone before our own copy of the signal is here. */
static void take_late_signal(int number, const sigset_t *taken, sigset_t *passed)
{
    const struct timespec moment = {.tv_nsec = 100000000};
    siginfo_t info;
    if (!sigismember(taken, number) || sigismember(passed, number))
        return;
    int late;
    while ((late = sigtimedwait(taken, &info, &moment)) > 0)
        if (late != SIGCHLD)
            sigaddset(passed, late);
}

static int ending_signal(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status);
    return WEXITSTATUS(status) > 128 && WEXITSTATUS(status) < 128 + NSIG ? WEXITSTATUS(status) - 128 : 0;
}

static int conclude(int status, const sigset_t *passed, bool frozen)
{
    if (frozen) {
        report("frozen (stopped by a signal), and killed for that");
        return 128 + SIGKILL;
    }
    int ordered = ending_signal(status);
    if (ordered && sigismember(passed, ordered))
        return ORDERED;

    char text[128];
    octi_describe_exit(status, text, sizeof(text));
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (code != 0 && code != CANNOT_RUN && code != NOT_FOUND)
        report(text);
    return code;
}

int octi_task_main(int argc, char **argv)
{
    char **program = argv + 1;
    if (argc > 1 && strcmp(argv[1], "--") == 0)
        program++;
    if (!*program) {
        fprintf(stderr,
                "error: 'task' needs a program to run\nhint: octavo-node task -- PROGRAM [ARGUMENT...]\n");
        return 2;
    }

    sigset_t taken, before, passed;
    sigemptyset(&passed);
    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    for (int i = 0; i < PASSED_ON_COUNT; i++)
        sigaddset(&taken, PASSED_ON[i]);
    sigprocmask(SIG_BLOCK, &taken, &before);

    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "error: cannot start '%s': %s\n", *program, strerror(errno));
        return CANNOT_RUN;
    }
    if (child == 0)
        become(program, &before);
    bool frozen = false;
    int status = attend(child, &taken, &passed, &frozen);
    take_late_signal(ending_signal(status), &taken, &passed);
    return conclude(status, &passed, frozen);
}
