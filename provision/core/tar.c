#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "provision/core/tar.h"

enum { PIECE = 64 * 1024 };

struct octi_tar {
    char *path; /* what is packed, or the folder unpacked into */
    char *name; /* in the archive: of the top */
    char *as;   /* on disk: of the top */
    int ours, theirs;
    pthread_t thread;
    bool reader_gone;
    oct_error error; /* the thread's; read after it has ended */
};

static oct_err archive_failed(octi_tar *tar, struct archive *archive, oct_err code, const char *doing)
{
    char why[160];
    const char *text = archive_error_string(archive);
    octi_text_clean(text ? text : "unknown", why, sizeof(why));
    return oct_fail(&tar->error, archive_errno(archive) == ENOSPC ? OCT_E_EXHAUSTED : code, "%s: %s", doing,
                    why);
}

static ssize_t on_write(struct archive *archive, void *ctx, const void *bytes, size_t size)
{
    octi_tar *tar = ctx;
    ssize_t sent;
    do
        sent = send(tar->theirs, bytes, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        tar->reader_gone = true;
        archive_set_error(archive, errno, "the reader has gone");
    }
    return sent;
}

static oct_err pack_data(octi_tar *tar, struct archive *disk, struct archive *out)
{
    const void *bytes;
    size_t size;
    la_int64_t offset, at = 0;
    static const char zeros[PIECE];
    for (;;) {
        int status = archive_read_data_block(disk, &bytes, &size, &offset);
        if (status == ARCHIVE_EOF)
            return OCT_OK;
        if (status < ARCHIVE_WARN)
            return archive_failed(tar, disk, OCT_E_IO, "cannot read what to pack");
        for (; at < offset;) { /* a hole */
            size_t gap = offset - at < PIECE ? (size_t)(offset - at) : PIECE;
            if (archive_write_data(out, zeros, gap) < 0)
                return archive_failed(tar, out, OCT_E_IO, "cannot pack");
            at += (la_int64_t)gap;
        }
        if (archive_write_data(out, bytes, size) < 0)
            return archive_failed(tar, out, OCT_E_IO, "cannot pack");
        at += (la_int64_t)size;
    }
}

/* Gives the entry its name in the archive and takes away what only this machine knows. */
static bool rename_entry(const octi_tar *tar, struct archive_entry *entry)
{
    const char *rest = archive_entry_pathname(entry) + strlen(tar->path);
    char *name;
    if (asprintf(&name, "%s%s", tar->name, rest) < 0)
        return false;
    archive_entry_set_pathname(entry, name);
    free(name);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_uname(entry, NULL);
    archive_entry_set_gname(entry, NULL);
    return true;
}

static oct_err pack_entries(octi_tar *tar, struct archive *disk, struct archive *out)
{
    struct archive_entry *entry = archive_entry_new();
    oct_err code = entry ? OCT_OK : oct_fail(&tar->error, OCT_E_NOMEM, "out of memory");
    while (code == OCT_OK) {
        archive_entry_clear(entry);
        int status = archive_read_next_header2(disk, entry);
        if (status == ARCHIVE_EOF)
            break;
        mode_t type = archive_entry_filetype(entry);
        if (status < ARCHIVE_WARN)
            code = archive_failed(tar, disk, OCT_E_IO, "cannot read what to pack");
        else if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
            continue; /* sockets and devices mean nothing elsewhere */
        else if (archive_read_disk_descend(disk), !rename_entry(tar, entry))
            code = oct_fail(&tar->error, OCT_E_NOMEM, "out of memory");
        else if (archive_write_header(out, entry) < ARCHIVE_WARN)
            code = archive_failed(tar, out, OCT_E_IO, "cannot pack");
        else if (type == AE_IFREG && archive_entry_size(entry) > 0)
            code = pack_data(tar, disk, out);
    }
    archive_entry_free(entry);
    return code;
}

