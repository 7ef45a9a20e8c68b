#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/exercise/backtrace.h"
#include "provision/exercise/cell.h"
#include "provision/exercise/tree.h"
#include "provision/exercise/trial.h"
#include "runtime/base/clock.h"

enum { NOT_STARTED = 127 };

struct running {
    const octi_trial *trial;
    octi_trial_result *result;
    int out, err; /* -1 when closed */
    pid_t pid;
    int cell; /* octi_cell_status's; -1 where there is no cell */
    bool ended;
    uint64_t disk; /* bytes in its folder when it began */
    uint64_t memory;
};

/* --- limits --- */

static uint64_t walked; /* nftw gives its function no context; one trial at a time */

static int add_size(const char *path, const struct stat *known, int kind, struct FTW *walk)
{
    (void)path, (void)walk;
    walked += kind == FTW_NS ? 0 : (uint64_t)known->st_blocks * 512;
    return 0;
}

/* What the folder and all below it take on the disk; of links the link. The disk's own count would hold
 * what others write meanwhile against the program. */
static uint64_t size_of(const char *folder)
{
    walked = 0;
    nftw(folder, add_size, 16, FTW_PHYS | FTW_MOUNT);
    return walked;
}

/* Half of what the machine has to give, so that it stays usable. */
static uint64_t share_of_memory(void)
{
    unsigned long long available = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "MemAvailable: %llu kB", &available) == 1)
            break;
    if (file)
        fclose(file);
    uint64_t half = (uint64_t)available * 512;
    return half > 0 ? half : (uint64_t)1 << 30;
}

static void limit(int what, rlim_t most)
{
    struct rlimit now;
    if (getrlimit(what, &now) != 0)
        return;
    now.rlim_cur = most < now.rlim_max ? most : now.rlim_max;
    now.rlim_max = now.rlim_cur;
    setrlimit(what, &now);
}

/* The second line of defence: the first is looking at it, which sees sooner and knows why. */
static void set_limits(const octi_trial *trial, unsigned processes_now)
{
    enum { THREADS = 400 };
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, trial->disk);
    limit(RLIMIT_NPROC, processes_now + trial->processes + THREADS);
}

/* --- starting --- */

static void become_program(const octi_trial *trial, int out, int err, unsigned processes_now)
{
    setsid(); /* no terminal, and its signals are its own */
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGPIPE};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        signal(ours[i], SIG_DFL);
    for (size_t i = 0; trial->environment && trial->environment[i]; i++)
        putenv((char *)trial->environment[i]);
    set_limits(trial, processes_now);
    if (chdir(trial->folder) == 0)
        execvp(trial->argv[0], (char *const *)trial->argv);
    fprintf(stderr, "cannot start '%s': %s\n", trial->argv[0], strerror(errno));
    _exit(NOT_STARTED);
}

/* A program of our own, which gets grace, needs no cell. */
static pid_t fork_program(struct running *run)
{
    pid_t parent = getpid();
    if (run->trial->grace <= 0 && octi_cell_possible())
        return octi_cell_fork(&run->cell);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(NOT_STARTED);
    }
    return pid;
}

static oct_err start(struct running *run, oct_error *err)
{
    int out[2], errors[2];
    if (pipe2(out, O_CLOEXEC) != 0)
        return oct_fail(err, OCT_E_IO, "cannot make a pipe: %s", strerror(errno));
    if (pipe2(errors, O_CLOEXEC) != 0) {
        close(out[0]), close(out[1]);
        return oct_fail(err, OCT_E_IO, "cannot make a pipe: %s", strerror(errno));
    }
    octi_tree before;
    octi_tree_adopt(true);
    octi_tree_scan(&before);
    fflush(NULL);
    run->pid = fork_program(run);
    if (run->pid == 0)
        become_program(run->trial, out[1], errors[1], before.processes);
    octi_tree_deinit(&before);
    close(out[1]), close(errors[1]);
    if (run->pid < 0) {
        close(out[0]), close(errors[0]);
        return oct_fail(err, OCT_E_EXHAUSTED, "cannot start '%s': %s", run->trial->argv[0], strerror(errno));
    }
    run->out = out[0];
    run->err = errors[0];
    fcntl(run->out, F_SETFL, O_NONBLOCK);
    fcntl(run->err, F_SETFL, O_NONBLOCK);
    return OCT_OK;
}

