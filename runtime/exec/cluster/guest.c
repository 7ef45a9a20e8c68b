#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "oct/actor.h"
#include "runtime/base/clock.h"
#include "runtime/exec/args.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/processes/errand.h"
#include "runtime/exec/shared.h"
#include "runtime/exec/threads/threads.h"
#include "runtime/exec/turn.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

/* Communicating costs a fraction of a microsecond: not after every task. */
enum { POLL_EVERY_NS = 2000 };

/* A job of another rank, here. We keep its handle's reference. */
struct octi_guest {
    octi_waiter waiter; /* first */
    octi_post post;
    octi_cluster *cluster;
    octi_guest *next, **link; /* among all that have not ended; guarded by polling */
    octi_job *job;
    uint64_t id; /* the origin's */
    int from;
    int64_t began, ran;
};

static octi_guest *guest_of_post(octi_post *post)
{
    return (octi_guest *)((char *)post - offsetof(octi_guest, post));
}

/* ---- its end ---- */

static char *add_end(octi_guest *guest, octi_ending ending, size_t bytes, uint64_t size, uint64_t value)
{
    /* After a long one nothing is waited for to go with it: the next one would be as long. */
    octi_end_record *record = octi_outbox_add(guest->cluster, guest->from, OCTI_END, ending,
                                              sizeof(*record) + bytes, guest->ran >= OCTI_LONG_NS);
    if (!record)
        return NULL;
    record->id = guest->id;
    record->size = size;
    record->value = value;
    record->ran_ns = guest->ran;
    return (char *)(record + 1);
}

static bool send_failure(octi_guest *guest, const octi_job *job)
{
    oct_failure failure;
    if (job->more && job->more->failure) {
        failure = *job->more->failure;
    } else {
        oct_error error;
        if (octi_job_state(job) == OCTI_CANCELLED)
            oct_fail(&error, OCT_E_CANCELLED, "'%s' was cancelled before it started", job->task->name);
        else
            oct_fail(&error, OCT_E_NOMEM, "'%s' failed, and there was no memory to say why", job->task->name);
        octi_failure_init(&failure, job, &error);
    }
    char *bytes = add_end(guest, OCTI_ENDED_FAILED, sizeof(failure), sizeof(failure), 0);
    if (bytes)
        memcpy(bytes, &failure, sizeof(failure));
    return bytes;
}

/* *stays is set when the value is not in the message. */
static bool send_value(octi_guest *guest, octi_job *job, bool *stays)
{
    const octi_type *type = &job->task->result;
    if (!job->has_value)
        return add_end(guest, OCTI_ENDED_EMPTY, 0, 0, 0);

    const void *value = octi_job_value(job);
    size_t size = octi_value_bytes(type, value);
    octi_buffer *packed = &guest->cluster->scratch;
    if (size <= OCTI_STAYS_ABOVE && !octi_type_is_plain(type)) {
        packed->size = 0;
        size = octi_value_pack(type, value, packed) == OCT_OK ? packed->size : SIZE_MAX;
        value = packed->data;
    }
    if (size <= OCTI_STAYS_ABOVE) {
        char *bytes = add_end(guest, OCTI_ENDED_VALUE, size, size, 0);
        if (bytes && size > 0)
            memcpy(bytes, value, size);
        if (bytes)
            return true;
    }
    *stays = true;
    return add_end(guest, OCTI_ENDED_ELSEWHERE, 0, size, (uintptr_t)octi_job_handle(job));
}

static void send_end(octi_cluster *cluster, octi_post *post)
{
    octi_guest *guest = guest_of_post(post);
    octi_job *job = guest->job;
    bool stays = false;
    *guest->link = guest->next;
    if (guest->next)
        guest->next->link = guest->link;
    if (!atomic_load_explicit(&cluster->broken, memory_order_relaxed)) {
        bool told =
            octi_job_state(job) == OCTI_DONE ? send_value(guest, job, &stays) : send_failure(guest, job);
        if (!told)
            octi_progress_broke(cluster, &(oct_error){OCT_E_NOMEM, "out of memory for a message", ""});
    }
    /* A job that was cancelled while it lay in the line is there still: whoever took it off
     * just now may be writing to its guest, and whoever does so later sees that it has ended. */
    if (octi_job_state(job) == OCTI_CANCELLED) {
        pthread_mutex_lock(&cluster->lines);
        pthread_mutex_unlock(&cluster->lines);
    }
    if (!stays)
        octi_job_unref(job);
    free(guest);
}

