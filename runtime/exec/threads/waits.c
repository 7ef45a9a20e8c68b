#include "runtime/exec/threads/waits.h"

#include "runtime/exec/shared.h"
#include "runtime/exec/turn.h"

void octi_waits_init(octi_waits *waits)
{
    *waits = (octi_waits){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void octi_waits_deinit(octi_waits *waits)
{
    pthread_mutex_destroy(&waits->lock);
}

void octi_waits_add(octi_waits *waits, octi_wait *self)
{
    pthread_mutex_lock(&waits->lock);
    *self = (octi_wait){.next = waits->first};
    waits->first = self;
    pthread_mutex_unlock(&waits->lock);
}

/* ---- following a way; with the lock ---- */

static bool has_job(const octi_frame *frame, const octi_job *job)
{
    while (frame && frame->job != job)
        frame = frame->below;
    return frame;
}

static bool has_task(const octi_frame *frame, uint64_t name)
{
    while (frame && frame->name != name)
        frame = frame->below;
    return frame;
}

/* The wait of the thread that has the job among its tasks, or, with none, the task of that name. */
static octi_wait *wait_above(const octi_waits *waits, const octi_job *job, uint64_t task)
{
    for (octi_wait *wait = waits->first; wait; wait = wait->next) {
        if (wait->job && (job ? has_job(wait->frames, job) : has_task(wait->frames, task)))
            return wait;
    }
    return NULL;
}

static void leave_by(octi_search *search, octi_job *job, uint64_t task)
{
    if (!search->is_away || search->exit_count == OCTI_EXITS || (job && !search->is_away(job)))
        return;
    if (job)
        octi_job_ref(job);
    search->exits[search->exit_count++] = (octi_exit){job, task};
}

/* Each job is followed once: many ways may lead to it, and among them circles that the goal is not in. */
static bool is_new(octi_search *search, const octi_job *job)
{
    if (search->seen_count > OCTI_SEEN / 4 * 3)
        return false;
    size_t at = job->index % OCTI_SEEN;
    while (search->seen[at] && search->seen[at] != job)
        at = (at + 1) % OCTI_SEEN;
    if (search->seen[at])
        return false;
    search->seen[at] = job;
    search->seen_count++;
    return true;
}

static bool job_leads(const octi_waits *waits, octi_search *search, octi_job *job);

static bool wait_leads(const octi_waits *waits, octi_search *search, const octi_wait *wait)
{
    if (wait->number == search->goal)
        return true;
    if (wait->may_fail && wait->number < search->yields)
        return false;
    return job_leads(waits, search, wait->job);
}

static bool task_leads(const octi_waits *waits, octi_search *search, uint64_t task)
{
    const octi_wait *wait = wait_above(waits, NULL, task);
    if (wait)
        return wait_leads(waits, search, wait);
    leave_by(search, NULL, task);
    return false;
}

enum { MOST_ARGUMENTS = 8 };

/* The jobs whose values it waits for, a reference each. Pinned it stays in its state, and its arguments
 * with it; but not for longer than this: the way may come by it again. */
static uint32_t take_arguments(octi_job *job, octi_job *jobs[MOST_ARGUMENTS])
{
    if (!octi_job_pin(job))
        return 0;
    uint32_t count = octi_job_state(job) == OCTI_WAITING ? job->dep_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        jobs[i] = job->deps->at[i].job;
        octi_job_ref(jobs[i]);
    }
    octi_job_unpin(job);
    return count;
}

static bool arguments_lead(const octi_waits *waits, octi_search *search, octi_job *job)
{
    octi_job *jobs[MOST_ARGUMENTS];
    bool found = false;
    uint32_t count = take_arguments(job, jobs);
    for (uint32_t i = 0; i < count; i++) {
        found = found || job_leads(waits, search, jobs[i]);
        octi_job_unref(jobs[i]);
    }
    return found;
}

static bool call_ahead_leads(const octi_waits *waits, octi_search *search, octi_job *job)
{
    octi_job *ahead = octi_is_call(job->task) ? octi_turn_ahead(job) : NULL;
    if (!ahead)
        return false;
    bool found = job_leads(waits, search, ahead);
    octi_job_unref(ahead);
    return found;
}

static bool job_leads(const octi_waits *waits, octi_search *search, octi_job *job)
{
    if (octi_job_ended(job) || !is_new(search, job))
        return false;
    if (job->task->role == OCTI_SERVED) {
        uint64_t holder = octi_shared_holder(job);
        if (holder)
            return task_leads(waits, search, holder);
    }
    if (arguments_lead(waits, search, job) || call_ahead_leads(waits, search, job))
        return true;
    const octi_wait *wait = wait_above(waits, job, 0);
    if (wait)
        return wait_leads(waits, search, wait);
    leave_by(search, job, 0);
    return false;
}

void octi_search_drop(octi_search *search)
{
    for (int i = 0; i < search->exit_count; i++) {
        if (search->exits[i].job)
            octi_job_unref(search->exits[i].job);
    }
    search->exit_count = 0;
}

bool octi_waits_search(octi_waits *waits, octi_search *search, octi_job *job, uint64_t task)
{
    pthread_mutex_lock(&waits->lock);
    bool found = job ? job_leads(waits, search, job) : task_leads(waits, search, task);
    pthread_mutex_unlock(&waits->lock);
    if (found)
        octi_search_drop(search);
    return found;
}

/* ---- one's own ---- */

bool octi_waits_begin(octi_waits *waits, octi_wait *self, octi_job *job, uint64_t *number, bool may_fail)
{
    pthread_mutex_lock(&waits->lock);
    if (*number == 0)
        *number = ++waits->latest;
    self->job = job;
    self->frames = octi_here.frame;
    self->number = *number;
    self->may_fail = may_fail;
    self->hopeless = false;
    octi_search search = {.goal = *number};
    bool circle = job_leads(waits, &search, job);
    if (circle && may_fail)
        self->job = NULL;
    pthread_mutex_unlock(&waits->lock);
    return circle;
}

bool octi_waits_end(octi_waits *waits, octi_wait *self)
{
    pthread_mutex_lock(&waits->lock);
    self->job = NULL;
    bool hopeless = self->hopeless;
    pthread_mutex_unlock(&waits->lock);
    return hopeless;
}

bool octi_waits_is_hopeless(octi_waits *waits, const octi_wait *self)
{
    pthread_mutex_lock(&waits->lock);
    bool hopeless = self->hopeless;
    pthread_mutex_unlock(&waits->lock);
    return hopeless;
}

void octi_waits_tell(octi_waits *waits, uint64_t number)
{
    pthread_mutex_lock(&waits->lock);
    for (octi_wait *wait = waits->first; wait; wait = wait->next) {
        if (wait->job && wait->number == number && wait->may_fail)
            wait->hopeless = true;
    }
    pthread_mutex_unlock(&waits->lock);
}
