#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/exercise/files.h"

static oct_err failed(oct_error *err, const char *doing, const char *path)
{
    int why = errno;
    oct_err code = why == ENOENT    ? OCT_E_NOTFOUND
                   : why == EACCES  ? OCT_E_DENIED
                   : why == EEXIST  ? OCT_E_EXISTS
                   : why == ENOSPC  ? OCT_E_EXHAUSTED
                   : why == ENOTDIR ? OCT_E_NOTFOUND
                                    : OCT_E_IO;
    oct_fail(err, code, "cannot %s '%s': %s", doing, path, strerror(why));
    return code == OCT_E_EXHAUSTED ? oct_hint(err, "make room there ('df -h'), then the same command goes on")
                                   : code;
}

const char *octi_path(char out[OCTI_PATH], const char *folder, const char *name)
{
    snprintf(out, OCTI_PATH, "%s/%s", folder, name);
    return out;
}

bool octi_has_file(const char *path)
{
    return access(path, F_OK) == 0;
}

uint64_t octi_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

oct_err octi_read_file(const char *path, size_t most, octi_buffer *out, oct_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(err, "open", path);
    oct_err code = OCT_OK;
    for (size_t taken = 0; code == OCT_OK && taken < most;) {
        size_t wanted = most - taken < 65536 ? most - taken : 65536;
        if (octi_buffer_reserve(out, wanted) != OCT_OK) {
            code = oct_fail(err, OCT_E_NOMEM, "out of memory");
            break;
        }
        ssize_t got = read(fd, out->data + out->size, wanted);
        if (got < 0)
            code = failed(err, "read", path);
        if (got <= 0)
            break;
        out->size += (size_t)got;
        out->data[out->size] = '\0';
        taken += (size_t)got;
    }
    close(fd);
    return code;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, bytes, size);
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
        }
    }
    return true;
}

static oct_err write_with_mode(const char *path, const void *bytes, size_t size, mode_t mode, oct_error *err)
{
    char part[OCTI_PATH + 16];
    snprintf(part, sizeof(part), "%s.%ld.part", path, (long)getpid());
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return failed(err, "write", path);
    bool written = write_all(fd, bytes, size);
    int why = errno;
    bool closed = close(fd) == 0;
    if (!written)
        errno = why;
    if (written && closed && rename(part, path) == 0)
        return OCT_OK;
    oct_err code = failed(err, "write", path);
    unlink(part);
    return code;
}

oct_err octi_write_file(const char *path, const void *bytes, size_t size, oct_error *err)
{
    return write_with_mode(path, bytes, size, 0666, err);
}

oct_err octi_copy_file(const char *from, const char *to, oct_error *err)
{
    octi_buffer bytes = {0};
    oct_err code = octi_read_file(from, SIZE_MAX, &bytes, err);
    if (code == OCT_OK)
        code = write_with_mode(to, bytes.data ? bytes.data : "", bytes.size, 0666, err);
    octi_buffer_deinit(&bytes);
    return code;
}

oct_err octi_make_folder(const char *path, oct_error *err)
{
    char part[OCTI_PATH];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(part))
        return oct_fail(err, OCT_E_INVALID, "the folder name '%.40s' makes no sense", path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)i, path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return failed(err, "make the folder", part);
    }
    struct stat there;
    if (stat(path, &there) != 0 || !S_ISDIR(there.st_mode)) {
        errno = ENOTDIR;
        return failed(err, "make the folder", path);
    }
    return OCT_OK;
}

static int remove_one(const char *path, const struct stat *known, int kind, struct FTW *walk)
{
    (void)known, (void)kind, (void)walk;
    (void)remove(path); /* what stays is no reason to leave the rest */
    return 0;
}

void octi_remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
