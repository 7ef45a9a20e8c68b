#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/node/daemon.h"
#include "provision/node/say.h"

#define MS ((int64_t)1000000)

static const int64_t READY_POLL = 2 * MS;      /* while a needed daemon is coming up */
static const int64_t BACKOFF_FIRST = 100 * MS; /* then doubled */
static const int64_t BACKOFF_LAST = 10000 * MS;
static const int64_t STEADY = 20000 * MS;       /* one that ran this long starts over with its back-off */
static const int64_t STOP_PATIENCE = 1000 * MS; /* from SIGTERM to SIGKILL, unless its owner says more */

void octi_describe_exit(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(out, size, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(out, size, "exited with status %d", WEXITSTATUS(status));
}

oct_err octi_daemon_init(octi_daemon *daemon, oct_error *err)
{
    if (pipe2(daemon->output, O_CLOEXEC) != 0)
        return oct_fail(err, OCT_E_IO, "cannot make a pipe for '%s': %s", daemon->name, strerror(errno));
    /* Only our end: a daemon that found its output full would lose lines. */
    fcntl(daemon->output[0], F_SETFL, O_NONBLOCK);
    return OCT_OK;
}

void octi_daemon_deinit(octi_daemon *daemon)
{
    close(daemon->output[0]);
    close(daemon->output[1]);
}

void octi_daemon_want(octi_daemon *daemon, bool wanted)
{
    daemon->wanted = wanted;
    if (wanted && daemon->state == OCTI_DAEMON_OFF) {
        daemon->state = OCTI_DAEMON_WAITING;
        daemon->due = 0;
    } else if (!wanted && daemon->state == OCTI_DAEMON_WAITING) {
        daemon->state = OCTI_DAEMON_OFF;
    }
}

static void tell_to_end(octi_daemon *daemon, int64_t now)
{
    daemon->state = OCTI_DAEMON_STOPPING;
    daemon->ready = false;
    daemon->due = now + (daemon->patience_ns > 0 ? daemon->patience_ns : STOP_PATIENCE);
    kill(daemon->pid, SIGTERM);
}

void octi_daemon_renew(octi_daemon *daemon, int64_t now)
{
    daemon->failures = 0;
    if (daemon->state == OCTI_DAEMON_RUNNING)
        tell_to_end(daemon, now);
    else if (daemon->state == OCTI_DAEMON_WAITING)
        daemon->due = now;
}

static void back_off(octi_daemon *daemon, int64_t now)
{
    int64_t pause = BACKOFF_FIRST;
    for (unsigned i = 0; i < daemon->failures && pause < BACKOFF_LAST; i++)
        pause *= 2;
    if (pause > BACKOFF_LAST)
        pause = BACKOFF_LAST;
    daemon->failures++;
    daemon->restarts++;
    daemon->state = OCTI_DAEMON_WAITING;
    daemon->due = now + pause;
    octi_say("octavo-node", "%s %s; starting it again in %.1f s", daemon->name, daemon->last_exit,
             (double)pause / (1000.0 * MS));
}

/* In a session of its own, with no signal blocked and nothing inherited but its output. */
static int spawn(octi_daemon *daemon, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, daemon->output[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, daemon->output[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failure =
        posix_spawnp(pid, daemon->argv[0], &files, &attributes, (char *const *)daemon->argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

static void start(octi_daemon *daemon, int64_t now)
{
    daemon->last_words[0] = '\0'; /* what it said in an earlier life explains nothing now */
    int failure = spawn(daemon, &daemon->pid);
    if (failure) {
        daemon->pid = 0;
        snprintf(daemon->last_exit, sizeof(daemon->last_exit), "cannot be started");
        snprintf(daemon->last_words, sizeof(daemon->last_words), "'%.180s': %s", daemon->argv[0],
                 strerror(failure));
        octi_say("octavo-node", "cannot start %s: %s", daemon->name, daemon->last_words);
        back_off(daemon, now);
        return;
    }
    daemon->state = OCTI_DAEMON_RUNNING;
    daemon->started = now;
    daemon->ready = daemon->socket == NULL;
    octi_say("octavo-node", "started %s (pid %d)", daemon->name, (int)daemon->pid);
}

static bool somebody_listens(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return false;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool listens = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return listens;
}

int64_t octi_daemon_tick(octi_daemon *daemon, int64_t now)
{
    if (daemon->state == OCTI_DAEMON_RUNNING && !daemon->wanted)
        tell_to_end(daemon, now);

    if (daemon->state == OCTI_DAEMON_RUNNING && !daemon->ready) {
        daemon->ready = somebody_listens(daemon->socket);
        return daemon->ready ? now : now + READY_POLL;
    }
    if (daemon->state == OCTI_DAEMON_WAITING) {
        if (daemon->needs && !daemon->needs->ready)
            return INT64_MAX; /* the tick that finds the other one ready returns `now` */
        if (now < daemon->due)
            return daemon->due;
        start(daemon, now);
        return daemon->state == OCTI_DAEMON_RUNNING && daemon->ready ? INT64_MAX : now + READY_POLL;
    }
    if (daemon->state == OCTI_DAEMON_STOPPING) {
        if (now < daemon->due)
            return daemon->due;
        octi_say("octavo-node", "%s does not end, killing it", daemon->name);
        kill(daemon->pid, SIGKILL);
        daemon->due = INT64_MAX;
    }
    return INT64_MAX;
}

void octi_daemon_reaped(octi_daemon *daemon, int status, int64_t now)
{
    bool told = daemon->state == OCTI_DAEMON_STOPPING;
    octi_daemon_read(daemon);
    octi_describe_exit(status, daemon->last_exit, sizeof(daemon->last_exit));
    daemon->pid = 0;
    daemon->ready = false;
    if (now - daemon->started > STEADY)
        daemon->failures = 0;

    if (!daemon->wanted) {
        daemon->state = OCTI_DAEMON_OFF;
        octi_say("octavo-node", "%s %s", daemon->name, daemon->last_exit);
    } else if (told) {
        daemon->state = OCTI_DAEMON_WAITING;
        daemon->due = now;
    } else {
        back_off(daemon, now);
    }
}

/* Slurm's lines say who speaks, as ours do already. */
static const char *without_name(const octi_daemon *daemon, const char *line)
{
    size_t size = strlen(daemon->name);
    if (strncmp(line, daemon->name, size) == 0 && strncmp(line + size, ": ", 2) == 0)
        return line + size + 2;
    return line;
}

static bool speaks_of_error(const char *line)
{
    return strcasestr(line, "error") || strcasestr(line, "fatal");
}

static void end_line(octi_daemon *daemon)
{
    daemon->line[daemon->line_size] = '\0';
    daemon->line_size = 0;
    const char *line = without_name(daemon, daemon->line);
    if (!*line)
        return;
    octi_say(daemon->name, "%s", line);
    if (speaks_of_error(line) || !speaks_of_error(daemon->last_words))
        snprintf(daemon->last_words, sizeof(daemon->last_words), "%.250s", line);
}

void octi_daemon_read(octi_daemon *daemon)
{
    char bytes[4096];
    ssize_t got;
    while ((got = read(daemon->output[0], bytes, sizeof(bytes))) > 0)
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] == '\n')
                end_line(daemon);
            else if (bytes[i] != '\0' && daemon->line_size < sizeof(daemon->line) - 1)
                daemon->line[daemon->line_size++] = bytes[i];
        }
}
