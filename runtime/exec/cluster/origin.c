#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/args.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/context.h"
#include "runtime/exec/slab.h"
#include "runtime/exec/threads/threads.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

/* A peer has at most as many tasks as its workers are believed to run in this time: enough to
 * hide the way there and back, little enough that none waits long behind the others while
 * another rank is idle. Of tasks that take longer a worker has one, and, while there are more
 * than we can run ourselves, a second to go on with, unless it is of the longest: then it is
 * better to see who is free first. What a task takes is learnt from those of the same name, as
 * a power of two of nanoseconds (place.c). */
enum { WINDOW_NS = 200000, WIDEST = 4096, LONG_LEVEL = 24 };

/* A message of one task of so many bytes is never over OCTI_LINK_EAGER. */
enum { OVERTAKES_ABOVE = 4096 };

/* ---- taking in ---- */

static void refuse(octi_job *job, const oct_error *error)
{
    if (octi_job_start(job))
        octi_job_fail(job, error);
    else
        octi_job_unref(job);
}

/* A line, and where the jobs in it, or in all of its kind, are counted. */
typedef struct queue {
    octi_line *line;
    _Atomic size_t *count;
} queue;

static queue shared_queue(octi_cluster *cluster)
{
    return (queue){&cluster->shared, &cluster->shared_count};
}

static queue bound_queue(octi_cluster *cluster, int rank)
{
    return (queue){&cluster->peers[rank].bound, &cluster->bound_count};
}

static queue near_queue(octi_cluster *cluster, int rank)
{
    return rank == cluster->rank ? (queue){&cluster->here, &cluster->here_count}
                                 : (queue){&cluster->peers[rank].near, &cluster->near_count};
}

static queue queue_of(octi_cluster *cluster, octi_place place)
{
    return place.rank == OCTI_ANYWHERE ? shared_queue(cluster)
           : place.is_firm             ? bound_queue(cluster, place.rank)
                                       : near_queue(cluster, place.rank);
}

static size_t count_of(queue of)
{
    return atomic_load_explicit(of.count, memory_order_relaxed);
}

static bool push(octi_cluster *cluster, queue to, octi_job *job)
{
    pthread_mutex_lock(&cluster->lines);
    bool pushed = octi_line_push(to.line, job);
    if (pushed)
        atomic_fetch_add_explicit(to.count, 1, memory_order_seq_cst);
    pthread_mutex_unlock(&cluster->lines);
    return pushed;
}

/* What tasks submit lies on their worker's deque, where it is found soonest, and whoever communicates
 * takes of it what others have room for. Not what has waited for an answer that comes in just now: that
 * goes, with the others that it made ready, before who communicates is done. */
static bool stays_at_hand(const octi_cluster *cluster)
{
    return cluster->size == 1 || (octi_here.worker && !octi_progress_is_mine());
}

static bool have_room(octi_cluster *cluster)
{
    return atomic_load_explicit(&cluster->credit, memory_order_relaxed) > 0;
}

static void send_task(octi_cluster *cluster, int to, octi_job *job);

/* What is for one peer needs no line, where nothing else waits in one and nobody communicates. */
static bool send_at_once(octi_cluster *cluster, int to, octi_job *job)
{
    if (atomic_load_explicit(&cluster->bound_count, memory_order_relaxed) > 0 ||
        !octi_progress_begin(cluster))
        return false;
    bool has_room = cluster->peers[to].outstanding < WIDEST;
    if (has_room)
        send_task(cluster, to, job);
    octi_progress_finish(cluster);
    return has_room;
}

static void enqueue(octi_cluster *cluster, octi_job *job)
{
    octi_place place = octi_place_of(cluster, job);
    bool is_ours = place.rank == cluster->rank, moves = cluster->size > 1 && !place.is_firm;
    if (is_ours && !moves) {
        cluster->local->class->submit(cluster->local, job);
        return;
    }
    if (place.is_firm && send_at_once(cluster, place.rank, job))
        return;
    if ((is_ours || place.rank == OCTI_ANYWHERE) && stays_at_hand(cluster)) {
        octi_threads_submit_loose(cluster->local, job);
        if (have_room(cluster))
            octi_progress_now(cluster);
        return;
    }
    if (!push(cluster, queue_of(cluster, place), job)) {
        oct_error error;
        oct_fail(&error, OCT_E_NOMEM, "out of memory for the queue");
        refuse(job, &error);
        return;
    }
    if (place.rank != OCTI_ANYWHERE || have_room(cluster))
        octi_progress_now(cluster);
    if (count_of(shared_queue(cluster)) > 0 || is_ours)
        octi_threads_wake(cluster->local);
}

