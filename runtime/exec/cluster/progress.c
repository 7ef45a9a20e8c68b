#include <sched.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/context.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/spin.h"
#include "runtime/exec/threads/threads.h"

/* How a waiting thread backs off: it polls for so long, yields between polls for so long, and
 * then sleeps between them, longer and longer. Ranks that share few processors depend on it:
 * whoever has nothing to do must not be in the way of who has. */
enum {
    SHORTEST_SPIN_NS = 1000,
    SPIN_NS = 50000,
    YIELD_NS = 500000,
    SHORTEST_NS = 20000,
    LONGEST_NS = 500000
};

/* The helper of a rank that has heard nothing for a second sleeps longer still: a pool that is
 * only kept open costs next to nothing. */
enum { QUIET_AFTER_NS = 1000000000, QUIET_NS = 4000000 };

/* How often who has nothing else to do looks for messages before it lets others communicate: to take and
 * to give back polling takes longer than a look. */
enum { LOOKS = 8 };

static __thread bool mine;

bool octi_progress_is_mine(void)
{
    return mine;
}

/* ---- what came ---- */

static void dispatch(octi_cluster *cluster, int from, const octi_record *record, bool alone, char *data,
                     bool *keep)
{
    switch ((octi_record_kind)record->kind) {
    case OCTI_TASK:
        octi_guest_arrived(cluster, from, (const octi_task_record *)record, alone);
        break;
    case OCTI_END:
        octi_origin_ended(cluster, from, (const octi_end_record *)record);
        break;
    case OCTI_CANCEL:
        octi_guest_unwanted(cluster, from, ((const octi_value_record *)record)->id);
        break;
    case OCTI_FETCH:
    case OCTI_FORGET:
        octi_value_asked(cluster, from, (const octi_value_record *)record);
        break;
    case OCTI_VALUE:
        octi_value_arrived(cluster, (const octi_value_record *)record, data, keep);
        break;
    case OCTI_PROBE:
        octi_close_probed(cluster, from, (const octi_quiet_record *)record);
        break;
    case OCTI_QUIET:
        octi_close_answered(cluster, (const octi_quiet_record *)record);
        break;
    case OCTI_CHASE:
        octi_chase_arrived(cluster, from, (const octi_chase_record *)record);
        break;
    default:
        octi_close_told(cluster, record);
    }
}

static void received(void *ctx, int from, char *data, size_t size, bool *keep)
{
    octi_cluster *cluster = ctx;
    octi_trace_moved(size);
    for (size_t at = 0; at < size;) {
        const octi_record *record = octi_record_at(data + at, size - at);
        if (!record) {
            oct_error error;
            oct_fail(&error, OCT_E_PROTOCOL, "rank %d on '%s' sent a message that makes no sense", from,
                     cluster->members[from].node);
            octi_progress_broke(cluster, &error);
            return;
        }
        at += record->size;
        dispatch(cluster, from, record, record->size == size, data, keep);
    }
}

void octi_progress_ignore(void *cluster, int from, char *data, size_t size, bool *keep)
{
    (void)cluster, (void)from, (void)data, (void)size, (void)keep;
}

void octi_progress_sent(void *cluster, void *parcel)
{
    octi_outbox_sent(cluster, parcel);
}

/* ---- what is to go ---- */

/* Oldest first: they were pushed on a stack. */
static bool send_posts(octi_cluster *cluster)
{
    if (!atomic_load_explicit(&cluster->posts, memory_order_relaxed))
        return false;
    octi_post *stack = atomic_exchange_explicit(&cluster->posts, NULL, memory_order_acquire), *line = NULL;
    while (stack) {
        octi_post *next = stack->next;
        stack->next = line;
        line = stack;
        stack = next;
    }
    while (line) {
        octi_post *next = line->next;
        line->send(cluster, line);
        line = next;
    }
    return true;
}

static bool send_all(octi_cluster *cluster, int64_t now)
{
    bool moved = send_posts(cluster);
    octi_origin_distribute(cluster);
    octi_outbox_flush(cluster, now, atomic_load_explicit(&cluster->guests_count, memory_order_relaxed) == 0);
    return moved;
}

