#include "runtime/io/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "runtime/base/scratch.h"

oct_err octi_fail_open(const char *path, oct_error *err)
{
    oct_err code = errno == ENOENT ? OCT_E_NOTFOUND : errno == EACCES ? OCT_E_DENIED : OCT_E_IO;
    return oct_fail(err, code, "cannot open '%s': %s", path, strerror(errno));
}

/* ---- unpacking ---- */

enum { PIECE = 1 << 18 };

typedef enum packing { PLAIN, GZIP, ZSTD } packing;

/* What is read, what is written. */
typedef struct unpacking {
    const char *path, *folder;
    int from, to;
    unsigned char *in, *out; /* PIECE each */
    size_t in_size;
    uint64_t taken, given; /* bytes before this piece; bytes of text */
    oct_error *err;
} unpacking;

static bool fill(unpacking *u)
{
    ssize_t n;
    u->taken += u->in_size;
    u->in_size = 0;
    do
        n = pread(u->from, u->in, PIECE, (off_t)u->taken);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        oct_fail(u->err, OCT_E_IO, "cannot read '%s': %s", u->path, strerror(errno));
    u->in_size = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static oct_err give(unpacking *u, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(u->to, u->out + done, size - done, (off_t)(u->given + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            oct_fail(u->err, n == 0 || errno == ENOSPC || errno == EDQUOT ? OCT_E_EXHAUSTED : OCT_E_IO,
                     "cannot unpack '%s' into '%s': %s", u->path, u->folder,
                     strerror(n == 0 ? ENOSPC : errno));
            return oct_hint(u->err, "name a folder with more room in TMPDIR, or unpack the file beforehand");
        }
        done += (size_t)n;
    }
    u->given += size;
    return OCT_OK;
}

/* No more bytes where there should be some; reading may have failed. */
static oct_err ends_early(unpacking *u)
{
    if (u->err->code != OCT_OK)
        return u->err->code;
    oct_fail(u->err, OCT_E_INVALID,
             "'%s' is cut off: it ends after %" PRIu64 " packed bytes, %" PRIu64 " of text, and should go on",
             u->path, u->taken, u->given);
    return oct_hint(u->err, "copy or download the file again");
}

static oct_err damaged(unpacking *u, uint64_t at, const char *why)
{
    return oct_fail(u->err, OCT_E_INVALID, "'%s' is damaged near byte %" PRIu64 ": %s", u->path,
                    u->taken + at, why ? why : "it makes no sense");
}

/* Zeroes may follow, as tapes left them. */
static bool is_padding(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static oct_err inflate_all(unpacking *u, z_stream *z)
{
    bool ended = false; /* a member, and another may follow */
    while (fill(u)) {
        z->next_in = u->in;
        z->avail_in = (uInt)u->in_size;
        bool full = false; /* there may be more text of what was read */
        while (z->avail_in > 0 || full) {
            if (ended && is_padding(z->next_in, z->avail_in))
                break;
            if (ended && inflateReset(z) != Z_OK)
                return damaged(u, 0, z->msg);
            ended = false;
            z->next_out = u->out;
            z->avail_out = PIECE;
            int result = inflate(z, Z_NO_FLUSH);
            if (result == Z_MEM_ERROR)
                return oct_fail(u->err, OCT_E_NOMEM, "out of memory to unpack '%s'", u->path);
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
                return damaged(u, u->in_size - z->avail_in, z->msg);
            if (give(u, PIECE - z->avail_out) != OCT_OK)
                return u->err->code;
            ended = result == Z_STREAM_END;
            full = !ended && z->avail_out == 0;
        }
    }
    return ended && u->err->code == OCT_OK ? OCT_OK : ends_early(u);
}

static oct_err gunzip(unpacking *u)
{
    z_stream z = {0};
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return oct_fail(u->err, OCT_E_NOMEM, "out of memory to unpack '%s'", u->path);
    oct_err code = inflate_all(u, &z);
    inflateEnd(&z);
    return code;
}

static oct_err unzstd(unpacking *u)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream)
        return oct_fail(u->err, OCT_E_NOMEM, "out of memory to unpack '%s'", u->path);
    size_t left = 1; /* in the frame; 0 at its end */
    oct_err code = OCT_OK;
    while (code == OCT_OK && fill(u)) {
        ZSTD_inBuffer in = {u->in, u->in_size, 0};
        bool full = false;
        while (code == OCT_OK && (in.pos < in.size || full)) {
            ZSTD_outBuffer out = {u->out, PIECE, 0};
            left = ZSTD_decompressStream(stream, &out, &in);
            if (ZSTD_isError(left))
                code = damaged(u, in.pos, ZSTD_getErrorName(left));
            else
                code = give(u, out.pos);
            full = code == OCT_OK && left > 0 && out.pos == out.size;
        }
    }
    ZSTD_freeDStream(stream);
    return code == OCT_OK && (left > 0 || u->err->code != OCT_OK) ? ends_early(u) : code;
}