void octi_origin_submit(octi_executor *executor, octi_job *job)
{
    octi_cluster *cluster = (octi_cluster *)executor;
    atomic_fetch_add_explicit(&cluster->begun, 1, memory_order_relaxed);
    enqueue(cluster, job);
}

/* What is small goes in messages that keep their order; calls that run here have but their turns. */
bool octi_origin_in_order(octi_executor *executor, const octi_job *job)
{
    const octi_cluster *cluster = (octi_cluster *)executor;
    return job->more->options.node - 1 != cluster->rank && job->args_size <= OVERTAKES_ABOVE &&
           job->dep_count == 0;
}

/* ---- sending ---- */

/* The job whose value a task on rank `to` should take: that, or its copy there. */
static octi_job *nearest(octi_job *job, int to)
{
    const octi_copies *copies = job->more ? job->more->copies : NULL;
    octi_job *copy = copies && to < copies->nodes ? copies->on[to] : NULL;
    bool there = copy && octi_job_state(copy) == OCTI_DONE && octi_job_is_remote(copy) &&
                 octi_value_location(copy).rank == to;
    return there ? copy : job;
}

static size_t packed_deps(octi_cluster *cluster, int to_rank, const octi_job *job, oct_err *code)
{
    octi_buffer *to = &cluster->scratch;
    static const char zeros[16];
    to->size = 0;
    for (uint32_t i = 0; *code == OCT_OK && i < job->dep_count; i++) {
        const octi_dep *dep = &job->deps->at[i];
        octi_job *from = nearest(dep->job, to_rank);
        octi_dep_record record = {.param = dep->param, .task = from->task->index, .rank = -1};
        size_t start = to->size;
        if (octi_job_is_remote(from)) {
            octi_location location = octi_value_location(from);
            record.rank = location.rank;
            record.value = location.value;
        }
        *code = octi_buffer_append(to, &record, sizeof(record));
        if (*code == OCT_OK && record.rank < 0)
            *code = octi_value_pack(&from->task->result, octi_job_value(from), to);
        if (*code != OCT_OK)
            break;
        record.size = to->size - start - sizeof(record);
        memcpy(to->data + start, &record, sizeof(record));
        *code = octi_buffer_append(to, zeros, octi_padded(to->size) - to->size);
    }
    return to->size;
}

static oct_err write_task(octi_cluster *cluster, int to, const octi_job *job, uint64_t id)
{
    uint32_t deps = job->dep_count;
    oct_err code = OCT_OK;
    size_t after = deps > 0 ? packed_deps(cluster, to, job, &code) : 0;
    if (code != OCT_OK)
        return code;
    size_t block = octi_padded(job->args_size);
    octi_task_record *record =
        octi_outbox_add(cluster, to, OCTI_TASK, 0, sizeof(*record) + block + after, true);
    if (!record)
        return OCT_E_NOMEM;
    record->id = id;
    record->origin = (uintptr_t)job->args;
    record->task = job->task->index;
    record->args_size = job->args_size;
    record->dep_count = deps;
    record->priority = job->more ? job->more->options.priority : 0;
    record->time_limit = job->more ? job->more->options.time_limit : 0;
    char *bytes = (char *)(record + 1);
    if (job->args_size > 0)
        memcpy(bytes, job->args, job->args_size);
    if (after > 0)
        memcpy(bytes + block, cluster->scratch.data, after);
    if (cluster->scratch.capacity > OCTI_LINK_EAGER)
        octi_buffer_deinit(&cluster->scratch);
    return OCT_OK;
}

/* How many more tasks of a level a peer is to have, when `waiting` of them wait here. */
static int room(const octi_cluster *cluster, int rank, unsigned level, size_t waiting)
{
    const octi_peer *peer = &cluster->peers[rank];
    int workers = cluster->members[rank].workers;
    bool a_second = level <= LONG_LEVEL && waiting > (size_t)cluster->members[cluster->rank].workers;
    int64_t by_count = (a_second ? 2 : 1) * workers - peer->outstanding;
    int64_t by_time = level > 40 ? 0 : ((int64_t)workers * WINDOW_NS - peer->load_ns) >> level;
    int64_t most = by_count > by_time ? by_count : by_time;
    return most > WIDEST - peer->outstanding ? WIDEST - peer->outstanding : (int)most;
}

