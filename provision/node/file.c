#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/node/file.h"

enum { PIECE = 16384 };

oct_err octi_file_read_fd(int fd, const char *path, size_t limit, octi_buffer *out, oct_error *err)
{
    size_t start = out->size;
    for (;;) {
        if (octi_buffer_reserve(out, PIECE) != OCT_OK)
            return oct_fail(err, OCT_E_NOMEM, "out of memory while reading '%s'", path);
        ssize_t got = read(fd, out->data + out->size, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
        if (got == 0)
            return OCT_OK;
        out->size += (size_t)got;
        out->data[out->size] = '\0';
        if (out->size - start > limit)
            return oct_fail(err, OCT_E_INVALID, "'%s' is larger than %zu bytes", path, limit);
    }
}

oct_err octi_file_read(const char *path, size_t limit, octi_buffer *out, oct_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                        strerror(errno));
    oct_err result = octi_file_read_fd(fd, path, limit, out, err);
    close(fd);
    return result;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        bytes += put;
        size -= (size_t)put;
    }
    return 0;
}

/* Writes the bytes to a new file beside `path` and stores its name in temporary. */
static oct_err write_beside(const char *path, const void *bytes, size_t size, mode_t mode,
                            char temporary[PATH_MAX], oct_error *err)
{
    if (snprintf(temporary, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX)
        return oct_fail(err, OCT_E_INVALID, "the path '%s' is too long", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return oct_fail(err, OCT_E_IO, "cannot create '%s': %s", temporary, strerror(errno));

    if (fchmod(fd, mode) != 0 || write_all(fd, bytes, size) != 0 || fsync(fd) != 0) {
        int saved = errno;
        close(fd);
        unlink(temporary);
        return oct_fail(err, saved == ENOSPC || saved == EDQUOT ? OCT_E_EXHAUSTED : OCT_E_IO,
                        "cannot write '%s': %s", path, strerror(saved));
    }
    close(fd);
    return OCT_OK;
}

oct_err octi_file_replace(const char *path, const void *bytes, size_t size, mode_t mode, oct_error *err)
{
    char temporary[PATH_MAX];
    oct_err result = write_beside(path, bytes, size, mode, temporary, err);
    if (result != OCT_OK)
        return result;
    if (rename(temporary, path) == 0)
        return OCT_OK;
    int saved = errno;
    unlink(temporary);
    return oct_fail(err, OCT_E_IO, "cannot put '%s' in its place: %s", path, strerror(saved));
}

oct_err octi_file_create(const char *path, const void *bytes, size_t size, mode_t mode, oct_error *err)
{
    char temporary[PATH_MAX];
    oct_err result = write_beside(path, bytes, size, mode, temporary, err);
    if (result != OCT_OK)
        return result;
    /* link() refuses to replace, unlike rename(). */
    int failed = link(temporary, path) != 0 && errno != EEXIST ? errno : 0;
    unlink(temporary);
    if (failed)
        return oct_fail(err, OCT_E_IO, "cannot create '%s': %s", path, strerror(failed));
    return OCT_OK;
}

oct_err octi_folder_make(const char *path, mode_t mode, oct_error *err)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return oct_fail(err, OCT_E_IO, "cannot make the folder '%s': %s", path, strerror(errno));
    /* Not by mkdir alone: the umask takes bits away, and an older folder has its own. */
    if (chmod(path, mode) != 0)
        return oct_fail(err, OCT_E_IO, "cannot set the mode of '%s': %s", path, strerror(errno));
    return OCT_OK;
}
