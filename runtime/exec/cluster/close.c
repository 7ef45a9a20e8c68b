/* A pool closes when no task runs or waits anywhere. Rank 0 asks in waves: every rank answers
 * how many jobs began there and how many have not ended. When two waves in a row find none
 * unfinished and the same number begun, none was on its way between them either (F. Mattern,
 * "Algorithms for distributed termination detection", Distributed Computing 2, 1987). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/exec/actor.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/futex.h"

enum { AT_ONCE = 1 }; /* detail of CLOSE: the program has ended without waiting */

/* The pool that a program which exits leaves open. */
static _Atomic(octi_cluster *) left_open;

static void count_unfinished(octi_job *job, void *ctx)
{
    if (!octi_job_ended(job))
        ++*(uint64_t *)ctx;
}

static uint64_t unfinished(octi_cluster *cluster)
{
    uint64_t count = 0;
    octi_job_each(cluster->base.pool, count_unfinished, &count);
    return count;
}

void octi_close_probed(octi_cluster *cluster, int from, const octi_quiet_record *record)
{
    octi_quiet_record *answer = octi_outbox_add(cluster, from, OCTI_QUIET, 0, sizeof(*answer), true);
    if (!answer)
        return;
    answer->wave = record->wave;
    answer->begun = atomic_load_explicit(&cluster->begun, memory_order_relaxed);
    answer->unfinished = unfinished(cluster);
}

void octi_close_answered(octi_cluster *cluster, const octi_quiet_record *record)
{
    octi_wave *wave = &cluster->wave;
    if (record->wave != wave->number)
        return;
    wave->begun += record->begun;
    wave->unfinished += record->unfinished;
    if (++wave->answers == cluster->size - 1) {
        atomic_store_explicit(&wave->complete, 1, memory_order_release);
        octi_futex_wake(&wave->complete, INT_MAX);
    }
}

void octi_close_told(octi_cluster *cluster, const octi_record *record)
{
    bool at_once = !record || record->detail == AT_ONCE;
    atomic_store_explicit(&cluster->closing, at_once ? OCTI_CLOSING_AT_ONCE : OCTI_CLOSING,
                          memory_order_release);
    octi_futex_wake(&cluster->closing, INT_MAX);
    atomic_store_explicit(&cluster->wave.complete, 1, memory_order_release);
    octi_futex_wake(&cluster->wave.complete, INT_MAX);
}

static void send_to_all(octi_cluster *cluster, octi_record_kind kind, uint32_t detail, size_t size)
{
    for (int i = 0; i < cluster->size; i++) {
        void *record = i == cluster->rank ? NULL : octi_outbox_add(cluster, i, kind, detail, size, true);
        if (record && kind == OCTI_PROBE)
            ((octi_quiet_record *)record)->wave = cluster->wave.number;
    }
}

static void send_probes(octi_cluster *cluster, octi_post *post)
{
    (void)post;
    octi_wave *wave = &cluster->wave;
    wave->number++;
    wave->answers = 0;
    wave->begun = atomic_load_explicit(&cluster->begun, memory_order_relaxed);
    wave->unfinished = unfinished(cluster);
    send_to_all(cluster, OCTI_PROBE, 0, sizeof(octi_quiet_record));
}

static bool is_broken(octi_cluster *cluster)
{
    return atomic_load_explicit(&cluster->broken, memory_order_acquire);
}

static void wait_for_quiet(octi_cluster *cluster)
{
    octi_wave *wave = &cluster->wave;
    uint64_t begun_before;
    bool quiet = false;
    do {
        begun_before = quiet ? wave->begun : UINT64_MAX;
        octi_post post = {NULL, send_probes};
        atomic_store_explicit(&wave->complete, 0, memory_order_relaxed);
        octi_progress_post(cluster, &post);
        octi_progress_now(cluster);
        octi_progress_until(cluster, &wave->complete);
        quiet = wave->unfinished == 0;
    } while (!is_broken(cluster) && !(quiet && wave->begun == begun_before));
}

/* The caller holds polling, for good. */
static void send_close(octi_cluster *cluster, uint32_t detail)
{
    const octi_link_events events = {octi_progress_ignore, octi_progress_sent, cluster};
    send_to_all(cluster, OCTI_CLOSE, detail, sizeof(octi_record));
    octi_outbox_flush(cluster, 0, true);
    oct_error error = OCT_ERROR_INIT;
    while (error.code == OCT_OK && cluster->mpi->sending(cluster->link))
        cluster->mpi->poll(cluster->link, &events, &error);
}

static void free_cluster(octi_cluster *cluster)
{
    octi_outbox_deinit(cluster);
    for (int i = 0; i < cluster->size; i++) {
        octi_line_deinit(&cluster->peers[i].bound);
        octi_line_deinit(&cluster->peers[i].near);
    }
    octi_line_deinit(&cluster->shared);
    octi_line_deinit(&cluster->here);
    octi_line_deinit(&cluster->guests);
    octi_buffer_deinit(&cluster->scratch);
    pthread_mutex_destroy(&cluster->lines);
    free(cluster->base.tags);
    free(cluster->members);
    free(cluster->peers);
    free((void *)cluster->task_ns);
    free(cluster);
}

static void stop_helper(octi_cluster *cluster)
{
    octi_close_told(cluster, NULL);
    if (cluster->has_helper)
        pthread_join(cluster->helper, NULL);
}

static void close_workers(octi_cluster *cluster)
{
    cluster->local->class->close(cluster->local);
    if (cluster->processes)
        cluster->processes->class->close(cluster->processes);
}

void octi_cluster_close(octi_executor *executor)
{
    octi_cluster *cluster = (octi_cluster *)executor;
    if (cluster->size > 1 && !is_broken(cluster))
        wait_for_quiet(cluster);
    octi_cluster *self = cluster;
    atomic_compare_exchange_strong(&left_open, &self, NULL);
    stop_helper(cluster);
    close_workers(cluster);
    octi_progress_stop(cluster);
    /* A broken MPI cannot be ended in order: the launcher ends the others, with this program. */
    if (!is_broken(cluster)) {
        send_close(cluster, 0);
        cluster->mpi->close(cluster->link);
    }
    octi_progress_resume(cluster);
    free_cluster(cluster);
}

/* Tasks may still run when rank 0's program has ended without waiting for them: they end with
 * the process. */
void octi_cluster_serve(octi_cluster *cluster)
{
    octi_progress_help(cluster);
    bool at_once = atomic_load_explicit(&cluster->closing, memory_order_acquire) == OCTI_CLOSING_AT_ONCE;
    if (is_broken(cluster))
        cluster->mpi->abort(cluster->link, 1);
    if (!at_once) {
        close_workers(cluster);
        octi_actors_end(cluster->base.pool);
    }
    octi_progress_stop(cluster);
    cluster->mpi->close(cluster->link);
    if (at_once)
        _exit(0);
    octi_progress_resume(cluster);
    free_cluster(cluster);
    exit(0);
}

static void end_the_others(void)
{
    octi_cluster *cluster = atomic_exchange(&left_open, NULL);
    if (!cluster || is_broken(cluster))
        return;
    octi_progress_stop(cluster);
    send_close(cluster, AT_ONCE);
    cluster->mpi->close(cluster->link);
}

void octi_close_at_exit(octi_cluster *cluster)
{
    static _Atomic bool registered;
    atomic_store(&left_open, cluster);
    if (!atomic_exchange(&registered, true))
        atexit(end_the_others);
}
