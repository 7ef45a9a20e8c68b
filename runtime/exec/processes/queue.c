#include <stdlib.h>
#include <string.h>

#include "runtime/exec/processes/queue.h"

static octi_job *next_of(const octi_job *job)
{
    return (octi_job *)(uintptr_t)job->executor;
}

static void set_next(octi_job *job, octi_job *next)
{
    job->executor = (uintptr_t)next;
}

static bool make_room(octi_queue *queue)
{
    if (queue->count < queue->capacity)
        return true;
    size_t capacity = queue->capacity ? 2 * queue->capacity : 4;
    octi_level *levels = realloc(queue->levels, capacity * sizeof(*levels));
    if (!levels)
        return false;
    queue->levels = levels;
    queue->capacity = capacity;
    return true;
}

static bool goes_before(const octi_level *level, int priority, int depth)
{
    return level->priority > priority || (level->priority == priority && level->depth > depth);
}

/* NULL only when there is no memory for the very first. */
static octi_level *level_of(octi_queue *queue, const octi_job *job)
{
    int priority = job->more ? job->more->options.priority : 0, depth = job->where;
    size_t i = 0;
    while (i < queue->count && goes_before(&queue->levels[i], priority, depth))
        i++;
    if (i < queue->count && queue->levels[i].priority == priority && queue->levels[i].depth == depth)
        return &queue->levels[i];
    if (!make_room(queue))
        return queue->count > 0 ? &queue->levels[queue->count - 1] : NULL;
    memmove(&queue->levels[i + 1], &queue->levels[i], (queue->count - i) * sizeof(*queue->levels));
    queue->levels[i] = (octi_level){priority, depth, NULL, NULL};
    queue->count++;
    return &queue->levels[i];
}

static void fail_for_memory(octi_job *job)
{
    oct_error error;
    oct_fail(&error, OCT_E_NOMEM, "out of memory for a queue");
    if (octi_job_start(job))
        octi_job_fail(job, &error);
    else
        octi_job_unref(job);
}

void octi_queue_add(octi_queue *queue, octi_job *job)
{
    octi_level *level = level_of(queue, job);
    if (!level) {
        fail_for_memory(job);
        return;
    }
    set_next(job, NULL);
    if (level->first)
        set_next(level->last, job);
    else
        level->first = job;
    level->last = job;
}

void octi_queue_add_first(octi_queue *queue, octi_job *job)
{
    octi_level *level = level_of(queue, job);
    if (!level) {
        fail_for_memory(job);
        return;
    }
    set_next(job, level->first);
    if (!level->first)
        level->last = job;
    level->first = job;
}

octi_job *octi_queue_peek(const octi_queue *queue)
{
    return queue->count > 0 ? queue->levels[0].first : NULL;
}

/* One level stays, so that the common case is cheap. */
static void drop_if_empty(octi_queue *queue, size_t level)
{
    if (queue->levels[level].first || queue->count == 1)
        return;
    queue->count--;
    memmove(&queue->levels[level], &queue->levels[level + 1],
            (queue->count - level) * sizeof(*queue->levels));
}

void octi_queue_drop(octi_queue *queue)
{
    octi_level *level = &queue->levels[0];
    level->first = next_of(level->first);
    drop_if_empty(queue, 0);
}

octi_job *octi_queue_after(const octi_queue *queue, const octi_job *job)
{
    for (size_t i = 0; !next_of(job) && i + 1 < queue->count; i++) {
        if (queue->levels[i].last == job)
            return queue->levels[i + 1].first;
    }
    return next_of(job);
}

bool octi_queue_remove(octi_queue *queue, const octi_job *job)
{
    for (size_t i = 0; i < queue->count; i++) {
        octi_level *level = &queue->levels[i];
        for (octi_job *at = level->first, *before = NULL; at; before = at, at = next_of(at)) {
            if (at != job)
                continue;
            if (before)
                set_next(before, next_of(at));
            else
                level->first = next_of(at);
            if (level->last == at)
                level->last = before;
            drop_if_empty(queue, i);
            return true;
        }
    }
    return false;
}

void octi_queue_deinit(octi_queue *queue)
{
    free(queue->levels);
    *queue = (octi_queue){0};
}
