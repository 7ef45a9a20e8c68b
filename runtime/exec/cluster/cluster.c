#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/heap.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/cluster/load.h"
#include "runtime/exec/context.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/processes/errand.h"
#include "runtime/exec/threads/threads.h"
#include "runtime/task/registry.h"

/* A worker that waits for rank 0 keeps its place for so long: there and back takes less. */
enum { BRIEFLY_NS = 50000 };

static oct_err out_of_memory(oct_error *err)
{
    return oct_fail(err, OCT_E_NOMEM, "out of memory for a cluster pool");
}

/* Who is who, checked: every rank comes to the same. */
static oct_err join(octi_cluster *cluster, const octi_spec *spec, oct_error *err)
{
    octi_member self;
    octi_member_init(&self, spec->count, spec->tags);
    oct_err code = cluster->mpi->exchange(cluster->link, &self, sizeof(self), cluster->members, err);
    if (code != OCT_OK)
        return code;
    octi_member_share(cluster->members, cluster->size);
    return octi_member_check(cluster->members, cluster->size, err);
}

static oct_err start(octi_cluster *cluster, const octi_spec *spec, oct_pool *pool, oct_error *err)
{
    size_t size = (size_t)cluster->size;
    cluster->members = calloc(size, sizeof(*cluster->members));
    cluster->peers = calloc(size, sizeof(*cluster->peers));
    cluster->task_ns = calloc(octi_registry_count() + 1, sizeof(*cluster->task_ns));
    if (!cluster->members || !cluster->peers || !cluster->task_ns)
        return out_of_memory(err);
    for (size_t i = 0; i < size; i++) {
        octi_line_init(&cluster->peers[i].bound);
        octi_line_init(&cluster->peers[i].near);
    }
    oct_err code = join(cluster, spec, err);
    if (code != OCT_OK)
        return code;

    char(*tags)[OCTI_TAGS] = calloc(size, sizeof(*tags));
    if (!tags)
        return out_of_memory(err);
    int workers = 0;
    for (int i = 0; i < cluster->size; i++) {
        workers += cluster->members[i].workers;
        memcpy(tags[i], cluster->members[i].tags, sizeof(tags[i]));
    }
    cluster->base = (octi_executor){.class = &octi_cluster_class,
                                    .pool = pool,
                                    .workers = workers,
                                    .nodes = cluster->size,
                                    .is_program = cluster->rank == 0,
                                    .shares_memory = cluster->size == 1 && !cluster->processes,
                                    .tags = tags};
    atomic_store(&cluster->credit, workers - cluster->members[cluster->rank].workers);
    octi_node_set(cluster->rank, cluster->members[cluster->rank].node);
    if (cluster->processes)
        octi_errands_set_node(cluster->processes, cluster->rank, cluster->members[cluster->rank].node);
    const octi_feed feed = {.next = octi_guest_next,
                            .more = octi_guest_more,
                            .linger = octi_progress_lingers,
                            .run = cluster->processes ? octi_guest_run_isolated : octi_guest_run,
                            .look = octi_chase_begin,
                            .ctx = cluster};
    return octi_threads_open(cluster->members[cluster->rank].workers, pool, &feed, &cluster->local, err);
}

static void *help(void *cluster)
{
    octi_progress_help(cluster);
    return NULL;
}

static oct_err start_helper(octi_cluster *cluster, oct_error *err)
{
    if (cluster->size == 1)
        return OCT_OK;
    int error = pthread_create(&cluster->helper, NULL, help, cluster);
    if (error != 0)
        return oct_fail(err, OCT_E_EXHAUSTED, "cannot start a thread to communicate: %s", strerror(error));
    cluster->has_helper = true;
    return OCT_OK;
}

/* When joining fails, it fails on all ranks, or a launcher ends them. */
static oct_err abandon(octi_cluster *cluster, oct_err code)
{
    int rank = cluster->rank;
    octi_progress_stop(cluster);
    if (cluster->local)
        cluster->local->class->close(cluster->local);
    if (cluster->processes)
        cluster->processes->class->close(cluster->processes);
    if (cluster->link)
        cluster->mpi->close(cluster->link);
    free(cluster->base.tags);
    free(cluster->members);
    free(cluster->peers);
    free((void *)cluster->task_ns);
    pthread_mutex_destroy(&cluster->lines);
    octi_progress_resume(cluster);
    free(cluster);
    if (rank > 0)
        exit(0); /* rank 0's program tells why */
    return code;
}