/* --- watching --- */

static void drain(int *fd, octi_buffer *into, size_t most)
{
    char bytes[16384];
    ssize_t got = 0;
    while (*fd >= 0 && into->size <= most && (got = read(*fd, bytes, sizeof(bytes))) > 0)
        if (octi_buffer_append(into, bytes, (size_t)got) != OCT_OK)
            break;
    if (*fd >= 0 && (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))) {
        close(*fd);
        *fd = -1;
    }
}

/* Reaps everything; notes how the program itself ended. */
static void reap(struct running *run)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != run->pid)
            continue;
        run->ended = true;
        if (run->cell >= 0)
            status = octi_cell_status(run->cell, status);
        run->result->end = WIFSIGNALED(status) ? OCTI_END_SIGNAL : OCTI_END_EXIT;
        run->result->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void count_runnable(const octi_tree *tree, unsigned most, octi_trial_result *result)
{
    unsigned runnable = octi_tree_runnable(tree);
    result->looks++;
    result->runnable += runnable < most ? runnable : most;
}

/* True when a limit is passed; *end says which. */
static bool passes_limits(const struct running *run, octi_end *end)
{
    const octi_trial *trial = run->trial;
    octi_tree tree;
    octi_tree_scan(&tree);
    if (trial->most_at_once > 0)
        count_runnable(&tree, trial->most_at_once, run->result);
    bool many = tree.count > trial->processes, large = tree.bytes > run->memory;
    bool filled = size_of(trial->folder) > run->disk + trial->disk;
    octi_tree_deinit(&tree);
    *end = many ? OCTI_END_PROCESSES : large ? OCTI_END_MEMORY : OCTI_END_DISK;
    return many || large || filled;
}

static void watch(struct running *run, int64_t start_ns)
{
    const octi_trial *trial = run->trial;
    octi_trial_result *result = run->result;
    int look_ms = (int)(1e3 * (trial->look_every > 0 ? trial->look_every : 0.02));
    int64_t looked_ns = start_ns;
    for (;;) {
        struct pollfd from[] = {{.fd = run->out, .events = POLLIN}, {.fd = run->err, .events = POLLIN}};
        (void)poll(from, 2, run->out < 0 && run->err < 0 ? 1 : 5);
        drain(&run->out, &result->out, trial->output);
        drain(&run->err, &result->err, trial->output);
        reap(run);
        int64_t now = octi_clock_ns();
        if (run->ended)
            return;
        if (result->out.size > trial->output || result->err.size > trial->output)
            result->end = OCTI_END_OUTPUT;
        else if (trial->stop && trial->stop())
            result->end = OCTI_END_STOPPED;
        else if ((double)(now - start_ns) / 1e9 > trial->seconds)
            result->end = OCTI_END_TIME;
        else if (now - looked_ns < look_ms * INT64_C(1000000))
            continue;
        else if (looked_ns = now, !passes_limits(run, &result->end))
            continue;
        return;
    }
}

/* Lets a program that can end well do so: one that has a job elsewhere cancels it. */
static void give_grace(struct running *run)
{
    octi_trial_result *result = run->result, ended = *result;
    int64_t end = octi_clock_ns() + (int64_t)(1e9 * run->trial->grace);
    if (run->trial->grace <= 0 || run->ended)
        return;
    kill(run->pid, SIGTERM);
    while (!run->ended && octi_clock_ns() < end) {
        poll(NULL, 0, 10);
        drain(&run->out, &result->out, run->trial->output);
        drain(&run->err, &result->err, run->trial->output);
        reap(run);
    }
    /* Why it had to end is known already. */
    result->end = ended.end;
    result->status = ended.status;
}