static oct_err unpack(const char *path, int from, packing how, int *to, uint64_t *size, oct_error *err)
{
    oct_error local = OCT_ERROR_INIT;
    unpacking u = {.path = path, .folder = octi_scratch_folder(), .from = from, .err = &local};
    u.to = octi_scratch_open();
    u.in = malloc(PIECE);
    u.out = malloc(PIECE);
    if (u.to < 0)
        oct_fail(&local, OCT_E_IO, "cannot unpack '%s' into '%s': %s", path, u.folder, strerror(errno));
    else if (!u.in || !u.out)
        oct_fail(&local, OCT_E_NOMEM, "out of memory to unpack '%s'", path);
    else if (how == GZIP)
        (void)gunzip(&u);
    else
        (void)unzstd(&u);
    free(u.in);
    free(u.out);
    if (local.code == OCT_OK) {
        *to = u.to;
        *size = u.given;
        return OCT_OK;
    }
    if (u.to >= 0)
        close(u.to);
    if (err)
        *err = local;
    return local.code;
}

/* ---- what was unpacked ---- */

enum { KEPT = 256 };

typedef struct unpacked {
    struct unpacked *next;
    struct stat file;     /* that was packed: another of its name, or a later one, is not it */
    pthread_mutex_t lock; /* of what follows */
    int fd;               /* -1: not yet */
    uint64_t size;
    int users; /* guarded by `table`, as the list is */
} unpacked;

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static unpacked *latest; /* in the order of use */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void drop(unpacked **link)
{
    unpacked *old = *link;
    *link = old->next;
    if (old->fd >= 0)
        close(old->fd);
    pthread_mutex_destroy(&old->lock);
    free(old);
}

/* Closes what was used least recently, beyond so many; what somebody waits for stays. */
static void drop_oldest(void)
{
    size_t count = 0;
    for (unpacked **link = &latest; *link;) {
        if (++count > KEPT && (*link)->users == 0)
            drop(link);
        else
            link = &(*link)->next;
    }
}

static unpacked *use(const struct stat *file)
{
    pthread_mutex_lock(&table);
    unpacked **link = &latest;
    while (*link && !is_same(&(*link)->file, file))
        link = &(*link)->next;
    unpacked *found = *link;
    if (found) {
        *link = found->next;
    } else if ((found = calloc(1, sizeof(*found)))) {
        found->file = *file;
        found->fd = -1;
        pthread_mutex_init(&found->lock, NULL);
    }
    if (found) {
        found->next = latest;
        latest = found;
        found->users++;
        drop_oldest();
    }
    pthread_mutex_unlock(&table);
    return found;
}

static void unuse(unpacked *entry)
{
    pthread_mutex_lock(&table);
    entry->users--;
    pthread_mutex_unlock(&table);
}

/* The unpacked file once more, with a position of its own. */
static int open_again(int fd)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static oct_err open_unpacked(const char *path, int packed, const struct stat *file, packing how, int *fd,
                             uint64_t *size, oct_error *err)
{
    unpacked *entry = use(file);
    if (!entry)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to unpack '%s'", path);
    pthread_mutex_lock(&entry->lock);
    oct_err code = entry->fd >= 0 ? OCT_OK : unpack(path, packed, how, &entry->fd, &entry->size, err);
    if (code == OCT_OK) {
        *size = entry->size;
        *fd = open_again(entry->fd);
        if (*fd < 0)
            code = octi_fail_open(path, err);
    }
    pthread_mutex_unlock(&entry->lock);
    unuse(entry);
    return code;
}

static packing packing_of(int fd)
{
    unsigned char first[4] = {0};
    if (pread(fd, first, sizeof(first), 0) < 2)
        return PLAIN;
    return memcmp(first, "\x1f\x8b", 2) == 0           ? GZIP
           : memcmp(first, "\x28\xb5\x2f\xfd", 4) == 0 ? ZSTD
                                                       : PLAIN;
}

oct_err octi_text_open(const char *path, int *fd, uint64_t *size, oct_error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC), text = file;
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0) {
        oct_err code = octi_fail_open(path, err);
        if (file >= 0)
            close(file);
        return code;
    }
    uint64_t length = (uint64_t)about.st_size;
    packing how = S_ISREG(about.st_mode) ? packing_of(file) : PLAIN;
    if (how != PLAIN) {
        oct_err code = open_unpacked(path, file, &about, how, &text, &length, err);
        close(file);
        if (code != OCT_OK)
            return code;
    }
    *fd = text;
    if (size)
        *size = length;
    return OCT_OK;
}

oct_err octi_text_stream(const char *path, FILE **stream, oct_error *err)
{
    int fd;
    oct_err code = octi_text_open(path, &fd, NULL, err);
    if (code != OCT_OK)
        return code;
    FILE *made = fdopen(fd, "r");
    if (!made) {
        code = octi_fail_open(path, err);
        close(fd);
        return code;
    }
    *stream = made;
    return OCT_OK;
}
