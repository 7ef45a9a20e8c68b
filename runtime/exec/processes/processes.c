#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/base/cpus.h"
#include "runtime/exec/processes/crew.h"
#include "runtime/exec/processes/processes.h"
#include "runtime/exec/processes/worker.h"

static void be_worker(uint32_t slot, void *ctx)
{
    octi_crew *crew = ctx;
    octi_worker_run(crew->shared, slot, crew->base.pool);
}

/* Pages of slots that are never used cost nothing. */
static oct_err share_memory(octi_crew *crew, oct_error *err)
{
    crew->shared_size = sizeof(octi_shared) + (size_t)crew->hand_limit * sizeof(octi_slot);
    void *memory = mmap(NULL, crew->shared_size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    crew->hands = calloc((size_t)crew->hand_limit, sizeof(*crew->hands));
    if (memory == MAP_FAILED || !crew->hands) {
        crew->shared = memory == MAP_FAILED ? NULL : memory;
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %d worker processes", crew->base.workers);
    }
    crew->shared = memory;
    return OCT_OK;
}

static oct_err await_births(octi_crew *crew, oct_error *err)
{
    for (int i = 0; i < crew->base.workers; i++) {
        octi_news news;
        if (!octi_zygote_listen(&crew->zygote, &news))
            return oct_fail(err, OCT_E_LOST, "the process that starts workers ended by itself");
        if (news.what == OCTI_STARTED) {
            crew->hands[news.slot].state = OCTI_HAND_READY;
            continue;
        }
        oct_fail(err, OCT_E_EXHAUSTED, "cannot start worker process %d of %d: %s", (int)news.slot + 1,
                 crew->base.workers, news.what == OCTI_REFUSED ? strerror(news.value) : "it ended by itself");
        oct_hint(err, "say processes:%d, or raise the limit on processes: see 'ulimit -u'",
                 news.slot > 0 ? (int)news.slot : 1);
        return OCT_E_EXHAUSTED;
    }
    return OCT_OK;
}

static oct_err start_workers(octi_crew *crew, oct_error *err)
{
    oct_err code = octi_zygote_start(be_worker, crew, &crew->zygote, err);
    if (code != OCT_OK)
        return code;
    crew->hand_count = crew->base.workers;
    for (int i = 0; i < crew->base.workers; i++) {
        crew->hands[i].slot = &crew->shared->slots[i];
        octi_mortal_bear(crew, &crew->hands[i]);
    }
    return await_births(crew, err);
}

/* The program's signals are for its own threads. */
static oct_err start_threads(octi_crew *crew, oct_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&crew->tender, NULL, octi_crew_tender, crew);
    if (error == 0 && (error = pthread_create(&crew->listener, NULL, octi_mortal_listener, crew)) != 0) {
        atomic_store(&crew->closing, true);
        octi_bell_wake(&crew->shared->bell);
        pthread_join(crew->tender, NULL);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return oct_fail(err, OCT_E_EXHAUSTED, "cannot start the threads of a processes pool: %s",
                        strerror(error));
    return OCT_OK;
}

static void destroy(octi_crew *crew)
{
    if (crew->zygote.pid > 0) {
        octi_zygote_hang_up(&crew->zygote);
        octi_zygote_stop(&crew->zygote);
    }
    for (int i = 0; crew->hands && i < crew->hand_count; i++)
        octi_hand_deinit(&crew->hands[i]);
    if (crew->shared)
        munmap(crew->shared, crew->shared_size);
    octi_queue_deinit(&crew->queue);
    pthread_mutex_destroy(&crew->words_lock);
    free(crew->words);
    free(crew->unwanted);
    free(crew->lost_actors);
    free(crew->hands);
    free(crew);
}

static oct_err open_crew(const octi_spec *spec, oct_pool *pool, octi_executor **out, oct_error *err)
{
    octi_crew *crew = aligned_alloc(64, (sizeof(*crew) + 63) & ~(size_t)63);
    if (!crew)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a pool");
    memset(crew, 0, sizeof(*crew));
    crew->base = (octi_executor){.class = &octi_processes_class,
                                 .pool = pool,
                                 .workers = spec->count > 0 ? spec->count : octi_usable_cpus(),
                                 .nodes = 1,
                                 .is_program = true};
    crew->hand_limit = crew->base.workers + OCTI_EXTRA_WORKERS;
    pthread_mutex_init(&crew->words_lock, NULL);
    atomic_store(&crew->sleeps_until, INT64_MAX);

    *out = &crew->base; /* what workers inherit with the pool */
    oct_err code = octi_tags_own(spec->tags, crew->base.own_tags, err);
    if (code == OCT_OK)
        code = share_memory(crew, err);
    if (code == OCT_OK)
        code = start_workers(crew, err);
    if (code == OCT_OK)
        code = start_threads(crew, err);
    if (code != OCT_OK)
        destroy(crew);
    return code;
}

static void submit(octi_executor *executor, octi_job *job)
{
    octi_crew *crew = (octi_crew *)executor;
    octi_job *latest = atomic_load_explicit(&crew->submitted, memory_order_relaxed);
    do
        job->executor = (uintptr_t)latest;
    while (!atomic_compare_exchange_weak_explicit(&crew->submitted, &latest, job, memory_order_seq_cst,
                                                  memory_order_relaxed));
    octi_crew_tend(crew);
}

/* All of it goes to one process, which runs one at a time. */
static bool in_order(octi_executor *executor, const octi_job *job)
{
    (void)executor, (void)job;
    return true;
}

static void interrupt(octi_executor *executor, octi_job *job)
{
    octi_crew *crew = (octi_crew *)executor;
    pthread_mutex_lock(&crew->words_lock);
    if (crew->unwanted_count == crew->unwanted_capacity) {
        size_t capacity = crew->unwanted_capacity ? 2 * crew->unwanted_capacity : 16;
        octi_job **unwanted = realloc(crew->unwanted, capacity * sizeof(*unwanted));
        if (unwanted) {
            crew->unwanted = unwanted;
            crew->unwanted_capacity = capacity;
        }
    }
    /* Without memory the task runs on; its future still fails when it ends. */
    if (crew->unwanted_count < crew->unwanted_capacity) {
        octi_job_ref(job);
        crew->unwanted[crew->unwanted_count++] = job;
    }
    atomic_store_explicit(&crew->has_news, true, memory_order_release);
    pthread_mutex_unlock(&crew->words_lock);
    octi_crew_tend(crew);
}

static bool help(octi_executor *executor, octi_job *job, int64_t deadline_ns)
{
    return octi_crew_tend_for((octi_crew *)executor, job) || octi_job_sleep(job, deadline_ns);
}

static void close_crew(octi_executor *executor)
{
    octi_crew *crew = (octi_crew *)executor;
    atomic_store_explicit(&crew->closing, true, memory_order_release);
    octi_bell_wake(&crew->shared->bell);
    pthread_join(crew->tender, NULL);
    octi_zygote_hang_up(&crew->zygote);
    pthread_join(crew->listener, NULL);
    destroy(crew);
}

const octi_executor_class octi_processes_class = {
    .kind = "processes",
    .open = open_crew,
    .submit = submit,
    .in_order = in_order,
    .interrupt = interrupt,
    .help = help,
    .close = close_crew,
};