/* MPI starts once a process, and ranks that have served are gone. */
static oct_err claim(oct_error *err)
{
    static _Atomic bool claimed;
    if (!atomic_exchange(&claimed, true))
        return OCT_OK;
    oct_fail(err, OCT_E_STATE, "this program has opened its cluster pool before");
    return oct_hint(err, "a program opens one cluster pool, once: keep it until the end");
}

static oct_err open_cluster(const octi_spec *spec, oct_pool *pool, octi_executor **out, oct_error *err)
{
    oct_error ignored;
    err = err ? err : &ignored;
    const octi_link_class *mpi;
    oct_err code = octi_link_load(&mpi, err);
    if (code == OCT_OK)
        code = claim(err);
    if (code != OCT_OK)
        return code;
    size_t size = (sizeof(octi_cluster) + 63) & ~(size_t)63;
    octi_cluster *cluster = aligned_alloc(64, size);
    if (!cluster)
        return out_of_memory(err);
    memset(cluster, 0, size);
    pthread_mutex_init(&cluster->lines, NULL);
    octi_line_init(&cluster->shared);
    octi_line_init(&cluster->here);
    octi_line_init(&cluster->guests);
    octi_progress_stop(cluster); /* the workers are to wait until all is in place */
    cluster->mpi = mpi;
    /* Forked before MPI and its threads are there. */
    if (spec->isolated && (code = octi_errands_open(spec->count, pool, &cluster->processes, err)) != OCT_OK)
        return abandon(cluster, code);
    if ((code = mpi->open(&cluster->link, err)) != OCT_OK)
        return abandon(cluster, code);
    cluster->rank = mpi->rank(cluster->link);
    cluster->size = mpi->size(cluster->link);
    if (cluster->size > 1)
        octi_heap_keep(); /* a large value is allocated four times on its way */
    if ((code = start(cluster, spec, pool, err)) != OCT_OK)
        return abandon(cluster, code);

    if (cluster->rank > 0)
        pool->executor = &cluster->base; /* for what its tasks submit; open never returns here */
    octi_progress_resume(cluster);
    if (cluster->rank > 0)
        octi_cluster_serve(cluster);
    if ((code = start_helper(cluster, err)) != OCT_OK)
        return abandon(cluster, code);
    octi_close_at_exit(cluster);
    *out = &cluster->base;
    return OCT_OK;
}

static void nudge(octi_executor *executor)
{
    octi_progress_now((octi_cluster *)executor);
}

/* For an answer by rank 0: briefly, or in another's place (threads/aside.c). True when it has come. */
static bool wait_aside(octi_executor *executor, octi_executor *local, octi_job *job)
{
    if (octi_progress_await(executor, job, octi_clock_ns() + BRIEFLY_NS))
        return true;
    if (!octi_threads_step_aside(local))
        return false;
    octi_threads_wait_for(local, job);
    octi_progress_await(executor, job, 0);
    octi_threads_wait_for(local, NULL);
    octi_threads_step_back(local);
    return true;
}

static oct_err wait_in_task(octi_executor *executor, octi_job *job, oct_error *err)
{
    octi_executor *local = ((octi_cluster *)executor)->local;
    if (job->task->role == OCTI_SERVED && wait_aside(executor, local, job))
        return OCT_OK;
    return local->class->wait(local, job, err);
}

const octi_executor_class octi_cluster_class = {
    .kind = "cluster",
    .open = open_cluster,
    .submit = octi_origin_submit,
    .in_order = octi_origin_in_order,
    .nudge = nudge,
    .interrupt = octi_origin_interrupt,
    .fetch = octi_value_fetch,
    .fetch_all = octi_value_fetch_all,
    .forget = octi_value_forget,
    .wait = wait_in_task,
    .help = octi_progress_await,
    .close = octi_cluster_close,
};