static void guest_ended(octi_waiter *waiter, octi_job *job)
{
    octi_guest *guest = (octi_guest *)waiter;
    bool ran = octi_job_state(job) != OCTI_CANCELLED && guest->began > 0;
    guest->ran = ran ? octi_clock_ns() - guest->began : 0;
    octi_progress_post(guest->cluster, &guest->post);
}

/* ---- its arrival ---- */

/* A job that has the value already, or stands for one that is on another rank. */
static oct_err make_dep(octi_cluster *cluster, const octi_dep_record *record, octi_job **out, oct_error *err)
{
    if (record->rank == cluster->rank) {
        *out = octi_job_of((oct_future *)(uintptr_t)record->value);
        if (!*out || octi_job_state(*out) != OCTI_DONE)
            return oct_fail(err, OCT_E_NOTFOUND, "argument %u is not on '%s' any more", record->param + 1,
                            cluster->members[cluster->rank].node);
        octi_job_ref(*out);
        return OCT_OK;
    }
    oct_task *task = octi_registry_at(record->task);
    if (!task || record->rank >= cluster->size)
        return oct_fail(err, OCT_E_PROTOCOL, "argument %u is of an unknown task", record->param + 1);
    octi_job *job = octi_job_create(cluster->base.pool, task);
    if (!job)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for argument %u", record->param + 1);
    if (record->rank >= 0) {
        octi_value_stays(job, (octi_location){record->value, record->size, (int32_t)record->rank, 1});
        *out = job;
        return OCT_OK;
    }
    void *value = malloc(task->result.size);
    oct_err code = value ? octi_value_unpack(&task->result, record + 1, record->size, value) : OCT_E_NOMEM;
    if (code == OCT_OK) {
        octi_job_done(job, value);
        *out = job;
    } else {
        oct_fail(err, code, "argument %u of %llu bytes cannot be unpacked", record->param + 1,
                 (unsigned long long)record->size);
        octi_job_fail(job, err);
        octi_job_unref(job);
    }
    free(value);
    return code;
}

static oct_err make_deps(octi_cluster *cluster, octi_job *job, const octi_task_record *record, uint32_t *skip,
                         oct_error *err)
{
    if (!octi_job_deps(job, record->dep_count))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a task");
    const octi_dep_record *dep = NULL;
    for (uint32_t i = 0; i < record->dep_count; i++) {
        dep = octi_record_dep(record, dep);
        octi_job *value = NULL;
        oct_err code =
            dep->param < job->task->param_count
                ? make_dep(cluster, dep, &value, err)
                : oct_fail(err, OCT_E_PROTOCOL, "'%s' has no argument %u", job->task->name, dep->param + 1);
        if (code != OCT_OK)
            return code;
        octi_job_depend(job, value, dep->param, NULL);
        *skip |= 1u << dep->param;
    }
    return OCT_OK;
}

static oct_err fill(octi_cluster *cluster, octi_job *job, const octi_task_record *record, oct_error *err)
{
    uint32_t skip = 0;
    if (record->dep_count > 0) {
        oct_err code = make_deps(cluster, job, record, &skip, err);
        if (code != OCT_OK)
            return code;
    }
    if (record->priority != 0 || record->time_limit > 0) {
        octi_more *more = octi_job_more(job);
        if (!more)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for a task");
        more->options.priority = record->priority;
        more->options.time_limit = record->time_limit;
    }
    void *block = record->args_size <= OCTI_PAYLOAD ? job->payload : malloc(record->args_size);
    if (!block)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %u bytes of arguments", record->args_size);
    memcpy(block, record + 1, record->args_size);
    job->args = block;
    job->args_size = record->args_size;
    return octi_args_adopt(job->task, block, record->args_size, record->origin, skip, err);
}

static bool push_guest(octi_cluster *cluster, octi_job *job)
{
    pthread_mutex_lock(&cluster->lines);
    bool pushed = octi_line_push(&cluster->guests, job);
    if (pushed)
        atomic_store_explicit(&cluster->guests_count, cluster->guests.count, memory_order_seq_cst);
    pthread_mutex_unlock(&cluster->lines);
    return pushed;
}

