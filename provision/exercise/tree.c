#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/exercise/tree.h"
#include "runtime/base/clock.h"

struct process {
    pid_t pid, parent, group;
    char state;
    long threads, pages;
    bool mine;   /* of this user */
    bool inside; /* below this process */
};

void octi_tree_adopt(bool adopt)
{
    prctl(PR_SET_CHILD_SUBREAPER, adopt);
}

/* False for a process that has gone meanwhile. */
static bool look_at(const char *name, struct process *out)
{
    char path[64], text[1024];
    struct stat owner;
    snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof(text) - 1);
    bool known = fstat(fd, &owner) == 0;
    close(fd);
    if (size <= 0)
        return false;
    text[size] = '\0';
    /* The second field is the program's name in parentheses, which may hold anything. */
    const char *rest = strrchr(text, ')');
    *out = (struct process){.pid = (pid_t)strtol(name, NULL, 10)};
    out->mine = known && owner.st_uid == getuid();
    return rest && sscanf(rest + 1,
                          " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %*u "
                          "%*u %ld",
                          &out->state, &out->parent, &out->group, &out->threads, &out->pages) == 5;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct process *look_at_all(size_t *count)
{
    struct process *all = NULL;
    size_t room = 0;
    *count = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return NULL;
    for (struct dirent *entry; (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (*count == room) {
            size_t more = room ? 2 * room : 256;
            struct process *grown = realloc(all, more * sizeof(*grown));
            if (!grown)
                break;
            all = grown;
            room = more;
        }
        if (look_at(entry->d_name, &all[*count]))
            ++*count;
    }
    closedir(proc);
    if (all)
        qsort(all, *count, sizeof(*all), by_pid);
    return all;
}

/* Until nothing changes: a child may have a smaller number than its parent. */
static void mark_inside(struct process *all, size_t count)
{
    pid_t self = getpid();
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            if (all[i].inside)
                continue;
            struct process key = {.pid = all[i].parent};
            const struct process *parent = bsearch(&key, all, count, sizeof(*all), by_pid);
            all[i].inside = all[i].parent == self || (parent && parent->inside);
            changed = changed || all[i].inside;
        }
    }
}

void octi_tree_scan(octi_tree *out)
{
    size_t count;
    struct process *all = look_at_all(&count);
    *out = (octi_tree){.pids = all ? malloc((count + 1) * sizeof(pid_t)) : NULL};
    if (all && out->pids) {
        mark_inside(all, count);
        for (size_t i = 0; i < count; i++) {
            out->processes += all[i].mine ? (unsigned)all[i].threads : 0;
            if (!all[i].inside || all[i].state == 'Z' || all[i].state == 'X')
                continue;
            out->pids[out->count++] = all[i].pid;
            out->bytes += (uint64_t)all[i].pages * (uint64_t)sysconf(_SC_PAGESIZE);
        }
    }
    free(all);
}

void octi_tree_deinit(octi_tree *tree)
{
    free(tree->pids);
    *tree = (octi_tree){0};
}

/* 'R' in the third field of a thread's stat; '?' for one that has gone meanwhile. */
static char thread_state(int folder, const char *name)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "%.20s/stat", name);
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    const char *rest = strrchr(text, ')');
    return rest && rest[1] == ' ' ? rest[2] : '?';
}

unsigned octi_tree_runnable(const octi_tree *tree)
{
    unsigned runnable = 0;
    for (size_t i = 0; i < tree->count; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/task", (int)tree->pids[i]);
        DIR *threads = opendir(path);
        for (struct dirent *entry; threads && (entry = readdir(threads));)
            runnable += isdigit((unsigned char)entry->d_name[0]) &&
                        thread_state(dirfd(threads), entry->d_name) == 'R';
        if (threads)
            closedir(threads);
    }
    return runnable;
}

/* By groups: the kernel lets no fork of a member pass by a signal to its group, so that a bomb whose
 * processes stay in one is ended at once. Ours is another, since a trial has a session of its own. */
static size_t signal_all(int number)
{
    size_t count, living = 0;
    struct process *all = look_at_all(&count);
    pid_t own = getpgrp(), last = 0;
    if (all)
        mark_inside(all, count);
    for (size_t i = 0; all && i < count; i++) {
        if (!all[i].inside || all[i].state == 'Z' || all[i].state == 'X')
            continue;
        living++;
        if (all[i].group == own)
            kill(all[i].pid, number);
        else if (all[i].group != last)
            kill(-(last = all[i].group), number);
    }
    free(all);
    return living;
}

void octi_tree_kill(void)
{
    enum { SECONDS = 5 };
    int64_t end = octi_clock_ns() + SECONDS * INT64_C(1000000000);
    size_t before = 0, now;
    /* Once no new one appears between two looks, none is left that could fork. */
    while ((now = signal_all(SIGSTOP)) > before && octi_clock_ns() < end)
        before = now;
    end = octi_clock_ns() + SECONDS * INT64_C(1000000000);
    while (signal_all(SIGKILL) > 0 && octi_clock_ns() < end)
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}
