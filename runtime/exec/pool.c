#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oct/trace.h"
#include "runtime/exec/actor.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/gate.h"
#include "runtime/exec/options.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/processes/processes.h"
#include "runtime/exec/shared.h"
#include "runtime/journal/resume.h"
#include "runtime/journal/suspects.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

static const octi_executor_class *const classes[] = {&octi_threads_class, &octi_processes_class,
                                                     &octi_cluster_class};

static struct {
    pthread_mutex_t lock;
    oct_pool *all; /* so that leak checkers see them */
} pools = {PTHREAD_MUTEX_INITIALIZER, NULL};

static oct_err bad_spec(const char *text, const char *why, oct_error *err)
{
    oct_fail(err, OCT_E_INVALID, "pool '%s': %s", text, why);
    return oct_hint(err, "say threads[:N], processes[:N] or cluster, for example --pool=threads:4");
}

static bool read_number(const char *text, const char **end, long *number)
{
    if (!isdigit((unsigned char)*text))
        return false;
    char *stop;
    *number = strtol(text, &stop, 10);
    *end = stop;
    return *number > 0 && *number <= 1000000000;
}

/* One option of spec, which begins at `option`; *end is what follows it. */
static oct_err read_option(const char *text, const char *option, const char **end, octi_spec *spec,
                           oct_error *err)
{
    if (strncmp(option, "limit=", 6) == 0)
        return read_number(option + 6, end, &spec->limit)
                   ? OCT_OK
                   : bad_spec(text, "a limit is a positive number", err);
    size_t word = strcspn(option, ",");
    if (word == 8 && strncmp(option, "isolated", 8) == 0) {
        if (strcmp(spec->kind, "cluster") != 0)
            return bad_spec(text, "only the tasks of a cluster are isolated on request", err);
        spec->isolated = true;
        *end = option + word;
        return OCT_OK;
    }
    if (strncmp(option, "tags=", 5) == 0) {
        size_t size = strcspn(option + 5, ",");
        if (size == 0 || octi_tags_check(option + 5, size, NULL) != OCT_OK)
            return bad_spec(text, "tags are words joined by '+'", err);
        memcpy(spec->tags, option + 5, size);
        spec->tags[size] = '\0';
        *end = option + 5 + size;
        return OCT_OK;
    }
    if (strncmp(option, "journal=", 8) != 0)
        return bad_spec(text, "the options are limit=N, tags=A+B, journal=PATH and, of a cluster, isolated",
                        err);
    const char *path = option + 8;
    size_t length = strcspn(path, ",");
    if (length == 0 || length >= sizeof(spec->journal))
        return bad_spec(text, length == 0 ? "a journal is a file's path" : "the journal's path is too long",
                        err);
    memcpy(spec->journal, path, length);
    spec->journal[length] = '\0';
    *end = path + length;
    return OCT_OK;
}

oct_err octi_spec_parse(const char *text, octi_spec *spec, oct_error *err)
{
    octi_spec parsed = {0};
    oct_err code;
    size_t length = strcspn(text, ":,");
    if (length == 0 || length >= sizeof(parsed.kind))
        return bad_spec(text, "there is no such kind", err);
    memcpy(parsed.kind, text, length);

    const char *next = text + length;
    long number;
    if (*next == ':') {
        if (!read_number(next + 1, &next, &number) || number > 4096)
            return bad_spec(text, "the number of workers is from 1 to 4096", err);
        parsed.count = (int)number;
    }
    while (*next == ',') {
        if ((code = read_option(text, next + 1, &next, &parsed, err)) != OCT_OK)
            return code;
    }
    if (*next)
        return bad_spec(text, "there is something after it that makes no sense", err);
    *spec = parsed;
    return OCT_OK;
}

static const octi_executor_class *find_class(const char *kind)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strcmp(classes[i]->kind, kind) == 0)
            return classes[i];
    }
    return NULL;
}

static oct_err open_pool(const char *text, oct_pool **out, oct_error *err)
{
    octi_spec spec;
    oct_err code = octi_spec_parse(text, &spec, err);
    if (code != OCT_OK)
        return code;
    const octi_executor_class *class = find_class(spec.kind);
    if (!class)
        return bad_spec(text, "there is no such kind", err);
    if ((code = octi_registry_resolve(err)) != OCT_OK)
        return code;

    oct_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a pool");
    pool->limit = (uint32_t)spec.limit;
    octi_suspects_watch();
    code = class->open(&spec, pool, &pool->executor, err);
    if (code != OCT_OK) {
        free(pool);
        return code;
    }
    /* After the executor: in worker processes there is none, and rank 0's is a cluster's. */
    if ((code = octi_resume_open(spec.journal, &pool->journal, err)) != OCT_OK) {
        class->close(pool->executor);
        free(pool);
        return code;
    }
    pthread_mutex_lock(&pools.lock);
    pool->next = pools.all;
    pools.all = pool;
    pthread_mutex_unlock(&pools.lock);
    *out = pool;
    return OCT_OK;
}

/* A program that srun or mpirun started as one of several ranks means to use them: each rank
 * with a pool of its own would do all of the work, as often as there are ranks. */
static const char *default_spec(void)
{
    const char *chosen = getenv("OCTAVO_POOL");
    if (chosen && *chosen)
        return chosen;
    return getenv("PMIX_RANK") || getenv("OMPI_COMM_WORLD_RANK") ? "cluster" : "threads";
}

oct_err oct_pool_open_spec(const char *spec, oct_pool **out, oct_error *err)
{
    return open_pool(spec && *spec ? spec : default_spec(), out, err);
}

