#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "provision/exercise/changes.h"

static const uint32_t events =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

oct_err octi_changes_open(const char *folder, const char *except, octi_changes *out, oct_error *err)
{
    octi_changes changes = {.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (changes.fd >= 0)
        changes.watch = inotify_add_watch(changes.fd, folder, events);
    if (changes.fd < 0 || changes.watch < 0) {
        bool exhausted = errno == ENOSPC || errno == EMFILE;
        oct_fail(err,
                 exhausted         ? OCT_E_EXHAUSTED
                 : errno == ENOENT ? OCT_E_NOTFOUND
                                   : OCT_E_IO,
                 "cannot watch '%s': %s", folder,
                 exhausted ? "this user watches as many files as the system allows" : strerror(errno));
        if (exhausted)
            oct_hint(err, "end other programs that watch files, or raise it: sysctl "
                          "fs.inotify.max_user_watches=1048576 "
                          "fs.inotify.max_user_instances=512");
        if (changes.fd >= 0)
            close(changes.fd);
        return err ? err->code : OCT_E_IO;
    }
    snprintf(changes.folder, sizeof(changes.folder), "%s", folder);
    snprintf(changes.except, sizeof(changes.except), "%s", except);
    *out = changes;
    return OCT_OK;
}

void octi_changes_close(octi_changes *changes)
{
    if (changes->fd >= 0)
        close(changes->fd);
    changes->fd = -1;
}

static bool counts(const octi_changes *changes, const char *name)
{
    size_t length = strlen(name);
    return length > 2 && strcmp(name, changes->except) != 0 && name[0] != '.' && name[length - 2] == '.' &&
           (name[length - 1] == 'c' || name[length - 1] == 'h');
}

bool octi_changes_take(octi_changes *changes)
{
    _Alignas(struct inotify_event) char bytes[4096];
    bool saved = false, moved = false;
    for (ssize_t size; (size = read(changes->fd, bytes, sizeof(bytes))) > 0;)
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
            saved =
                saved || (event->mask & IN_Q_OVERFLOW) || (event->len > 0 && counts(changes, event->name));
            /* The end of a watch that was given up is told too, and is no news. */
            moved = moved || (event->wd == changes->watch &&
                              (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED)));
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    if (moved) {
        inotify_rm_watch(changes->fd, changes->watch);
        changes->watch = inotify_add_watch(changes->fd, changes->folder, events);
        saved = true;
    }
    return saved;
}