/* A job that is away has for its executor's word our number for it, the level it was sent with,
 * and the rank. The number is the upper half of its id on the way, the block's index the lower. */
static uint64_t mark_of(uint32_t number, unsigned level, int rank)
{
    return (uint64_t)number << 32 | (uint64_t)level << 24 | (uint32_t)rank;
}

static int rank_of(uint64_t mark)
{
    return (int)(mark & 0xffffff);
}

static unsigned level_in(uint64_t mark)
{
    return mark >> 24 & 0xff;
}

static void send_task(octi_cluster *cluster, int to, octi_job *job)
{
    if (!octi_job_start(job)) {
        octi_job_unref(job); /* cancelled while it waited */
        return;
    }
    oct_error error;
    if (atomic_load_explicit(&cluster->broken, memory_order_relaxed)) {
        error = cluster->why;
        octi_job_fail(job, &error);
        return;
    }
    uint32_t number = (uint32_t)cluster->next_id++;
    unsigned level = octi_place_level(cluster, job->task);
    job->executor = mark_of(number, level, to);
    job->where = OCTI_AWAY;
    oct_err code = write_task(cluster, to, job, (uint64_t)number << 32 | job->index);
    if (code != OCT_OK) {
        job->where = OCTI_HERE;
        oct_fail(&error, code, "out of memory to send '%s' to '%s'", job->task->name,
                 cluster->members[to].node);
        octi_job_fail(job, &error);
        return;
    }
    cluster->peers[to].outstanding++;
    cluster->peers[to].load_ns += INT64_C(1) << level;
}

enum { AT_ONCE = 64 };

/* What lies on our workers' deques and may leave. */
static size_t at_hand(const octi_cluster *cluster)
{
    return (size_t)octi_threads_loose(cluster->local);
}

/* Up to `most` jobs off a queue for a rank: but of those that may run elsewhere only what it has room
 * for, and of the shared ones what our own idle workers leave. */
static int take(octi_cluster *cluster, int rank, queue from, octi_job **jobs, int most)
{
    int count = 0;
    octi_line *line = from.line;
    pthread_mutex_lock(&cluster->lines);
    octi_job *first = octi_line_sample(line);
    if (first && line != &cluster->peers[rank].bound) {
        unsigned level = octi_place_level(cluster, first->task);
        int has_room = room(cluster, rank, level, line->count + at_hand(cluster));
        most = most < has_room ? most : has_room;
        if (line == &cluster->shared) {
            int beyond_ours = (int)line->count - octi_threads_idle(cluster->local);
            most = most < beyond_ours ? most : beyond_ours;
            cluster->level = level;
        }
    }
    while (count < most && (jobs[count] = octi_line_pop(line)))
        count++;
    atomic_fetch_sub_explicit(from.count, (size_t)count, memory_order_relaxed);
    pthread_mutex_unlock(&cluster->lines);
    return count;
}

/* How many went. */
static int send_some(octi_cluster *cluster, int to, queue from, int most)
{
    octi_job *jobs[AT_ONCE];
    int count = take(cluster, to, from, jobs, most < AT_ONCE ? most : AT_ONCE);
    for (int i = 0; i < count; i++)
        send_task(cluster, to, jobs[i]);
    return count;
}

/* What is for one peer, or best there. */
static void send_each_its_own(octi_cluster *cluster, queue (*queue_of_peer)(octi_cluster *cluster, int rank))
{
    for (int i = 0; i < cluster->size; i++) {
        const octi_peer *peer = &cluster->peers[i];
        while (i != cluster->rank && peer->outstanding < WIDEST &&
               send_some(cluster, i, queue_of_peer(cluster, i), WIDEST - peer->outstanding) > 0)
            continue;
    }
}

/* In turns, each a part of what is left, so that the last ones are spread over all. */
static void send_shared(octi_cluster *cluster)
{
    bool more = true;
    queue shared = shared_queue(cluster);
    while (more) {
        more = false;
        size_t part = count_of(shared) / (size_t)(2 * cluster->size);
        int most = part < AT_ONCE ? (int)part + 1 : AT_ONCE;
        for (int k = 0; k < cluster->size; k++) {
            int to = (cluster->turn + k) % cluster->size;
            if (to != cluster->rank && send_some(cluster, to, shared, most) > 0)
                more = true;
        }
    }
    cluster->turn = (cluster->turn + 1) % cluster->size;
}