static void *pack_thread(void *ctx)
{
    octi_tar *tar = ctx;
    struct archive *disk = archive_read_disk_new(), *out = archive_write_new();
    oct_err code = OCT_OK;
    if (!disk || !out)
        code = oct_fail(&tar->error, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK) {
        archive_read_disk_set_symlink_physical(disk);
        archive_write_set_format_pax_restricted(out);
        archive_write_set_bytes_in_last_block(out, 1);
        if (archive_write_open(out, tar, NULL, on_write, NULL) != ARCHIVE_OK)
            code = archive_failed(tar, out, OCT_E_IO, "cannot pack");
        else if (archive_read_disk_open(disk, tar->path) != ARCHIVE_OK)
            code = archive_failed(tar, disk, OCT_E_IO, "cannot open what to pack");
        else
            code = pack_entries(tar, disk, out);
        if (code == OCT_OK && archive_write_close(out) != ARCHIVE_OK)
            code = archive_failed(tar, out, OCT_E_IO, "cannot pack");
    }
    if (out && code != OCT_OK)
        archive_write_fail(out);
    archive_write_free(out);
    archive_read_free(disk);
    shutdown(tar->theirs, SHUT_RDWR);
    return NULL;
}

/* The place on disk of an entry called name: `as` and what follows `top`. OCT_E_PROTOCOL
 * when it is not at or under top. The caller frees *place. */
static oct_err map_name(octi_tar *tar, const char *name, char **place)
{
    while (strncmp(name, "./", 2) == 0)
        name += 2;
    size_t length = strlen(tar->name);
    char shown[80];
    if (strncmp(name, tar->name, length) != 0 || (name[length] != '/' && name[length] != '\0')) {
        octi_text_clean(name, shown, sizeof(shown));
        return oct_fail(&tar->error, OCT_E_PROTOCOL, "the archive holds '%s', which was not asked for",
                        shown);
    }
    if (asprintf(place, "%s%s", tar->as, name + length) < 0)
        return oct_fail(&tar->error, OCT_E_NOMEM, "out of memory");
    return OCT_OK;
}

static oct_err map_entry(octi_tar *tar, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);
    mode_t type = archive_entry_filetype(entry);
    char *place;
    if (!name)
        return oct_fail(&tar->error, OCT_E_PROTOCOL, "the archive holds an entry without a name");
    if (!link && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
        return oct_fail(&tar->error, OCT_E_PROTOCOL, "the archive holds a device or a pipe");
    oct_err code = map_name(tar, name, &place);
    if (code != OCT_OK)
        return code;
    archive_entry_set_pathname(entry, place);
    free(place);
    if (link) {
        code = map_name(tar, link, &place);
        if (code != OCT_OK)
            return code;
        archive_entry_set_hardlink(entry, place);
        free(place);
    }
    archive_entry_set_perm(entry, archive_entry_perm(entry) & 0777); /* no set-uid from elsewhere */
    return OCT_OK;
}

static oct_err unpack_data(octi_tar *tar, struct archive *in, struct archive *disk)
{
    const void *bytes;
    size_t size;
    la_int64_t offset;
    for (;;) {
        int status = archive_read_data_block(in, &bytes, &size, &offset);
        if (status == ARCHIVE_EOF)
            return OCT_OK;
        if (status < ARCHIVE_WARN)
            return archive_failed(tar, in, OCT_E_PROTOCOL, "the archive is broken");
        if (archive_write_data_block(disk, bytes, size, offset) < ARCHIVE_WARN)
            return archive_failed(tar, disk, OCT_E_IO, "cannot unpack");
    }
}

static oct_err unpack_entries(octi_tar *tar, struct archive *in, struct archive *disk)
{
    for (;;) {
        struct archive_entry *entry;
        int status = archive_read_next_header(in, &entry);
        if (status == ARCHIVE_EOF)
            return OCT_OK;
        if (status < ARCHIVE_WARN)
            return archive_failed(tar, in, OCT_E_PROTOCOL, "the archive is broken");
        oct_err code = map_entry(tar, entry);
        if (code == OCT_OK && archive_write_header(disk, entry) < ARCHIVE_WARN)
            code = archive_failed(tar, disk, OCT_E_IO, "cannot unpack");
        if (code == OCT_OK && archive_entry_size(entry) > 0)
            code = unpack_data(tar, in, disk);
        if (code == OCT_OK && archive_write_finish_entry(disk) < ARCHIVE_WARN)
            code = archive_failed(tar, disk, OCT_E_IO, "cannot unpack");
        if (code != OCT_OK)
            return code;
    }
}

