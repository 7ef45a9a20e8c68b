#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/args.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/futex.h"
#include "runtime/task/type.h"

/* ---- where it is ---- */

octi_location octi_value_location(const octi_job *job)
{
    octi_location location;
    memcpy(&location, job->payload, sizeof(location));
    return location;
}

/* Of a job whose value was brought here the executor's word is where it came from: a malloc'ed
 * octi_location, or 0 where memory was short, and then the value stays there until the pool closes. */
static void remember_location(octi_job *job, octi_location location)
{
    octi_location *kept = malloc(sizeof(*kept));
    if (kept)
        *kept = location;
    job->executor = (uintptr_t)kept;
}

static octi_location recall_location(const octi_job *job)
{
    octi_location *kept = (octi_location *)(uintptr_t)job->executor;
    octi_location location = kept ? *kept : (octi_location){.borrowed = 1};
    free(kept);
    return location;
}

void octi_value_stays(octi_job *job, octi_location location)
{
    octi_args_release(job); /* they may be in the payload */
    memcpy(job->payload, &location, sizeof(location));
    octi_job_done_elsewhere(job);
}

/* ---- asking for it ---- */

/* On the stack of the thread that waits. */
struct octi_asking {
    octi_post post; /* first */
    octi_asking *next;
    octi_location location;
    uint64_t id;
    oct_err code;
    char *message; /* malloc'ed */
    const char *bytes;
    size_t size;
    _Atomic uint32_t answered;
};

/* The asker may be gone once it is told. */
static void tell(octi_asking *asking, oct_err code)
{
    asking->code = code;
    atomic_store_explicit(&asking->answered, 1, memory_order_release);
    octi_futex_wake(&asking->answered, INT_MAX);
}

static void send_fetch(octi_cluster *cluster, octi_post *post)
{
    octi_asking *asking = (octi_asking *)post;
    if (atomic_load_explicit(&cluster->broken, memory_order_relaxed)) {
        tell(asking, OCT_E_LOST);
        return;
    }
    octi_value_record *record =
        octi_outbox_add(cluster, asking->location.rank, OCTI_FETCH, 0, sizeof(*record), true);
    if (!record) {
        tell(asking, OCT_E_NOMEM);
        return;
    }
    asking->id = cluster->next_id++;
    record->id = asking->id;
    record->value = asking->location.value;
    record->size = 0;
    asking->next = cluster->asking;
    cluster->asking = asking;
}

static octi_asking *take_asking(octi_cluster *cluster, uint64_t id)
{
    octi_asking **link = &cluster->asking;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    octi_asking *asking = *link;
    if (asking)
        *link = asking->next;
    return asking;
}

void octi_value_arrived(octi_cluster *cluster, const octi_value_record *record, char *data, bool *keep)
{
    octi_asking *asking = take_asking(cluster, record->id);
    if (!asking)
        return;
    const char *bytes = (const char *)(record + 1);
    if (keep && !*keep) {
        *keep = true;
        asking->message = data;
    } else {
        asking->message = malloc(record->size + 1);
        if (!asking->message) {
            tell(asking, OCT_E_NOMEM);
            return;
        }
        memcpy(asking->message, bytes, record->size);
        bytes = asking->message;
    }
    asking->bytes = bytes;
    asking->size = record->size;
    tell(asking, (oct_err)record->head.detail);
}

void octi_value_lost(octi_cluster *cluster)
{
    while (cluster->asking) {
        octi_asking *asking = cluster->asking;
        cluster->asking = asking->next;
        tell(asking, OCT_E_LOST);
    }
}

/* The value takes the place of its location in the job. Nobody communicates meanwhile, since who does
 * reads locations to send them. */
static oct_err settle(octi_cluster *cluster, octi_job *job, octi_location location, void *value,
                      oct_error *err)
{
    octi_progress_stop(cluster);
    oct_err code = octi_job_arrived(job, value, err);
    if (code == OCT_OK)
        remember_location(job, location);
    octi_progress_resume(cluster);
    return code;
}

static oct_err take_in(octi_cluster *cluster, octi_job *job, octi_asking *asking, oct_error *err)
{
    void *value = malloc(job->task->result.size);
    oct_err code =
        value ? octi_value_unpack(&job->task->result, asking->bytes, asking->size, value) : OCT_E_NOMEM;
    if (code == OCT_OK)
        code = settle(cluster, job, asking->location, value, err);
    else
        oct_fail(err, code, "the result of '%s', %zu bytes, cannot be unpacked", job->task->name,
                 asking->size);
    free(value);
    return code;
}

static oct_err explain(octi_cluster *cluster, const octi_job *job, const octi_asking *asking, oct_error *err)
{
    if (asking->code == OCT_E_LOST && atomic_load_explicit(&cluster->broken, memory_order_acquire)) {
        *err = cluster->why;
        return err->code;
    }
    return oct_fail(err, asking->code, "the result of '%s' cannot be had from rank %d on '%s'",
                    job->task->name, asking->location.rank, cluster->members[asking->location.rank].node);
}

/* Two threads may want the same value: the first brings it, the second finds it here. */
enum { LOCKS = 8 };

static pthread_mutex_t locks[LOCKS] = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
};

static pthread_mutex_t *lock_of(const octi_job *job)
{
    return &locks[job->index % LOCKS];
}

static void ask(octi_cluster *cluster, octi_job *job, octi_asking *asking)
{
    *asking = (octi_asking){.post = {NULL, send_fetch}, .location = octi_value_location(job)};
    octi_progress_post(cluster, &asking->post);
}