/* Somebody found polling taken, and has something to send. */
static bool is_asked(const octi_cluster *cluster)
{
    return atomic_load_explicit(&cluster->wanted, memory_order_relaxed) ||
           atomic_load_explicit(&cluster->posts, memory_order_relaxed) ||
           atomic_load_explicit(&cluster->shared_count, memory_order_relaxed) > 0;
}

/* What is to go goes first: it is what somebody elsewhere waits for. One look at the clock: several
 * would be a tenth of a round trip. */
static bool communicate(octi_cluster *cluster, int looks)
{
    const octi_link_events events = {received, octi_progress_sent, cluster};
    oct_error error = OCT_ERROR_INIT;
    if (atomic_load_explicit(&cluster->broken, memory_order_relaxed)) {
        octi_origin_refuse(cluster);
        return send_posts(cluster);
    }
    int64_t now = octi_clock_ns();
    bool moved = send_all(cluster, now);
    bool came = cluster->mpi->poll(cluster->link, &events, &error);
    while (--looks > 0 && !came && error.code == OCT_OK && !is_asked(cluster))
        came = cluster->mpi->poll(cluster->link, &events, &error);
    if (error.code != OCT_OK)
        octi_progress_broke(cluster, &error);
    if (came)
        send_all(cluster, now);
    atomic_store_explicit(&cluster->polled_ns, now, memory_order_relaxed);
    if (came || moved)
        atomic_store_explicit(&cluster->heard_ns, now, memory_order_relaxed);
    return moved || came;
}

bool octi_progress_begin(octi_cluster *cluster)
{
    if (mine || atomic_load_explicit(&cluster->polling, memory_order_relaxed) ||
        atomic_exchange_explicit(&cluster->polling, 1, memory_order_seq_cst))
        return false;
    mine = true;
    return true;
}

static bool finish(octi_cluster *cluster, int looks)
{
    bool moved = false;
    do {
        atomic_store_explicit(&cluster->wanted, 0, memory_order_seq_cst);
        moved = communicate(cluster, looks) || moved;
        octi_progress_resume(cluster);
    } while (atomic_load_explicit(&cluster->wanted, memory_order_seq_cst) && octi_progress_begin(cluster));
    return moved;
}

void octi_progress_finish(octi_cluster *cluster)
{
    finish(cluster, 1);
}

bool octi_progress(octi_cluster *cluster)
{
    return octi_progress_begin(cluster) && finish(cluster, 1);
}

bool octi_progress_watch(octi_cluster *cluster)
{
    return octi_progress_begin(cluster) && finish(cluster, LOOKS);
}

void octi_progress_now(octi_cluster *cluster)
{
    atomic_store_explicit(&cluster->wanted, 1, memory_order_seq_cst);
    octi_progress(cluster);
}

void octi_progress_post(octi_cluster *cluster, octi_post *post)
{
    post->next = atomic_load_explicit(&cluster->posts, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&cluster->posts, &post->next, post, memory_order_seq_cst,
                                                  memory_order_relaxed))
        continue;
}

void octi_progress_stop(octi_cluster *cluster)
{
    while (!mine && !octi_progress_begin(cluster))
        sched_yield();
}

void octi_progress_resume(octi_cluster *cluster)
{
    mine = false;
    atomic_store_explicit(&cluster->polling, 0, memory_order_seq_cst);
}

void octi_progress_broke(octi_cluster *cluster, const oct_error *why)
{
    if (atomic_exchange_explicit(&cluster->broken, true, memory_order_acq_rel))
        return;
    cluster->why = *why;
    cluster->why.code = OCT_E_LOST;
    octi_origin_lost(cluster);
    octi_value_lost(cluster);
    octi_close_told(cluster, NULL);
}

/* ---- waiting ---- */

/* One step of a thread that has been idle since `since`; *nap is how long it slept last. */
static void back_off(_Atomic uint32_t *word, int64_t since, int64_t *nap)
{
    int64_t now = octi_clock_ns(), idle = now - since;
    if (idle < SPIN_NS) {
        octi_relax();
    } else if (idle < YIELD_NS) {
        sched_yield();
    } else {
        *nap = *nap == 0 ? SHORTEST_NS : *nap < LONGEST_NS / 2 ? *nap * 2 : LONGEST_NS;
        octi_futex_wait(word, 0, now + *nap);
    }
}