/* An archive ends before its stream does: in blocks of zeros, which the sender must be able
 * to get rid of. */
static void drain(int fd)
{
    char piece[4096];
    while (read(fd, piece, sizeof(piece)) > 0)
        ;
}

static void *unpack_thread(void *ctx)
{
    octi_tar *tar = ctx;
    oct_err code = OCT_OK;
    /* libarchive guards only names relative to the working folder; this thread gets one of
     * its own, which the other threads do not see. */
    if (unshare(CLONE_FS) != 0 || chdir(tar->path) != 0)
        code = oct_fail(&tar->error, OCT_E_IO, "cannot unpack into '%s': %s", tar->path, strerror(errno));
    struct archive *in = archive_read_new(), *disk = archive_write_disk_new();
    if (code == OCT_OK && (!in || !disk))
        code = oct_fail(&tar->error, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK) {
        archive_read_support_format_tar(in);
        archive_read_support_format_empty(in);
        archive_write_disk_set_options(
            disk, ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                      ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME);
        code = archive_read_open_fd(in, tar->theirs, PIECE) == ARCHIVE_OK
                   ? unpack_entries(tar, in, disk)
                   : archive_failed(tar, in, OCT_E_PROTOCOL, "the archive is broken");
        if (archive_write_close(disk) < ARCHIVE_WARN && code == OCT_OK)
            code = archive_failed(tar, disk, OCT_E_IO, "cannot unpack");
    }
    if (code == OCT_OK)
        drain(tar->theirs);
    archive_write_free(disk);
    archive_read_free(in);
    shutdown(tar->theirs, SHUT_RDWR);
    return NULL;
}

static void destroy(octi_tar *tar)
{
    if (tar->ours >= 0)
        close(tar->ours);
    if (tar->theirs >= 0)
        close(tar->theirs);
    free(tar->path);
    free(tar->name);
    free(tar->as);
    free(tar);
}

static oct_err start(void *(*body)(void *), const char *path, const char *name, const char *as,
                     octi_tar **out, oct_error *err)
{
    octi_tar *tar = calloc(1, sizeof(*tar));
    if (!tar)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    int ends[2] = {-1, -1};
    oct_err code = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0
                       ? OCT_OK
                       : oct_fail(err, OCT_E_IO, "cannot make a socket pair: %s", strerror(errno));
    tar->ours = ends[0];
    tar->theirs = ends[1];
    tar->path = strdup(path);
    tar->name = strdup(name);
    tar->as = strdup(as);
    if (code == OCT_OK && (!tar->path || !tar->name || !tar->as))
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK) {
        /* "folder/" and "folder" name the same entries */
        for (size_t n = strlen(tar->path); n > 1 && tar->path[n - 1] == '/'; n--)
            tar->path[n - 1] = '\0';
        if (pthread_create(&tar->thread, NULL, body, tar) != 0)
            code = oct_fail(err, OCT_E_EXHAUSTED, "cannot start a thread");
    }
    if (code == OCT_OK)
        *out = tar;
    else
        destroy(tar);
    return code;
}

oct_err octi_tar_pack(const char *path, const char *name, octi_tar **out, oct_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                        strerror(errno));
    return start(pack_thread, path, name, "", out, err);
}

oct_err octi_tar_unpack(const char *folder, const char *top, const char *as, octi_tar **out, oct_error *err)
{
    return start(unpack_thread, folder, top, as, out, err);
}

int octi_tar_fd(const octi_tar *tar)
{
    return tar->ours;
}

oct_err octi_tar_write(octi_tar *tar, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t sent = send(tar->ours, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return OCT_E_CANCELLED;
        at += sent;
        size -= (size_t)sent;
    }
    return OCT_OK;
}

oct_err octi_tar_finish(octi_tar *tar, oct_error *err)
{
    close(tar->ours);
    tar->ours = -1;
    pthread_join(tar->thread, NULL);
    oct_err code = tar->reader_gone ? OCT_OK : tar->error.code;
    if (code != OCT_OK && err)
        *err = tar->error;
    destroy(tar);
    return code;
}