/* What the program's own status hides: it may have met a limit and said something else. */
static void name_cause(struct running *run)
{
    octi_trial_result *result = run->result;
    const char *said = result->err.data ? result->err.data : "";
    if (result->end == OCTI_END_SIGNAL && result->status == SIGXFSZ)
        result->end = OCTI_END_DISK;
    else if (result->end == OCTI_END_EXIT && result->status != 0 &&
             (strstr(said, strerror(ENOSPC)) || strstr(said, strerror(EFBIG))))
        result->end = OCTI_END_DISK;
}

static void trace_all(const struct running *run, octi_buffer *out)
{
    enum { MOST = 12 };
    octi_tree tree;
    octi_tree_scan(&tree);
    for (size_t i = 0; i < tree.count && i < MOST; i++)
        if (run->cell < 0 || tree.pids[i] != run->pid) /* a cell's first process is ours */
            octi_backtrace(tree.pids[i], out);
    octi_tree_deinit(&tree);
}

/* Of all children that have ended. */
static double cpu_seconds(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_CHILDREN, &used) != 0)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

oct_err octi_trial_run(const octi_trial *trial, octi_trial_result *result, oct_error *err)
{
    *result = (octi_trial_result){0};
    struct running run = {.trial = trial, .result = result, .out = -1, .err = -1, .cell = -1};
    run.memory = share_of_memory();
    if (trial->memory && trial->memory < run.memory)
        run.memory = trial->memory;
    result->memory = run.memory;
    run.disk = size_of(trial->folder);
    double used_before = cpu_seconds();
    int64_t start_ns = octi_clock_ns();
    oct_err code = start(&run, err);
    if (code != OCT_OK)
        return code;
    watch(&run, start_ns);
    result->seconds = (double)(octi_clock_ns() - start_ns) / 1e9;
    if (result->end == OCTI_END_TIME)
        trace_all(&run, &result->where);
    give_grace(&run);
    if (run.cell >= 0 && !run.ended)
        kill(run.pid, SIGKILL); /* and with it all in the cell */
    octi_tree_kill();           /* also what a program that ended left behind */
    result->cpu_seconds = cpu_seconds() - used_before;
    drain(&run.out, &result->out, trial->output);
    drain(&run.err, &result->err, trial->output);
    if (run.out >= 0)
        close(run.out);
    if (run.err >= 0)
        close(run.err);
    if (run.cell >= 0)
        close(run.cell);
    name_cause(&run);
    return OCT_OK;
}

void octi_trial_deinit(octi_trial_result *result)
{
    octi_buffer_deinit(&result->out);
    octi_buffer_deinit(&result->err);
    octi_buffer_deinit(&result->where);
}

void octi_trial_tell(const octi_trial *trial, const octi_trial_result *result, char *text, size_t size)
{
    switch (result->end) {
    case OCTI_END_EXIT:
        snprintf(text, size, "ended with status %d", result->status);
        return;
    case OCTI_END_SIGNAL:
        snprintf(text, size, "crashed: %s", strsignal(result->status));
        return;
    case OCTI_END_TIME:
        snprintf(text, size, "did not end within %.3g s", trial->seconds);
        return;
    case OCTI_END_OUTPUT:
        snprintf(text, size, "wrote more than %zu MB and was stopped", trial->output >> 20);
        return;
    case OCTI_END_MEMORY:
        snprintf(text, size, "took more than %.1f GB of memory and was stopped",
                 (double)result->memory / 1e9);
        return;
    case OCTI_END_PROCESSES:
        snprintf(text, size, "started more than %u processes and was stopped", trial->processes);
        return;
    case OCTI_END_DISK:
        snprintf(text, size, "filled the disk, or found it full, after %.1f s", result->seconds);
        return;
    case OCTI_END_STOPPED:
        snprintf(text, size, "was stopped");
        return;
    }
}
