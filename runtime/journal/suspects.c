#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/exec/context.h"
#include "runtime/exec/executor.h"
#include "runtime/journal/identity.h"
#include "runtime/journal/suspects.h"

enum { PLACES = 128, NO_PLACE = PLACES, NODES_TEXT = 160 };

typedef struct place {
    uint64_t hi, lo;
    _Atomic uint64_t state;
} place;

/* A place that is only TAKEN may be half written. */
enum { FREE, TAKEN, NOTED };

/* --- what runs here --- */

static place *places; /* mapped, for good; set before the first task runs */

/* NO_PLACE: with so many at once nobody could be told from the others. */
static uint32_t take_place(void)
{
    static __thread uint32_t last;
    for (uint32_t i = 0; i < PLACES; i++) {
        uint32_t at = (last + i) % PLACES;
        uint64_t none = FREE;
        if (atomic_load_explicit(&places[at].state, memory_order_relaxed) == FREE &&
            atomic_compare_exchange_strong_explicit(&places[at].state, &none, TAKEN, memory_order_acquire,
                                                    memory_order_relaxed))
            return last = at;
    }
    return NO_PLACE;
}

static uint32_t begins(const octi_job *job)
{
    octi_buffer bytes = {0};
    uint32_t at = octi_identity_is_recorded(job->task) ? take_place() : NO_PLACE;
    if (at == NO_PLACE)
        return at;
    if (octi_identity_describe(job, &bytes) == OCT_OK) {
        octi_journal_key key = octi_journal_digest(bytes.data, bytes.size);
        places[at].hi = key.hi;
        places[at].lo = key.lo;
        atomic_store_explicit(&places[at].state, NOTED, memory_order_release);
    }
    octi_buffer_deinit(&bytes);
    return at;
}

static void ended(uint32_t at)
{
    if (at != NO_PLACE)
        atomic_store_explicit(&places[at].state, FREE, memory_order_release);
}

static const char *rank_text(void)
{
    const char *rank = getenv("PMIX_RANK");
    rank = rank ? rank : getenv("OMPI_COMM_WORLD_RANK");
    return rank ? rank : "0";
}

static void watch(void)
{
    const char *journal = getenv("OCTAVO_JOURNAL");
    char path[4096], host[256] = "";
    if (!journal || !*journal || gethostname(host, sizeof(host) - 1) != 0 ||
        snprintf(path, sizeof(path), "%s.on-%s.%s", journal, host, rank_text()) >= (int)sizeof(path))
        return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    /* With its blocks: a store that finds the disk full would end the program. */
    void *map = posix_fallocate(file, 0, PLACES * sizeof(place)) == 0
                    ? mmap(NULL, PLACES * sizeof(place), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                    : MAP_FAILED;
    close(file);
    if (map == MAP_FAILED)
        return;
    places = map;
    /* Of an earlier run. One beside this one on the same host only forgets what it has noted. */
    for (size_t i = 0; i < PLACES; i++)
        atomic_store_explicit(&places[i].state, FREE, memory_order_relaxed);
    octi_run_begins = begins;
    octi_run_ended = ended;
}

void octi_suspects_watch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch);
}

/* --- what was lost --- */

/* In the journal under a key that no result has: how often, and where. */
typedef struct losses {
    uint32_t count;
    char nodes[NODES_TEXT]; /* "dev-2, dev-1" */
} losses;

static octi_journal_key key_of_losses(const octi_journal_key *key)
{
    return (octi_journal_key){key->hi, key->lo, UINT64_MAX};
}

static losses find_losses(octi_journal *journal, const octi_journal_key *key)
{
    losses found = {0};
    octi_buffer bytes = {0};
    octi_journal_key own = key_of_losses(key);
    if (octi_journal_find(journal, &own, &bytes) == OCT_OK && bytes.size == sizeof(found)) {
        memcpy(&found, bytes.data, sizeof(found));
        found.nodes[NODES_TEXT - 1] = '\0';
    }
    octi_buffer_deinit(&bytes);
    return found;
}

static void count_one(octi_journal *journal, const place *lost, const char *node)
{
    octi_journal_key key = {lost->hi, lost->lo, 0};
    losses all = find_losses(journal, &key);
    size_t used = strlen(all.nodes);
    all.count++;
    snprintf(all.nodes + used, sizeof(all.nodes) - used, "%s%s", used ? ", " : "", node);
    octi_journal_key own = key_of_losses(&key);
    octi_journal_append(journal, &own, &all, sizeof(all));
}

