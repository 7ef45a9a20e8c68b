#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/prep/output.h"

enum { BUFFER_BYTES = 1 << 18 };

static const char PART[] = ".part-";

static oct_err write_all(int fd, const char *bytes, size_t size, const char *path, oct_error *err)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT)) {
            oct_fail(err, OCT_E_EXHAUSTED, "no space left for '%s'", path);
            return oct_hint(err, "free some, or ask for less with --size");
        }
        if (n < 0)
            return oct_fail(err, OCT_E_IO, "cannot write '%s': %s", path, strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return OCT_OK;
}

/* Removes what a maker of this file left that was killed: it holds no lock any more. One that has no bytes
 * yet may not have its lock yet either. */
static void remove_left_behind(const char *path)
{
    char folder[4096], found[sizeof(folder) + 256];
    struct dirent *entry;
    struct stat known;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    DIR *all = opendir(folder);
    while (all && (entry = readdir(all))) {
        if (strncmp(entry->d_name, name, length) != 0 ||
            strncmp(entry->d_name + length, PART, strlen(PART)) != 0)
            continue;
        snprintf(found, sizeof(found), "%s/%s", folder, entry->d_name);
        int fd = open(found, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && fstat(fd, &known) == 0 && known.st_size > 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlink(found);
        if (fd >= 0)
            close(fd);
    }
    if (all)
        closedir(all);
}

oct_err output_begin(output *out, const char *path, oct_error *err)
{
    *out = (output){.path = path};
    /* A name of its own, so that two who make the same file do not disturb each other. */
    if (snprintf(out->part, sizeof(out->part), "%s%sXXXXXX", path, PART) >= (int)sizeof(out->part))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", path);
    out->at = out->buffer = malloc(BUFFER_BYTES);
    if (!out->buffer)
        return oct_fail(err, OCT_E_NOMEM, "no memory to write '%s'", path);
    remove_left_behind(path);
    out->fd = mkostemp(out->part, O_CLOEXEC);
    if (out->fd >= 0) {
        (void)flock(out->fd, LOCK_EX | LOCK_NB); /* where there are no locks nothing is removed either */
        return OCT_OK;
    }
    free(out->buffer);
    return oct_fail(err, OCT_E_IO, "cannot create '%s': %s", out->part, strerror(errno));
}

static oct_err flush(output *out, oct_error *err)
{
    size_t size = (size_t)(out->at - out->buffer);
    out->bytes += (int64_t)size;
    out->at = out->buffer;
    return write_all(out->fd, out->buffer, size, out->part, err);
}

oct_err output_line(output *out, char *end, oct_error *err)
{
    out->at = end;
    out->lines++;
    return end - out->buffer > BUFFER_BYTES - OUTPUT_LINE_MOST ? flush(out, err) : OCT_OK;
}

oct_err output_end(output *out, oct_err code, oct_error *err)
{
    if (code == OCT_OK)
        code = flush(out, err);
    if (code == OCT_OK && fchmod(out->fd, 0644) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot let others read '%s': %s", out->part, strerror(errno));
    if (close(out->fd) != 0 && code == OCT_OK)
        code = oct_fail(err, OCT_E_IO, "cannot write '%s': %s", out->part, strerror(errno));
    if (code == OCT_OK && rename(out->part, out->path) != 0)
        code =
            oct_fail(err, OCT_E_IO, "cannot rename '%s' to '%s': %s", out->part, out->path, strerror(errno));
    if (code != OCT_OK)
        unlink(out->part);
    free(out->buffer);
    return code;
}