static oct_err watch(oct_pool *pool, const octi_options *options, oct_error *err)
{
    pool->profile = options->profile;
    if (options->trace && !(pool->trace = strdup(options->trace)))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a pool");
    return options->profile || options->trace ? oct_trace_start(err) : OCT_OK;
}

oct_pool *oct_pool_open(int *argc, char **argv)
{
    oct_pool *pool = NULL;
    oct_error *err = octi_last_error();
    octi_options options = octi_options_take(argc, argv);
    oct_err code = options.pool ? open_pool(options.pool, &pool, err) : oct_pool_open_spec(NULL, &pool, err);
    if (code == OCT_OK && watch(pool, &options, err) != OCT_OK) {
        oct_error why = *err;
        (void)oct_pool_close(pool);
        *err = why;
        return NULL;
    }
    return pool;
}

const char *octi_executor_tags(const octi_executor *executor, int node)
{
    return executor->tags ? executor->tags[node] : executor->own_tags;
}

octi_executor *octi_pool_executor(oct_pool *pool)
{
    return pool->executor;
}

oct_err octi_pool_admit(oct_pool *pool, oct_error *err)
{
    if (!pool)
        return oct_fail(err, OCT_E_INVALID, "there is no pool");
    if (atomic_load_explicit(&pool->closing, memory_order_relaxed) && oct_task_pool() != pool)
        return oct_fail(err, OCT_E_STATE, "the pool is closed");
    return OCT_OK;
}

void octi_pool_enter(oct_pool *pool)
{
    atomic_fetch_add_explicit(&pool->guests, 1, memory_order_relaxed);
}

void octi_pool_leave(oct_pool *pool)
{
    atomic_fetch_sub_explicit(&pool->guests, 1, memory_order_release);
    octi_futex_wake(&pool->guests, INT_MAX); /* pools are never freed */
}

static void wait_for_guests(oct_pool *pool)
{
    uint32_t guests;
    while ((guests = atomic_load_explicit(&pool->guests, memory_order_acquire)) > 0)
        octi_futex_wait(&pool->guests, guests, 0);
}

typedef struct closing {
    oct_pool *pool;
    bool unfinished;
} closing;

/* The block may be freed and used again while we look: what is locked in by octi_job_listen
 * stays, and only then is it known whose it is. */
static void sleep_on(octi_job *job, void *ctx)
{
    closing *close = ctx;
    octi_gate gate;
    octi_gate_init(&gate);
    if (!octi_job_listen(job, &gate.waiter))
        return;
    if (atomic_load_explicit(&job->pool, memory_order_relaxed) == close->pool)
        close->unfinished = true;
    else if (octi_job_unlisten(job, &gate.waiter))
        return;
    octi_gate_wait(&gate);
}

/* Pinned it cannot end, so that whoever runs it has a reference: with one of our own it stays until its
 * waiters have been called, though its executor may drop it as soon as it has ended. */
static void cancel(octi_job *job, void *pool)
{
    if (!octi_job_pin(job))
        return;
    octi_job_ref(job);
    octi_job_unpin(job);
    if (atomic_load_explicit(&job->pool, memory_order_relaxed) == pool)
        octi_job_cancel(job);
    octi_job_unref(job);
}

/* Every job has ended, so the only references left are of handles that nobody took and of
 * values that nobody will ask for. */
static void reclaim(octi_job *job, void *unused)
{
    (void)unused;
    if (octi_job_ended(job))
        octi_job_unref(job);
}

static void drop_copies(octi_job *job, void *unused)
{
    (void)unused;
    octi_job_drop_copies(job);
}

static oct_err report(oct_pool *pool, oct_error *err)
{
    if (pool->profile)
        oct_profile_print(stderr);
    oct_err code = pool->trace ? oct_trace_write(pool->trace, err) : OCT_OK;
    free(pool->trace);
    pool->trace = NULL;
    return code;
}

oct_err oct_pool_close(oct_pool *pool)
{
    if (!pool)
        return OCT_OK;
    if (oct_task_pool() == pool)
        return oct_fail(octi_last_error(), OCT_E_STATE, "a task cannot close the pool that runs it");
    wait_for_guests(pool);
    if (atomic_exchange(&pool->closing, true))
        return oct_fail(octi_last_error(), OCT_E_STATE, "the pool is closed already");

    octi_shared_break(pool);
    closing close = {pool, false};
    do {
        close.unfinished = false;
        octi_job_each(pool, sleep_on, &close);
    } while (close.unfinished);

    octi_executor *executor = pool->executor;
    executor->class->close(executor);
    octi_actors_end(pool);
    octi_shared_end(pool);
    pool->executor = NULL;
    octi_job_each(pool, drop_copies, NULL); /* or the next would drop them once more */
    octi_job_each(pool, reclaim, NULL);
    octi_journal_close(pool->journal);
    pool->journal = NULL;
    atomic_store(&pool->closed, true);
    return report(pool, octi_last_error());
}

void oct_pool_cancel(oct_pool *pool)
{
    if (!pool || atomic_load(&pool->closed))
        return;
    atomic_fetch_add(&pool->cancels, 1);
    octi_job_each(pool, cancel, pool);
}

int oct_pool_workers(const oct_pool *pool)
{
    return pool && pool->executor ? pool->executor->workers : 0;
}

int oct_pool_nodes(const oct_pool *pool)
{
    return pool && pool->executor ? pool->executor->nodes : 0;
}

const char *oct_pool_kind(const oct_pool *pool)
{
    return pool && pool->executor ? pool->executor->class->kind : "";
}
