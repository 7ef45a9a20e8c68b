#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/journal/format.h"
#include "runtime/journal/table.h"

struct octi_journal {
    int file;
    dev_t device;
    ino_t inode;
    octi_journal *next; /* guarded by opened.lock, and so is refs */
    int refs;
    pthread_mutex_t lock;       /* guards what follows */
    octi_journal_table offsets; /* of records */
    octi_journal_table counts;  /* of keys asked for, under occurrence 0 */
    uint64_t end;               /* of the file */
    uint64_t synced;            /* what is on the disk */
    oct_error failure;          /* code OCT_OK while it records */
    bool closing;
    pthread_cond_t written; /* end moved, or closing */
    pthread_t syncer;
};

/* Those of this program: its pools share one. The lock on the file is the process's, so that a
 * worker process that outlives the program for a moment does not hold it. */
static struct {
    pthread_mutex_t lock;
    octi_journal *first;
} opened = {PTHREAD_MUTEX_INITIALIZER, NULL};

static oct_err io_error(const char *what, const char *path, oct_error *err)
{
    int error = errno;
    oct_err code = error == ENOSPC || error == EDQUOT ? OCT_E_EXHAUSTED : OCT_E_IO;
    oct_fail(err, code, "cannot %s journal '%s': %s", what, path, strerror(error));
    if (code == OCT_E_EXHAUSTED)
        oct_hint(err, "make room, or name a journal elsewhere");
    return code;
}

static bool write_all(int file, const struct iovec *parts, int count, uint64_t at)
{
    struct iovec left[2] = {parts[0], count > 1 ? parts[1] : (struct iovec){NULL, 0}};
    for (int first = 0; first < count;) {
        ssize_t size = pwritev(file, left + first, count - first, (off_t)at);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        at += (uint64_t)size;
        while (first < count && (size_t)size >= left[first].iov_len)
            size -= (ssize_t)left[first++].iov_len;
        if (first < count) {
            left[first].iov_base = (char *)left[first].iov_base + size;
            left[first].iov_len -= (size_t)size;
        }
    }
    return true;
}

/* Finds the records, up to one that is cut or damaged. */
static oct_err replay(octi_journal *journal, const char *bytes, uint64_t size, oct_error *err)
{
    octi_journal_record record;
    for (size_t length;
         (length = octi_journal_check(bytes + journal->end, size - journal->end, &record)) > 0;) {
        if (octi_journal_table_put(&journal->offsets, &record.key, journal->end) != OCT_OK)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for the records of a journal");
        journal->end += length;
    }
    return OCT_OK;
}

static oct_err read_file(octi_journal *journal, const char *path, uint64_t size, uint64_t build,
                         oct_error *err)
{
    const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, journal->file, 0);
    if (bytes == MAP_FAILED)
        return io_error("read", path, err);
    oct_err code = octi_journal_read_head(bytes, size, build, err);
    journal->end = OCTI_JOURNAL_HEAD;
    if (code == OCT_OK)
        code = replay(journal, bytes, size, err);
    else
        oct_hint(err, "remove it, or name another");
    munmap((void *)bytes, size);
    if (code != OCT_OK) {
        oct_prefix(err, "journal '%s'", path);
        return code;
    }
    if (journal->end < size) {
        octi_log(OCT_LOG_WARN, "journal '%s': the last %llu bytes are cut or damaged and were removed", path,
                 (unsigned long long)(size - journal->end));
        if (ftruncate(journal->file, (off_t)journal->end) != 0)
            return io_error("cut", path, err);
    }
    return OCT_OK;
}

static oct_err begin_file(octi_journal *journal, const char *path, uint64_t build, oct_error *err)
{
    char head[OCTI_JOURNAL_HEAD];
    octi_journal_write_head(build, head);
    struct iovec part = {head, sizeof(head)};
    if (ftruncate(journal->file, 0) != 0 || !write_all(journal->file, &part, 1, 0))
        return io_error("write", path, err);
    journal->end = sizeof(head);
    return OCT_OK;
}