static void count_credit(octi_cluster *cluster)
{
    int credit = 0;
    size_t waiting = count_of(shared_queue(cluster)) + at_hand(cluster);
    for (int i = 0; i < cluster->size; i++) {
        int has_room = i == cluster->rank ? 0 : room(cluster, i, cluster->level, waiting);
        credit += has_room > 0 ? has_room : 0;
    }
    atomic_store_explicit(&cluster->credit, credit, memory_order_relaxed);
}

/* Up to `most` jobs off a queue, in which `but` of them are left; how many. */
static int take_beyond(octi_cluster *cluster, queue from, int but, octi_job **jobs, int most)
{
    int count = 0;
    if (count_of(from) == 0)
        return 0;
    pthread_mutex_lock(&cluster->lines);
    int beyond = (int)from.line->count - but;
    most = most < beyond ? most : beyond;
    while (count < most && (jobs[count] = octi_line_pop(from.line)))
        count++;
    if (count > 0)
        atomic_fetch_sub_explicit(from.count, (size_t)count, memory_order_relaxed);
    pthread_mutex_unlock(&cluster->lines);
    return count;
}

/* Jobs that wait for one rank, though they may run elsewhere. Each of our own workers is left one. */
static int take_from_the_busy(octi_cluster *cluster, octi_job **jobs, int most)
{
    int ours = cluster->members[cluster->rank].workers;
    int count = take_beyond(cluster, near_queue(cluster, cluster->rank), ours, jobs, most);
    for (int i = 0; i < cluster->size && count_of((queue){NULL, &cluster->near_count}) > 0; i++) {
        if (i != cluster->rank)
            count += take_beyond(cluster, near_queue(cluster, i), 0, jobs + count, most - count);
    }
    return count;
}

/* What somebody has room for while it waits at hand, or for a rank that has none, onto the shared line. */
static bool recall(octi_cluster *cluster)
{
    octi_job *jobs[AT_ONCE];
    int credit =
        atomic_load_explicit(&cluster->credit, memory_order_relaxed) - (int)count_of(shared_queue(cluster));
    int wanted = credit < AT_ONCE ? credit : AT_ONCE;
    int count = wanted > 0 ? octi_threads_recall(cluster->local, jobs, wanted) : 0;
    wanted += octi_threads_idle(cluster->local);
    if (wanted > AT_ONCE)
        wanted = AT_ONCE;
    if (wanted > count)
        count += take_from_the_busy(cluster, jobs + count, wanted - count);
    for (int i = 0; i < count; i++) {
        if (!push(cluster, shared_queue(cluster), jobs[i]))
            octi_threads_submit_loose(cluster->local, jobs[i]);
    }
    return count > 0;
}

void octi_origin_distribute(octi_cluster *cluster)
{
    if (atomic_load_explicit(&cluster->bound_count, memory_order_seq_cst) > 0)
        send_each_its_own(cluster, bound_queue);
    if (atomic_load_explicit(&cluster->near_count, memory_order_seq_cst) > 0)
        send_each_its_own(cluster, near_queue);
    if (atomic_load_explicit(&cluster->shared_count, memory_order_seq_cst) > 0)
        send_shared(cluster);
    count_credit(cluster);
    if (recall(cluster)) {
        send_shared(cluster);
        count_credit(cluster);
        octi_threads_wake(cluster->local);
    }
}

/* ---- the end ---- */

static void learn(octi_cluster *cluster, int from, const octi_job *job, int64_t ran_ns)
{
    octi_peer *peer = &cluster->peers[from];
    peer->outstanding--;
    peer->load_ns -= INT64_C(1) << level_in(job->executor);
    octi_place_learn(cluster, job->task, ran_ns);
}

/* A task that says OCT_OK has no value beside that. */
static void done_with_value(octi_job *job, const void *bytes, size_t size)
{
    _Alignas(16) char small[256];
    const octi_type *type = &job->task->result;
    void *value = type->size <= sizeof(small) ? small : malloc(type->size);
    oct_err code = value ? octi_value_unpack(type, bytes, size, value) : OCT_E_NOMEM;
    if (code == OCT_OK) {
        octi_job_done(job, value);
    } else {
        oct_error error;
        oct_fail(&error, code, "the result of '%s', %zu bytes, cannot be unpacked", job->task->name, size);
        octi_job_fail(job, &error);
    }
    if (value != small)
        free(value);
}