void octi_progress_until(octi_cluster *cluster, _Atomic uint32_t *word)
{
    int64_t since = octi_clock_ns(), nap = 0;
    while (!atomic_load_explicit(word, memory_order_acquire)) {
        if (octi_progress(cluster)) {
            since = octi_clock_ns();
            nap = 0;
        } else {
            back_off(word, since, &nap);
        }
    }
}

/* A short answer is soonest seen by who waits for it. But where the workers are awake they communicate
 * as well, and one thread more than they are would only be in their way: then it polls no longer than
 * was of use lately. */
static void learn_patience(octi_cluster *cluster, bool was_of_use)
{
    int64_t ns = atomic_load_explicit(&cluster->patience_ns, memory_order_relaxed);
    ns = was_of_use ? 2 * ns : ns / 2;
    ns = ns > SPIN_NS ? SPIN_NS : ns < SHORTEST_SPIN_NS ? SHORTEST_SPIN_NS : ns;
    atomic_store_explicit(&cluster->patience_ns, ns, memory_order_relaxed);
}

/* What takes long is not waited for like this at all: it seldom ends in a spin, and if the workers have such
 * as well each spin is time that one of them has not. */
static bool is_in_the_way(octi_cluster *cluster, const octi_job *job, int64_t waited)
{
    int64_t patience = octi_place_known_ns(cluster, job->task) >= OCTI_LONG_NS
                           ? SHORTEST_SPIN_NS
                           : atomic_load_explicit(&cluster->patience_ns, memory_order_relaxed);
    return !octi_here.worker && octi_threads_are_awake(cluster->local) && waited > patience;
}

/* It is for answers that are near that a thread polls itself; for others the workers and the helper do,
 * which wake it. */
bool octi_progress_await(octi_executor *executor, octi_job *job, int64_t deadline_ns)
{
    octi_cluster *cluster = (octi_cluster *)executor;
    int64_t now = octi_clock_ns(), since = now, began = now;
    bool gives_up = false;
    atomic_fetch_add_explicit(&cluster->awaiting, 1, memory_order_relaxed);
    while (!octi_job_ended(job) && now - since < YIELD_NS && cluster->size > 1 && !gives_up) {
        if (deadline_ns > 0 && now >= deadline_ns)
            break;
        if (octi_progress_watch(cluster))
            since = now;
        else if (now - since > SPIN_NS)
            sched_yield();
        now = octi_clock_ns();
        gives_up = is_in_the_way(cluster, job, now - began);
    }
    atomic_fetch_sub_explicit(&cluster->awaiting, 1, memory_order_relaxed);
    bool ended = octi_job_ended(job);
    if (ended || gives_up)
        learn_patience(cluster, ended);
    return ended ||
           (cluster->size > 1 ? octi_job_sleep_at_once(job, deadline_ns) : octi_job_sleep(job, deadline_ns));
}

/* Who waits polls; where nobody does, an idle worker, as long as there was something lately. */
bool octi_progress_lingers(void *ctx)
{
    octi_cluster *cluster = ctx;
    return cluster->size > 1 && atomic_load_explicit(&cluster->awaiting, memory_order_relaxed) == 0 &&
           octi_clock_ns() - atomic_load_explicit(&cluster->heard_ns, memory_order_relaxed) < YIELD_NS;
}

/* The workers that are idle communicate far more often than this, and those that are between two tasks do;
 * it is for when they all are busy for long, or asleep. */
void octi_progress_help(octi_cluster *cluster)
{
    int64_t since = octi_clock_ns(), nap = SHORTEST_NS, own = 0;
    while (!atomic_load_explicit(&cluster->closing, memory_order_acquire)) {
        int64_t now = octi_clock_ns(), longest = now - since < QUIET_AFTER_NS ? LONGEST_NS : QUIET_NS;
        int64_t polled = atomic_load_explicit(&cluster->polled_ns, memory_order_relaxed);
        bool due = now - polled >= nap / 2, moved = due && octi_progress(cluster);
        since = moved ? now : since;
        if (moved && polled == own)
            nap = SHORTEST_NS; /* nobody else has done it since */
        else
            nap = 2 * nap < longest ? 2 * nap : longest;
        own = due ? atomic_load_explicit(&cluster->polled_ns, memory_order_relaxed) : own;
        octi_futex_wait(&cluster->closing, 0, now + nap);
    }
}