static oct_err open_file(octi_journal *journal, const char *path, uint64_t build, oct_error *err)
{
    struct stat status;
    journal->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal->file < 0)
        return io_error("open", path, err);
    if (fstat(journal->file, &status) != 0)
        return io_error("read", path, err);
    if (!S_ISREG(status.st_mode))
        return oct_fail(err, OCT_E_INVALID, "journal '%s' is not a file", path);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(journal->file, F_SETLK, &whole) != 0) {
        if (errno != EACCES && errno != EAGAIN)
            return io_error("lock", path, err);
        oct_fail(err, OCT_E_EXISTS, "journal '%s' is in use by another program", path);
        oct_hint(err, "wait until it ends, or give each program a journal of its own");
        return OCT_E_EXISTS;
    }
    if (fstat(journal->file, &status) != 0) /* once more: its size may have changed until now */
        return io_error("read", path, err);
    journal->device = status.st_dev;
    journal->inode = status.st_ino;
    /* One that died before its header was whole has recorded nothing. */
    return status.st_size < OCTI_JOURNAL_HEAD
               ? begin_file(journal, path, build, err)
               : read_file(journal, path, (uint64_t)status.st_size, build, err);
}

/* Holds the lock. */
static void give_up(octi_journal *journal, oct_err code, int error)
{
    oct_fail(&journal->failure, code, "the journal cannot be written any more: %s", strerror(error));
    octi_log(OCT_LOG_ERROR, "%s; what was recorded until now stays", journal->failure.what);
}

static void *sync_now_and_then(void *ctx)
{
    octi_journal *journal = ctx;
    pthread_mutex_lock(&journal->lock);
    while (!journal->closing || journal->synced < journal->end) {
        if (journal->synced == journal->end) {
            pthread_cond_wait(&journal->written, &journal->lock);
            continue;
        }
        uint64_t end = journal->end;
        pthread_mutex_unlock(&journal->lock);
        int error = fdatasync(journal->file) == 0 ? 0 : errno;
        pthread_mutex_lock(&journal->lock);
        journal->synced = end;
        if (error && journal->failure.code == OCT_OK)
            give_up(journal, OCT_E_IO, error);
    }
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}

static oct_err start_syncer(octi_journal *journal, oct_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&journal->syncer, NULL, sync_now_and_then, journal);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return oct_fail(err, OCT_E_EXHAUSTED, "cannot start a thread for the journal: %s", strerror(error));
    return OCT_OK;
}

static void destroy(octi_journal *journal)
{
    if (journal->file >= 0)
        close(journal->file);
    octi_journal_table_deinit(&journal->offsets);
    octi_journal_table_deinit(&journal->counts);
    pthread_mutex_destroy(&journal->lock);
    pthread_cond_destroy(&journal->written);
    free(journal);
}

static oct_err open_new(const char *path, uint64_t build, octi_journal **out, oct_error *err)
{
    octi_journal *journal = calloc(1, sizeof(*journal));
    if (!journal)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a journal");
    journal->refs = 1;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->written, NULL);
    oct_err code = open_file(journal, path, build, err);
    journal->synced = journal->end;
    if (code == OCT_OK)
        code = start_syncer(journal, err);
    if (code != OCT_OK) {
        destroy(journal);
        return code;
    }
    journal->next = opened.first;
    opened.first = journal;
    *out = journal;
    return OCT_OK;
}

/* By name first: to open the file once more and close it would give up the lock, fcntl(2). */
static octi_journal *find_opened(const char *path)
{
    struct stat status;
    octi_journal *journal = stat(path, &status) == 0 ? opened.first : NULL;
    while (journal && (journal->device != status.st_dev || journal->inode != status.st_ino))
        journal = journal->next;
    return journal;
}

oct_err octi_journal_open(const char *path, uint64_t build, octi_journal **out, oct_error *err)
{
    oct_err code = OCT_OK;
    pthread_mutex_lock(&opened.lock);
    octi_journal *journal = find_opened(path);
    if (journal) {
        journal->refs++;
        *out = journal;
    } else {
        code = open_new(path, build, out, err);
    }
    pthread_mutex_unlock(&opened.lock);
    return code;
}

octi_journal_key octi_journal_digest(const void *bytes, size_t size)
{
    __extension__ typedef unsigned __int128 wide;
    const wide prime = (wide)1 << 88 | 0x13b;
    wide digest = (wide)0x6c62272e07bb0142u << 64 | 0x62b821756295c58du;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ ((const unsigned char *)bytes)[i]) * prime;
    return (octi_journal_key){(uint64_t)(digest >> 64), (uint64_t)digest, 0};
}

