#include "runtime/exec/shared/lock.h"

#include "runtime/exec/shared/patience.h"

octi_thing *octi_thing_lock_find(uint64_t id)
{
    octi_thing *self = octi_thing_find(id);
    return self && self->kind == OCTI_LOCK_OF ? self : NULL;
}

/* ---- who holds it ---- */

static void hand_on(octi_thing *self)
{
    octi_claim *next = octi_claim_pop(self);
    if (!next) {
        self->count = 1;
        self->who = self->task = 0;
        return;
    }
    char left = self->left;
    self->left = false;
    self->who = next->who;
    self->task = next->task;
    octi_claim_succeed(next->job, &left, 1);
    octi_claim_free(next);
}

void octi_thing_lock_give(octi_thing *self, octi_job *job, const octi_shared_request *request)
{
    if (self->count > 0) {
        octi_claim_fail(job, OCT_E_STATE, "nobody holds it");
        return;
    }
    self->left = self->left || request->number == 1;
    hand_on(self);
    octi_claim_succeed(job, NULL, 0);
}

void octi_thing_lock_holder_died(octi_thing *self, uint64_t who)
{
    if (self->count > 0 || self->who != who)
        return;
    self->left = true;
    hand_on(self);
}

/* ---- circles ---- */

typedef struct awaited {
    uint64_t task;
    const octi_thing *lock; /* that it waits for without a time-out; NULL */
} awaited;

static void look_for_task(octi_thing *self, void *ctx)
{
    awaited *found = ctx;
    for (const octi_claim *claim = self->kind == OCTI_LOCK_OF ? self->first : NULL; claim;
         claim = claim->next) {
        if (claim->task == found->task && claim->deadline_ns == 0)
            found->lock = self;
    }
}

/* True when the lock cannot become free before `task` goes on: who has it waits for another, whose
 * holder waits for another, and so on to one that the task has. No such circle is there before this, so
 * that the way ends. */
static bool waits_for_itself(const octi_thing *lock, uint64_t task)
{
    while (lock && lock->task != task) {
        awaited next = {lock->task, NULL};
        octi_thing_each(look_for_task, &next);
        lock = next.lock;
    }
    return lock;
}

void octi_thing_lock_take(octi_thing *self, octi_job *job, const octi_shared_request *request)
{
    if (self->count == 0 && request->holds && octi_patience_is_endless(request) &&
        waits_for_itself(self, request->task)) {
        octi_claim_fail(job, OCT_E_DEADLOCK,
                        "waiting would never end: who holds it waits for one that is held here");
        return;
    }
    if (self->count == 0) {
        octi_patience_begin(self, job, request, NULL);
        return;
    }
    char left = self->left;
    self->count = 0;
    self->who = request->who;
    self->task = request->task;
    self->left = false;
    octi_claim_succeed(job, &left, 1);
}

/* ---- for those who look for circles elsewhere ---- */

typedef struct holder {
    const octi_job *job;
    uint64_t task; /* that holds the lock the job waits for; 0 */
} holder;

static void look_for_job(octi_thing *self, void *ctx)
{
    holder *found = ctx;
    for (const octi_claim *claim = self->kind == OCTI_LOCK_OF ? self->first : NULL; claim;
         claim = claim->next) {
        if (claim->job == found->job)
            found->task = self->task;
    }
}

/* By the lists of the locks, and not by what the job asks for: its arguments go while it ends. */
uint64_t octi_shared_holder(const octi_job *job)
{
    holder found = {job, 0};
    octi_things_lock();
    octi_thing_each(look_for_job, &found);
    octi_things_unlock();
    return found.task;
}

typedef struct listing {
    octi_lock_wait *out;
    size_t count, room;
} listing;

static void list_waits(octi_thing *self, void *ctx)
{
    listing *list = ctx;
    const octi_claim *claim = self->kind == OCTI_LOCK_OF && self->who != 0 ? self->first : NULL;
    for (; claim && list->count < list->room; claim = claim->next) {
        if (claim->deadline_ns == 0 && claim->who != 0)
            list->out[list->count++] = (octi_lock_wait){self->id, claim->task, claim->who, self->who};
    }
}

size_t octi_shared_lock_waits(octi_lock_wait *out, size_t room)
{
    listing list = {out, 0, room};
    octi_things_lock();
    octi_thing_each(list_waits, &list);
    octi_things_unlock();
    return list.count;
}

typedef struct refusal {
    uint64_t task;
    bool done;
} refusal;

/* A task waits once at a time. */
static bool refuse(octi_claim *claim, void *ctx)
{
    refusal *self = ctx;
    if (claim->task != self->task)
        return false;
    octi_claim_fail(claim->job, OCT_E_DEADLOCK,
                    "waiting would never end: who holds it waits for the task that waits");
    return self->done = true;
}

bool octi_shared_refuse(uint64_t lock, uint64_t task)
{
    refusal self = {task, false};
    octi_things_lock();
    octi_thing *thing = octi_thing_lock_find(lock);
    if (thing)
        octi_claim_remove(thing, refuse, &self);
    octi_things_unlock();
    return self.done;
}
