#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/bag/spill.h"
#include "runtime/base/scratch.h"
#include "runtime/base/size.h"

enum { LEAST = 16 << 10 }; /* a mapping has its price, and a process has some 65,000 at most */

/* Blocks lie one after the other in files of this size: making a file costs more than a block's worth of
 * writing. The room of a block that is released is given back at once, but not used again in this file. */
static const uint64_t FILE_SIZE = UINT64_C(1) << 30;

typedef struct spill_file {
    int fd;
    pid_t owner;            /* a copy of this process must neither add to nor free what is in it */
    uint64_t used;          /* guarded by `lock` */
    _Atomic uint64_t users; /* blocks, and one while it is the current one */
} spill_file;

/* What lies before a block's bytes. */
typedef struct head {
    size_t size;      /* of both */
    spill_file *file; /* NULL: memory */
    uint64_t at;      /* in the file */
    uint64_t unused;
} head;

_Static_assert(sizeof(head) % 16 == 0, "blocks are aligned to 16 bytes");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t bound;          /* set once */
static oct_error unusable;      /* the setting; set once */
static _Atomic uint64_t in_use; /* malloc'ed bytes; relaxed: a number, which guards nothing */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static spill_file *current; /* guarded by `lock` */

static __thread size_t refused;   /* how much was wanted last */
static __thread int disk_refused; /* errno; 0: it was memory */

/* What the file says, or UINT64_MAX: "max", or no such file. */
static uint64_t number_in(const char *path)
{
    unsigned long long value = UINT64_MAX;
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%llu", &value) != 1)
        value = UINT64_MAX;
    if (file)
        fclose(file);
    return value;
}

static void find_bound(void)
{
    const char *given = getenv("OCTAVO_MEMORY");
    if (given && *given && octi_size_parse(given, &bound, &unusable) == OCT_OK)
        return;
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t group = number_in("/sys/fs/cgroup/memory.max"); /* a container sees its own here */
    bound = (group < machine ? group : machine) / 2;
}

oct_err octi_spill_check(oct_error *err)
{
    pthread_once(&once, find_bound);
    if (unusable.code == OCT_OK)
        return OCT_OK;
    oct_fail(err, OCT_E_INVALID, "OCTAVO_MEMORY: %s", unusable.what);
    oct_hint(err, "it is the memory for records, as in OCTAVO_MEMORY=512m");
    return OCT_E_INVALID;
}

/* Small blocks are counted and never refused. */
static bool count_in(size_t size)
{
    pthread_once(&once, find_bound);
    uint64_t before = atomic_fetch_add_explicit(&in_use, size, memory_order_relaxed);
    if (size < LEAST || before + size <= bound)
        return true;
    atomic_fetch_sub_explicit(&in_use, size, memory_order_relaxed);
    return false;
}

static void count_out(size_t size)
{
    atomic_fetch_sub_explicit(&in_use, size, memory_order_relaxed);
}

static void unref(spill_file *file)
{
    if (atomic_fetch_sub_explicit(&file->users, 1, memory_order_acq_rel) > 1)
        return;
    close(file->fd);
    free(file);
}

/* A new current file. With the lock; errno on false. */
static bool begin_file(void)
{
    spill_file *file = malloc(sizeof(*file));
    int fd = file ? octi_scratch_open() : -1;
    if (fd < 0) {
        int error = file ? errno : ENOMEM;
        free(file);
        errno = error;
        return false;
    }
    if (current)
        unref(current);
    *file = (spill_file){.fd = fd, .owner = getpid(), .users = 1};
    current = file;
    return true;
}

/* A stretch of the current file for a block, which holds the file from now on; errno. */
static int place(head *block)
{
    struct rlimit limit;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), most = FILE_SIZE;
    uint64_t size = (block->size + page - 1) / page * page;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < most)
        most = limit.rlim_cur; /* writing beyond it would be a SIGXFSZ */
    if (size > most && most < FILE_SIZE)
        return EFBIG;
    int error = 0;
    pthread_mutex_lock(&lock);
    bool full = !current || current->owner != getpid() || (current->used > 0 && current->used + size > most);
    if (full && !begin_file()) {
        error = errno;
    } else {
        block->file = current;
        block->at = current->used;
        current->used += size;
        atomic_fetch_add_explicit(&current->users, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&lock);
    return error;
}