oct_err octi_journal_key_of(octi_journal *journal, const void *bytes, size_t size, octi_journal_key *out)
{
    octi_journal_key key = octi_journal_digest(bytes, size);
    pthread_mutex_lock(&journal->lock);
    const uint64_t *count = octi_journal_table_find(&journal->counts, &key);
    uint64_t occurrence = count ? *count : 0;
    oct_err code = octi_journal_table_put(&journal->counts, &key, occurrence + 1);
    pthread_mutex_unlock(&journal->lock);
    if (code != OCT_OK)
        return code;
    key.occurrence = occurrence;
    *out = key;
    return OCT_OK;
}

static oct_err read_payload(const octi_journal *journal, uint64_t offset, octi_buffer *to)
{
    octi_journal_record record;
    if (pread(journal->file, &record, sizeof(record), (off_t)offset) != sizeof(record))
        return OCT_E_IO;
    if (octi_buffer_reserve(to, record.size) != OCT_OK)
        return OCT_E_NOMEM;
    for (size_t got = 0; got < record.size;) {
        ssize_t size = pread(journal->file, to->data + to->size + got, record.size - got,
                             (off_t)(offset + sizeof(record) + got));
        if (size == 0 || (size < 0 && errno != EINTR))
            return OCT_E_IO;
        got += size > 0 ? (size_t)size : 0;
    }
    to->size += record.size;
    to->data[to->size] = '\0';
    return OCT_OK;
}

oct_err octi_journal_find(octi_journal *journal, const octi_journal_key *key, octi_buffer *to)
{
    pthread_mutex_lock(&journal->lock);
    const uint64_t *found = octi_journal_table_find(&journal->offsets, key);
    uint64_t offset = found ? *found : 0;
    pthread_mutex_unlock(&journal->lock);
    return found ? read_payload(journal, offset, to) : OCT_E_NOTFOUND;
}

void octi_journal_append(octi_journal *journal, const octi_journal_key *key, const void *payload, size_t size)
{
    octi_journal_record record = {.key = *key};
    if (size > UINT32_MAX - sizeof(record))
        return; /* it will be computed again */
    octi_journal_seal(&record, payload, (uint32_t)size);
    struct iovec parts[2] = {{&record, sizeof(record)}, {(void *)payload, size}};

    pthread_mutex_lock(&journal->lock);
    if (journal->failure.code == OCT_OK) {
        if (!write_all(journal->file, parts, size > 0 ? 2 : 1, journal->end)) {
            give_up(journal, errno == ENOSPC || errno == EDQUOT ? OCT_E_EXHAUSTED : OCT_E_IO, errno);
            /* Half a record is found by its check sum if even this fails. */
            int unused = ftruncate(journal->file, (off_t)journal->end);
            (void)unused;
        } else {
            /* Without memory it is only not found before the next program. */
            oct_err unused = octi_journal_table_put(&journal->offsets, key, journal->end);
            (void)unused;
            journal->end += sizeof(record) + size;
            pthread_cond_signal(&journal->written);
        }
    }
    pthread_mutex_unlock(&journal->lock);
}

oct_err octi_journal_failed(octi_journal *journal, oct_error *err)
{
    pthread_mutex_lock(&journal->lock);
    oct_err code = journal->failure.code;
    if (code != OCT_OK && err)
        *err = journal->failure;
    pthread_mutex_unlock(&journal->lock);
    return code;
}

uint64_t octi_journal_count(octi_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t count = journal->offsets.count;
    pthread_mutex_unlock(&journal->lock);
    return count;
}

void octi_journal_close(octi_journal *journal)
{
    if (!journal)
        return;
    pthread_mutex_lock(&opened.lock);
    if (--journal->refs == 0) {
        octi_journal **link = &opened.first;
        while (*link != journal)
            link = &(*link)->next;
        *link = journal->next;
        pthread_mutex_lock(&journal->lock);
        journal->closing = true;
        pthread_cond_signal(&journal->written);
        pthread_mutex_unlock(&journal->lock);
        pthread_join(journal->syncer, NULL);
        destroy(journal);
    }
    pthread_mutex_unlock(&opened.lock);
}
