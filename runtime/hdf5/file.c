#include "runtime/hdf5/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INCREMENT = 1 << 20 };

/* Taken by open and create, released at the end. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void begin(octi_hdf5 *h)
{
    pthread_mutex_lock(&turn);
    H5Eget_auto2(H5E_DEFAULT, &h->report, &h->report_ctx);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void end(octi_hdf5 *h)
{
    H5Eset_auto2(H5E_DEFAULT, h->report, h->report_ctx);
    pthread_mutex_unlock(&turn);
}

static herr_t see_cause(unsigned n, const H5E_error2_t *error, void *ctx)
{
    const char **cause = ctx;
    if (n == 0)
        *cause = error->desc;
    return 0;
}

oct_err octi_hdf5_fail(const octi_hdf5 *h, const char *verb, oct_error *err)
{
    const char *cause = "HDF5 does not say why";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, see_cause, &cause); /* the innermost one first */
    return oct_fail(err, OCT_E_IO, "cannot %s '%s': %.120s", verb, h->path, cause);
}

static oct_err cannot(const char *verb, const char *path, oct_error *err)
{
    oct_err code = errno == EACCES                      ? OCT_E_DENIED
                   : errno == ENOENT                    ? OCT_E_NOTFOUND
                   : errno == ENOSPC || errno == EDQUOT ? OCT_E_EXHAUSTED
                                                        : OCT_E_IO;
    return oct_fail(err, code, "cannot %s '%s': %s", verb, path, strerror(errno));
}

oct_err octi_hdf5_open(octi_hdf5 *h, const char *path, oct_error *err)
{
    *h = (octi_hdf5){.path = path};
    int fd = open(path, O_RDONLY | O_CLOEXEC); /* says why, which HDF5 does not in a way to rely on */
    if (fd < 0)
        return cannot("open", path, err);
    close(fd);
    begin(h);
    h->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (h->file >= 0)
        return OCT_OK;
    end(h);
    return oct_fail(err, OCT_E_INVALID, "'%s' is not an HDF5 file, or a damaged one", path);
}

void octi_hdf5_close(octi_hdf5 *h)
{
    H5Fclose(h->file);
    end(h);
}

/* In memory, since HDF5 is not to be used any more, nor to be left, after a disk was full: it ends programs
 * that exit then. Links are in the order in which they are made, which is that of columns. */
static hid_t create_file(const char *path)
{
    hid_t how = H5Pcreate(H5P_FILE_CREATE), where = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_link_creation_order(how, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_fapl_core(where, INCREMENT, false);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, how, where);
    H5Pclose(where);
    H5Pclose(how);
    return file;
}

oct_err octi_hdf5_create(octi_hdf5 *h, const char *path, oct_error *err)
{
    *h = (octi_hdf5){.path = path};
    begin(h);
    h->file = create_file(path);
    if (h->file >= 0)
        return OCT_OK;
    oct_err code = octi_hdf5_fail(h, "create", err);
    end(h);
    return code;
}

/* The file's bytes; malloc'ed. */
static oct_err take_image(const octi_hdf5 *h, char **image, size_t *size, oct_error *err)
{
    ssize_t length = H5Fflush(h->file, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(h->file, NULL, 0);
    char *bytes = length < 0 ? NULL : malloc((size_t)length);
    if (length >= 0 && !bytes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the %zd bytes of '%s'", length, h->path);
    if (!bytes || H5Fget_file_image(h->file, bytes, (size_t)length) != length) {
        free(bytes);
        return octi_hdf5_fail(h, "write", err);
    }
    *image = bytes;
    *size = (size_t)length;
    return OCT_OK;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static oct_err write_image(const octi_hdf5 *h, const char *image, size_t size, oct_error *err)
{
    char part[4096];
    if (snprintf(part, sizeof(part), "%s.part-XXXXXX", h->path) >= (int)sizeof(part))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", h->path);
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return cannot("create", part, err);
    bool good = write_all(fd, image, size) && fchmod(fd, 0644) == 0;
    int failed = errno;
    good = close(fd) == 0 && good;
    if (good && rename(part, h->path) == 0)
        return OCT_OK;
    errno = good ? errno : failed;
    oct_err code = cannot("write", h->path, err);
    unlink(part);
    return code;
}

oct_err octi_hdf5_finish(octi_hdf5 *h, oct_err code, oct_error *err)
{
    char *image = NULL;
    size_t size = 0;
    if (code == OCT_OK)
        code = take_image(h, &image, &size, err);
    H5Fclose(h->file);
    end(h);
    if (code == OCT_OK)
        code = write_image(h, image, size, err);
    free(image);
    return code;
}