/* A job that was asked for twice has its value by the first answer. */
static oct_err await_answer(octi_cluster *cluster, octi_job *job, octi_asking *asking, oct_error *err)
{
    octi_progress_until(cluster, &asking->answered);
    oct_err code = OCT_OK;
    if (octi_job_is_remote(job))
        code =
            asking->code == OCT_OK ? take_in(cluster, job, asking, err) : explain(cluster, job, asking, err);
    free(asking->message);
    return code;
}

oct_err octi_value_fetch(octi_executor *executor, octi_job *job, oct_error *err)
{
    octi_cluster *cluster = (octi_cluster *)executor;
    if (octi_progress_is_mine())
        return oct_fail(err, OCT_E_STATE, "a callback may not wait for a value that is on another node");
    pthread_mutex_lock(lock_of(job));
    oct_err code = OCT_OK;
    if (octi_job_is_remote(job)) {
        octi_asking asking;
        ask(cluster, job, &asking);
        octi_progress_now(cluster);
        code = await_answer(cluster, job, &asking, err);
    }
    pthread_mutex_unlock(lock_of(job));
    return code;
}

/* On their way at once: so many values, and so many bytes, but for one that alone is larger. Answers wait in
 * memory until their turn has come. */
enum { AT_ONCE = 32, BYTES_AT_ONCE = 64 << 20 };

/* How many of the jobs were seen to. */
static size_t fetch_some(octi_cluster *cluster, octi_job *const *jobs, size_t count)
{
    octi_asking asking[AT_ONCE];
    octi_job *asked[AT_ONCE];
    size_t seen = 0, waiting = 0;
    uint64_t bytes = 0;
    for (; seen < count && waiting < AT_ONCE && (waiting == 0 || bytes < BYTES_AT_ONCE); seen++) {
        if (!octi_job_is_remote(jobs[seen]))
            continue;
        ask(cluster, jobs[seen], &asking[waiting]);
        bytes += asking[waiting].location.size;
        asked[waiting++] = jobs[seen];
    }
    octi_progress_now(cluster);
    for (size_t i = 0; i < waiting; i++)
        (void)await_answer(cluster, asked[i], &asking[i], &(oct_error){0});
    return seen;
}

void octi_value_fetch_all(octi_executor *executor, octi_job *const *jobs, size_t count)
{
    if (octi_progress_is_mine())
        return;
    for (size_t at = 0; at < count;) {
        for (int i = 0; i < LOCKS; i++)
            pthread_mutex_lock(&locks[i]);
        at += fetch_some((octi_cluster *)executor, jobs + at, count - at);
        for (int i = 0; i < LOCKS; i++)
            pthread_mutex_unlock(&locks[i]);
    }
}

/* ---- giving it up ---- */

typedef struct forgetting {
    octi_post post; /* first */
    octi_location location;
} forgetting;

static void send_forget(octi_cluster *cluster, octi_post *post)
{
    forgetting *self = (forgetting *)post;
    octi_value_record *record =
        atomic_load_explicit(&cluster->broken, memory_order_relaxed)
            ? NULL
            : octi_outbox_add(cluster, self->location.rank, OCTI_FORGET, 0, sizeof(*record), false);
    if (record) {
        record->id = 0;
        record->value = self->location.value;
        record->size = 0;
    }
    free(self);
}

/* Without memory to say so the value stays there until the pool closes. */
void octi_value_give_up(octi_cluster *cluster, octi_location location)
{
    forgetting *self = location.borrowed ? NULL : malloc(sizeof(*self));
    if (!self)
        return;
    *self = (forgetting){{NULL, send_forget}, location};
    octi_progress_post(cluster, &self->post);
}

void octi_value_forget(octi_executor *executor, octi_job *job)
{
    octi_location location = octi_job_is_remote(job) ? octi_value_location(job) : recall_location(job);
    octi_value_give_up((octi_cluster *)executor, location);
}

/* ---- being asked ---- */

static void answer(octi_cluster *cluster, int to, uint64_t id, oct_err code, const octi_buffer *packed)
{
    size_t size = code == OCT_OK ? packed->size : 0;
    octi_value_record *record =
        octi_outbox_add(cluster, to, OCTI_VALUE, (uint32_t)code, sizeof(*record) + size, true);
    if (!record && code == OCT_OK) {
        answer(cluster, to, id, OCT_E_NOMEM, packed);
        return;
    }
    if (!record) {
        octi_progress_broke(cluster, &(oct_error){OCT_E_NOMEM, "out of memory for a message", ""});
        return;
    }
    record->id = id;
    record->value = 0;
    record->size = size;
    if (size > 0)
        memcpy(record + 1, packed->data, size);
}

/* A value that stays is a guest whose handle we keep. */
void octi_value_asked(octi_cluster *cluster, int from, const octi_value_record *record)
{
    octi_job *job = octi_job_of((oct_future *)(uintptr_t)record->value);
    bool have = job && octi_job_state(job) == OCTI_DONE && job->has_value;
    if (record->head.kind == OCTI_FORGET) {
        if (have)
            octi_job_unref(job);
        return;
    }
    octi_buffer *packed = &cluster->scratch;
    packed->size = 0;
    oct_err code = have ? octi_value_pack(&job->task->result, octi_job_value(job), packed) : OCT_E_NOTFOUND;
    answer(cluster, from, record->id, code, packed);
    if (packed->capacity > OCTI_LINK_EAGER)
        octi_buffer_deinit(packed);
}