/* What the worker that communicates takes with it: a job that came alone, so that none of those that came
 * with it is more urgent. */
static __thread struct {
    bool is_open;
    octi_job *job;
} hand;

/* It begins now: nobody can cancel it unseen while this thread communicates. */
static bool keep_at_hand(octi_cluster *cluster, octi_guest *guest)
{
    if (!hand.is_open || hand.job || atomic_load_explicit(&cluster->guests_count, memory_order_relaxed) > 0)
        return false;
    guest->began = octi_clock_ns();
    hand.job = guest->job;
    return true;
}

/* A call goes to the workers when it is its turn. As in take(), its guest may be gone when it was
 * cancelled. */
static bool hand_over_call(octi_job *job)
{
    octi_cluster *cluster =
        (octi_cluster *)octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
    pthread_mutex_lock(&cluster->lines);
    if (!octi_job_ended(job))
        ((octi_guest *)(uintptr_t)job->executor)->began = octi_clock_ns();
    pthread_mutex_unlock(&cluster->lines);
    cluster->local->class->submit(cluster->local, job);
    return false;
}

static oct_err take_turn(octi_job *job, oct_error *err)
{
    oct_actor actor;
    octi_more *more = octi_job_more(job);
    memcpy(&actor, job->args, sizeof(actor));
    if (more)
        more->actor = actor.id;
    return more && octi_turn_take(job, hand_over_call) == OCT_OK
               ? OCT_OK
               : oct_fail(err, OCT_E_NOMEM, "out of memory for a task");
}

/* Without even the memory to refuse a task nothing can go on. */
void octi_guest_arrived(octi_cluster *cluster, int from, const octi_task_record *record, bool alone)
{
    oct_task *task = octi_registry_at(record->task);
    octi_job *job = task ? octi_job_create(cluster->base.pool, task) : NULL;
    octi_guest *guest = job ? malloc(sizeof(*guest)) : NULL;
    if (!guest) {
        oct_error error;
        oct_fail(&error, OCT_E_NOMEM, "'%s' cannot take a task in: %s", cluster->members[cluster->rank].node,
                 task ? "out of memory" : "it is unknown here");
        octi_progress_broke(cluster, &error);
        return;
    }
    *guest = (octi_guest){.waiter = {NULL, guest_ended},
                          .post = {NULL, send_end},
                          .cluster = cluster,
                          .next = cluster->first_guest,
                          .link = &cluster->first_guest,
                          .job = job,
                          .id = record->id,
                          .from = from};
    if (guest->next)
        guest->next->link = &guest->next;
    cluster->first_guest = guest;
    job->executor = (uintptr_t)guest;
    job->where = OCTI_GUEST;
    octi_job_listen(job, &guest->waiter);

    oct_error error;
    bool is_call = octi_is_call(task);
    if (fill(cluster, job, record, &error) != OCT_OK || (is_call && take_turn(job, &error) != OCT_OK)) {
        octi_job_fail(job, &error);
        return;
    }
    octi_job_admit(job, OCTI_QUEUED);
    if (is_call) {
        octi_turn_ready(job);
        return;
    }
    if (task->role == OCTI_SERVED) {
        octi_shared_serve(job);
        return;
    }
    if (alone && keep_at_hand(cluster, guest))
        return;
    if (!push_guest(cluster, job)) {
        oct_fail(&error, OCT_E_NOMEM, "out of memory for the queue");
        octi_job_fail(job, &error);
        return;
    }
    octi_threads_wake(cluster->local);
}

octi_job *octi_guest_find(octi_cluster *cluster, int from, uint64_t id)
{
    const octi_guest *guest = cluster->first_guest;
    while (guest && (guest->from != from || guest->id != id))
        guest = guest->next;
    return guest ? guest->job : NULL;
}

void octi_guest_unwanted(octi_cluster *cluster, int from, uint64_t id)
{
    octi_job *job = octi_guest_find(cluster, from, id);
    if (job && !octi_job_cancel(job))
        atomic_fetch_or_explicit(&job->word, OCTI_UNWANTED, memory_order_acq_rel);
}

/* ---- the workers' feed ---- */