/* JOURNAL.lost-ATTEMPT-HOST.RANK */
static void name_node(const char *path, char node[64])
{
    const char *from = strrchr(path, '/');
    from = strstr(from ? from : path, ".lost-");
    from = from ? strchr(from + strlen(".lost-"), '-') : NULL;
    snprintf(node, 64, "%s", from ? from + 1 : "?");
    char *dot = strrchr(node, '.');
    if (dot)
        *dot = '\0';
}

static void count_file(octi_journal *journal, const char *path, const char *node)
{
    place lost[PLACES];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, lost, sizeof(lost)) : -1;
    for (size_t i = 0; size == (ssize_t)sizeof(lost) && i < PLACES; i++)
        if (lost[i].state == NOTED)
            count_one(journal, &lost[i], node);
    if (file >= 0)
        close(file);
}

void octi_suspects_count(octi_journal *journal)
{
    const char *path = getenv("OCTAVO_JOURNAL");
    char pattern[4096];
    glob_t found;
    if (!path || !*path || snprintf(pattern, sizeof(pattern), "%s.lost-*", path) >= (int)sizeof(pattern) ||
        glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        /* Only who removes it counts it: the same program may have been started twice. */
        char own[4200], node[64];
        name_node(found.gl_pathv[i], node);
        snprintf(own, sizeof(own), "%s.%d", found.gl_pathv[i], (int)getpid());
        if (rename(found.gl_pathv[i], own) != 0)
            continue;
        count_file(journal, own, node);
        unlink(own);
    }
    globfree(&found);
}

/* --- one at a time --- */

/* One that waits for its turn, or that has it. */
typedef struct suspect {
    octi_waiter waiter; /* first */
    octi_job *job;
    struct suspect *next;
} suspect;

static struct {
    pthread_mutex_t lock;
    bool busy;              /* one is under way */
    suspect *first, **last; /* that wait */
} line = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &line.first};

static void turn_over(octi_waiter *waiter, octi_job *job);

static suspect *next_in_line(void)
{
    pthread_mutex_lock(&line.lock);
    suspect *next = line.first;
    if (next) {
        line.first = next->next;
        if (!line.first)
            line.last = &line.first;
    } else {
        line.busy = false;
    }
    pthread_mutex_unlock(&line.lock);
    return next;
}

static void turn_over(octi_waiter *waiter, octi_job *ended_job)
{
    (void)ended_job;
    free(waiter);
    for (suspect *next; (next = next_in_line());) {
        octi_job *job = next->job;
        octi_executor *executor = octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
        if (octi_job_listen(job, &next->waiter)) {
            executor->class->submit(executor, job);
            return;
        }
        free(next);
        octi_job_unref(job); /* cancelled while it waited */
    }
}

/* True when it waits. Without memory it goes at once, beside another. */
static bool queue_up(octi_job *job)
{
    suspect *self = malloc(sizeof(*self));
    if (!self)
        return false;
    *self = (suspect){.waiter = {NULL, turn_over}, .job = job};
    pthread_mutex_lock(&line.lock);
    bool waits = line.busy;
    line.busy = true;
    if (waits) {
        *line.last = self;
        line.last = &self->next;
    }
    pthread_mutex_unlock(&line.lock);
    if (!waits && !octi_job_listen(job, &self->waiter))
        turn_over(&self->waiter, job); /* cancelled already */
    return waits;
}

static void blame(octi_job *job, const losses *all)
{
    oct_error error;
    oct_fail(&error, OCT_E_LOST, "%u nodes were lost while it ran on them: %s", all->count, all->nodes);
    oct_hint(&error, "see what it does with memory, disk and processes; 'octavo run --fresh' tries it again");
    if (octi_job_start(job))
        octi_job_fail(job, &error);
    else
        octi_job_unref(job); /* cancelled meanwhile */
}

bool octi_suspects_hold(octi_journal *journal, const octi_journal_key *key, octi_job *job)
{
    losses all = find_losses(journal, key);
    if (all.count >= OCTI_SUSPECT_BLAMED) {
        blame(job, &all);
        return true;
    }
    /* What a task submits it may wait for: that must not wait for it. */
    return all.count >= OCTI_SUSPECT_ALONE && !octi_here.frame && queue_up(job);
}
