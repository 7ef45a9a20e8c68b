#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/node/commands.h"

/* Engines have no call that ends a command, and leave one running whose caller is gone. Who
 * starts it therefore marks it, and all that it will start, by a variable of its environment. */
#define MARK "OCTAVO_EXEC="

enum { TOKEN_MAX = 64, PATIENCE_MS = 1000, POLL_MS = 20, ENVIRONMENT_MAX = 1 << 20 };

/* The environment that a process was started with; *size is 0 when it is not ours to read. */
static void read_environment(const char *pid, char *text, size_t *size)
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;
    for (*size = 0; fd >= 0 && got > 0 && *size<ENVIRONMENT_MAX; *size += got> 0 ? (size_t)got : 0)
        got = read(fd, text + *size, ENVIRONMENT_MAX - *size);
    if (fd >= 0)
        close(fd);
}

static bool has_mark(const char *text, size_t size, const char *mark)
{
    size_t length = strlen(mark) + 1; /* with its end */
    for (size_t at = 0; at + length <= size; at += strnlen(text + at, size - at) + 1)
        if (memcmp(text + at, mark, length) == 0)
            return true;
    return false;
}

/* Sends every marked process a signal; returns how many there are. */
static int signal_marked(const char *mark, char *text, int signal)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        size_t size;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 1 || pid == getpid())
            continue;
        read_environment(entry->d_name, text, &size);
        if (!has_mark(text, size, mark) || kill(pid, signal) != 0)
            continue;
        kill(pid, SIGCONT); /* one that is stopped would not notice */
        count++;
    }
    if (proc)
        closedir(proc);
    return count;
}

int octi_end_main(int argc, char **argv)
{
    char mark[sizeof(MARK) + TOKEN_MAX];
    if (argc != 2 || !*argv[1] || strlen(argv[1]) > TOKEN_MAX) {
        fprintf(stderr, "error: 'end' takes what " MARK " was set to\n");
        return 2;
    }
    snprintf(mark, sizeof(mark), MARK "%s", argv[1]);
    char *text = malloc(ENVIRONMENT_MAX);
    if (!text)
        return 1;
    int left = signal_marked(mark, text, SIGTERM);
    for (int waited = 0; left > 0 && waited < PATIENCE_MS; waited += POLL_MS) {
        poll(NULL, 0, POLL_MS);
        left = signal_marked(mark, text, 0);
    }
    while (left > 0 && (left = signal_marked(mark, text, SIGKILL)) > 0)
        poll(NULL, 0, POLL_MS);
    free(text);
    return 0;
}