static void failed(octi_cluster *cluster, int from, octi_job *job, const octi_end_record *record)
{
    oct_failure failure;
    if (record->size != sizeof(failure)) {
        oct_error error;
        oct_fail(&error, OCT_E_PROTOCOL, "'%s' sent a failure that makes no sense",
                 cluster->members[from].node);
        octi_job_fail(job, &error);
        return;
    }
    memcpy(&failure, record + 1, sizeof(failure));
    if (octi_job_retry(job)) {
        enqueue(cluster, job);
        return;
    }
    failure.attempts = job->more ? job->more->attempts : 1;
    snprintf(failure.node, sizeof(failure.node), "%s", cluster->members[from].node);
    octi_job_failed(job, &failure);
}

void octi_origin_ended(octi_cluster *cluster, int from, const octi_end_record *record)
{
    octi_job *job = octi_slab_at((uint32_t)record->id);
    if (!job || job->where != OCTI_AWAY || octi_job_state(job) != OCTI_RUNNING ||
        job->executor >> 32 != record->id >> 32 || rank_of(job->executor) != from)
        return;
    job->where = OCTI_HERE;
    learn(cluster, from, job, record->ran_ns);
    octi_trace_elsewhere(&cluster->peers[from].lane, "rank", from, record->ran_ns);
    switch ((octi_ending)record->head.detail) {
    case OCTI_ENDED_EMPTY:
        octi_job_done(job, NULL);
        break;
    case OCTI_ENDED_VALUE:
        done_with_value(job, record + 1, record->size);
        break;
    case OCTI_ENDED_ELSEWHERE:
        octi_value_stays(job, (octi_location){record->value, record->size, from, 0});
        break;
    default:
        failed(cluster, from, job, record);
    }
    octi_trace_here();
}

bool octi_origin_sent(const octi_cluster *cluster, const octi_job *job, int *rank, uint64_t *id)
{
    if (octi_job_state(job) != OCTI_RUNNING || job->where != OCTI_AWAY ||
        rank_of(job->executor) >= cluster->size)
        return false;
    *rank = rank_of(job->executor);
    *id = (job->executor >> 32) << 32 | job->index;
    return true;
}

/* ---- cancelling ---- */

/* Where a job is, only the thread that communicates may ask: it alone sends jobs away and
 * takes them back. So it is handed the job itself. */
typedef struct cancelling {
    octi_post post; /* first */
    octi_job *job;  /* holds a reference */
} cancelling;

static void send_cancel(octi_cluster *cluster, octi_post *post)
{
    cancelling *self = (cancelling *)post;
    octi_job *job = self->job;
    int rank;
    uint64_t id;
    octi_value_record *record = octi_origin_sent(cluster, job, &rank, &id)
                                    ? octi_outbox_add(cluster, rank, OCTI_CANCEL, 0, sizeof(*record), true)
                                    : NULL;
    if (record) {
        record->id = id;
        record->value = 0;
        record->size = 0;
    }
    octi_job_unref(job);
    free(self);
}

/* A job that ends meanwhile is not found there any more. */
void octi_origin_interrupt(octi_executor *executor, octi_job *job)
{
    octi_cluster *cluster = (octi_cluster *)executor;
    cancelling *self = malloc(sizeof(*self));
    if (!self)
        return;
    octi_job_ref(job);
    *self = (cancelling){{NULL, send_cancel}, job};
    octi_progress_post(cluster, &self->post);
    octi_progress_now(cluster);
}

/* ---- a lost rank ---- */

static void lose(octi_job *job, void *ctx)
{
    octi_cluster *cluster = ctx;
    if (octi_job_state(job) != OCTI_RUNNING || job->where != OCTI_AWAY)
        return;
    job->where = OCTI_HERE;
    octi_job_fail(job, &cluster->why);
}

static void fail_all(octi_cluster *cluster, int rank, queue of)
{
    octi_job *jobs[AT_ONCE];
    for (int count; (count = take_beyond(cluster, of, 0, jobs, AT_ONCE)) > 0;) {
        for (int i = 0; i < count; i++)
            send_task(cluster, rank, jobs[i]);
    }
}

void octi_origin_refuse(octi_cluster *cluster)
{
    for (int i = 0; i < cluster->size; i++) {
        fail_all(cluster, i, bound_queue(cluster, i));
        if (i != cluster->rank)
            fail_all(cluster, i, near_queue(cluster, i));
    }
}

void octi_origin_lost(octi_cluster *cluster)
{
    octi_job_each(cluster->base.pool, lose, cluster);
    octi_origin_refuse(cluster);
}