/* A guest's job is noted to begin now; of one that was cancelled the guest may be gone. */
static octi_job *take(octi_cluster *cluster, octi_line *line, _Atomic size_t *count)
{
    if (atomic_load_explicit(count, memory_order_relaxed) == 0)
        return NULL;
    pthread_mutex_lock(&cluster->lines);
    octi_job *job = octi_line_pop(line);
    atomic_store_explicit(count, line->count, memory_order_relaxed);
    if (job && line == &cluster->guests && !octi_job_ended(job))
        ((octi_guest *)(uintptr_t)job->executor)->began = octi_clock_ns();
    pthread_mutex_unlock(&cluster->lines);
    return job;
}

static octi_job *take_any(octi_cluster *cluster)
{
    octi_job *job = take(cluster, &cluster->guests, &cluster->guests_count);
    if (!job)
        job = take(cluster, &cluster->here, &cluster->here_count);
    return job ? job : take(cluster, &cluster->shared, &cluster->shared_count);
}

octi_job *octi_guest_next(void *ctx)
{
    octi_cluster *cluster = ctx;
    octi_job *job = NULL;
    if (octi_guest_more(cluster) &&
        octi_clock_ns() - atomic_load_explicit(&cluster->polled_ns, memory_order_relaxed) < POLL_EVERY_NS)
        job = take_any(cluster);
    if (job)
        return job;
    hand.is_open = true;
    octi_progress_watch(cluster);
    job = hand.job;
    hand.is_open = false;
    hand.job = NULL;
    return job ? job : take_any(cluster);
}

/* What runs elsewhere is learnt from when its end arrives. Of what runs here only the first of each name
 * that takes values is timed: whether these are to be moved depends on it. A guest's end is what somebody
 * waits for, unless there are more guests to run, whose ends go with it. And a worker that has long tasks at
 * hand looks between them: others may have room for one. */
bool octi_guest_run(void *ctx, octi_job *job)
{
    octi_cluster *cluster = ctx;
    const oct_task *task = job->task;
    bool is_guest = job->where == OCTI_GUEST;
    int64_t known = octi_place_known_ns(cluster, task);
    bool is_timed = job->dep_count > 0 && known == 0;
    int64_t began = is_timed ? octi_clock_ns() : 0;
    bool again = octi_run_job(job);
    if (is_timed)
        octi_place_learn(cluster, task, octi_clock_ns() - began);
    if (is_guest ? atomic_load_explicit(&cluster->guests_count, memory_order_relaxed) == 0
                 : known >= OCTI_LONG_NS && cluster->size > 1)
        octi_progress(cluster);
    return again;
}

/* Whether the thread, which waits for a process, has left its place to another: where things are
 * shared, what that process waits for may be a task that nobody would run. */
static __thread bool is_aside;

static bool await_errand(octi_executor *executor, octi_job *job, int64_t deadline_ns)
{
    if (!is_aside && atomic_load_explicit(&octi_shared_used, memory_order_relaxed))
        is_aside = octi_threads_step_aside(((octi_cluster *)executor)->local);
    return octi_progress_await(executor, job, deadline_ns);
}

bool octi_guest_run_isolated(void *ctx, octi_job *job)
{
    octi_cluster *cluster = ctx;
    if (!octi_job_start(job)) {
        octi_job_unref(job); /* cancelled while it was queued */
        return false;
    }
    const oct_task *task = job->task;
    int64_t began = octi_place_known_ns(cluster, task) > 0 ? 0 : octi_clock_ns();
    uint32_t place = octi_run_begins ? octi_run_begins(job) : 0;
    bool again = octi_errand_run(cluster->processes, job, &cluster->base, await_errand);
    if (octi_run_ended)
        octi_run_ended(place);
    if (is_aside)
        octi_threads_step_back(cluster->local);
    is_aside = false;
    if (began > 0)
        octi_place_learn(cluster, task, octi_clock_ns() - began);
    return again;
}

bool octi_guest_more(void *ctx)
{
    octi_cluster *cluster = ctx;
    return atomic_load_explicit(&cluster->guests_count, memory_order_seq_cst) > 0 ||
           atomic_load_explicit(&cluster->here_count, memory_order_seq_cst) > 0 ||
           atomic_load_explicit(&cluster->shared_count, memory_order_seq_cst) > 0;
}
