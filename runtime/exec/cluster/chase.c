/* Circles of waits that go across ranks: the calls of two actors for each other, a task that waits for
 * one elsewhere that wants the lock it holds. Each rank follows a wait as far as it can see
 * (threads/waits.h), and asks the next to go on from there. When the way comes back to the wait that it
 * began with, while that still lasts, it is a circle. */
#include <stdlib.h>

#include "runtime/exec/cluster/cluster.h"
#include "runtime/exec/context.h"
#include "runtime/exec/threads/threads.h"

/* A wait that leads into a circle of others would be followed round it for ever. */
enum { MOST_STEPS = 32 };

/* Whose wait it is, and which. */
typedef struct chase {
    int origin;
    uint32_t steps;
    uint64_t wait;
} chase;

static void pass_on(octi_cluster *cluster, const chase *self, int to, uint64_t id, uint64_t task)
{
    octi_chase_record *record = octi_outbox_add(cluster, to, OCTI_CHASE, 0, sizeof(*record), true);
    if (!record)
        return; /* it will be asked again */
    record->id = id;
    record->task = task;
    record->wait = self->wait;
    record->origin = self->origin;
    record->steps = self->steps + 1;
}

static void leave_by(octi_cluster *cluster, const chase *self, const octi_exit *way)
{
    int rank;
    uint64_t id;
    if (!way->job) {
        rank = octi_name_node(way->task);
        if (rank != cluster->rank && rank >= 0 && rank < cluster->size)
            pass_on(cluster, self, rank, 0, way->task);
    } else if (octi_origin_sent(cluster, way->job, &rank, &id)) {
        pass_on(cluster, self, rank, id, 0);
    }
}

static bool is_away(const octi_job *job)
{
    return job->where == OCTI_AWAY;
}

/* Of all waits of a circle the one with the lowest rank and number is to break it. */
static uint64_t yields_below(const octi_cluster *cluster, const chase *self)
{
    if (self->origin == cluster->rank)
        return self->wait;
    return cluster->rank < self->origin ? UINT64_MAX : 0;
}

static void follow(octi_cluster *cluster, const chase *self, octi_job *job, uint64_t task)
{
    octi_waits *waits = octi_threads_waits(cluster->local);
    octi_search search = {.goal = self->origin == cluster->rank ? self->wait : 0,
                          .yields = yields_below(cluster, self),
                          .is_away = is_away};
    if (octi_waits_search(waits, &search, job, task)) {
        octi_waits_tell(waits, self->wait);
        return;
    }
    for (int i = 0; i < search.exit_count; i++)
        leave_by(cluster, self, &search.exits[i]);
    octi_search_drop(&search);
}

void octi_chase_arrived(octi_cluster *cluster, int from, const octi_chase_record *record)
{
    const chase self = {record->origin, record->steps, record->wait};
    octi_job *job = record->task == 0 ? octi_guest_find(cluster, from, record->id) : NULL;
    if (self.wait != 0 && self.steps < MOST_STEPS && (job || record->task != 0))
        follow(cluster, &self, job, record->task);
}

/* ---- its beginning ---- */

/* Where a job is, only who communicates may ask. */
typedef struct beginning {
    octi_post post; /* first */
    octi_job *job;  /* holds a reference */
    uint64_t wait;
} beginning;

static void begin(octi_cluster *cluster, octi_post *post)
{
    beginning *self = (beginning *)post;
    if (!atomic_load_explicit(&cluster->broken, memory_order_relaxed))
        follow(cluster, &(chase){cluster->rank, 0, self->wait}, self->job, 0);
    octi_job_unref(self->job);
    free(self);
}

void octi_chase_begin(void *ctx, octi_job *job, uint64_t wait)
{
    octi_cluster *cluster = ctx;
    beginning *self = malloc(sizeof(*self));
    if (!self)
        return; /* the next look may find it */
    octi_job_ref(job);
    *self = (beginning){{NULL, begin}, job, wait};
    octi_progress_post(cluster, &self->post);
    octi_progress_now(cluster);
}