static void give_back(const head *block)
{
    if (block->file->owner == getpid())
        (void)fallocate(block->file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)block->at,
                        (off_t)block->size);
    unref(block->file);
}

/* The room is reserved: a page that finds the disk full later would be a SIGBUS. */
static head *take_on_disk(size_t size)
{
    head block = {.size = size};
    int error = place(&block);
    void *made = MAP_FAILED;
    if (error == 0) {
        error = posix_fallocate(block.file->fd, (off_t)block.at, (off_t)size);
        if (error == 0)
            made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, block.file->fd, (off_t)block.at);
        if (error == 0 && made == MAP_FAILED)
            error = errno;
        if (error != 0)
            give_back(&block);
    }
    if (error != 0) {
        refused = size;
        disk_refused = error;
        return NULL;
    }
    memcpy(made, &block, sizeof(block));
    return made;
}

static head *take_memory(size_t size)
{
    if (!count_in(size))
        return NULL;
    head *made = malloc(size);
    if (made)
        *made = (head){.size = size};
    else
        count_out(size);
    return made;
}

void *octi_spill_take(size_t size)
{
    size_t whole = size + sizeof(head);
    head *made = size <= SIZE_MAX / 4 ? take_memory(whole) : NULL;
    if (!made && size <= SIZE_MAX / 4 && whole >= LEAST) {
        made = take_on_disk(whole);
    } else if (!made) {
        refused = size;
        disk_refused = 0;
    }
    return made ? made + 1 : NULL;
}

void octi_spill_release(void *block)
{
    head *old = block ? (head *)block - 1 : NULL;
    if (old && old->file) {
        head copy = *old;
        munmap(old, old->size);
        give_back(&copy);
    } else if (old) {
        count_out(old->size);
        free(old);
    }
}

void *octi_spill_resize(void *block, size_t size)
{
    head *old = block ? (head *)block - 1 : NULL;
    size_t whole = size + sizeof(head), more = old && whole > old->size ? whole - old->size : 0;
    if (old && !old->file && more > 0 && (whole < LEAST || more >= LEAST) && count_in(more)) {
        head *made = realloc(old, whole); /* which moves pages, not bytes, where it is large */
        if (made) {
            made->size = whole;
            return made + 1;
        }
        count_out(more);
    }
    void *made = octi_spill_take(size);
    if (made && old) {
        size_t had = old->size - sizeof(head);
        memcpy(made, block, had < size ? had : size);
        octi_spill_release(block);
    }
    return made;
}

void octi_spill_rest(const void *block)
{
    const head *old = block ? (const head *)block - 1 : NULL;
    if (old && old->file)
        madvise((void *)(uintptr_t)old, old->size,
                MADV_DONTNEED); /* of a shared file: its pages stay in the file */
}

oct_err octi_spill_fail(oct_error *err, const char *what)
{
    char size[OCTI_SIZE_TEXT], most[OCTI_SIZE_TEXT];
    octi_size_format(refused, size);
    octi_size_format(bound, most);
    if (disk_refused == 0)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %s", what);
    bool full = disk_refused == ENOSPC || disk_refused == EDQUOT || disk_refused == EFBIG;
    oct_fail(err,
             full                     ? OCT_E_EXHAUSTED
             : disk_refused == ENOMEM ? OCT_E_NOMEM
                                      : OCT_E_IO,
             "%s outgrew %s of memory, and '%s' has no room for another %s: %s", what, most,
             octi_scratch_folder(), size, strerror(disk_refused));
    oct_hint(err, "set TMPDIR to a folder on a disk with more room, or OCTAVO_MEMORY to more memory");
    return err->code;
}
