#include <stdlib.h>

#include "runtime/exec/cluster/line.h"

void octi_line_init(octi_line *line)
{
    *line = (octi_line){0};
    octi_urgent_init(&line->above);
    octi_urgent_init(&line->below);
}

static bool grow(octi_line *line)
{
    size_t capacity = line->capacity ? 2 * line->capacity : 64;
    octi_job **ring = malloc(capacity * sizeof(octi_job *));
    if (!ring)
        return false;
    for (size_t i = 0; i < line->in_ring; i++)
        ring[i] = line->ring[(line->head + i) & (line->capacity - 1)];
    free(line->ring);
    line->ring = ring;
    line->capacity = capacity;
    line->head = 0;
    return true;
}

static bool push_ring(octi_line *line, octi_job *job)
{
    if (line->in_ring == line->capacity && !grow(line))
        return false;
    line->ring[(line->head + line->in_ring++) & (line->capacity - 1)] = job;
    return true;
}

bool octi_line_push(octi_line *line, octi_job *job)
{
    int priority = job->more ? job->more->options.priority : 0;
    bool pushed = priority == 0 ? push_ring(line, job)
                                : octi_urgent_push(priority > 0 ? &line->above : &line->below, job);
    line->count += pushed;
    return pushed;
}

static octi_job *pop_ring(octi_line *line)
{
    octi_job *job = line->ring[line->head];
    line->head = (line->head + 1) & (line->capacity - 1);
    line->in_ring--;
    return job;
}

octi_job *octi_line_pop(octi_line *line)
{
    if (line->count == 0)
        return NULL;
    line->count--;
    if (octi_urgent_count(&line->above) > 0)
        return octi_urgent_pop(&line->above);
    return line->in_ring > 0 ? pop_ring(line) : octi_urgent_pop(&line->below);
}

octi_job *octi_line_sample(const octi_line *line)
{
    if (line->in_ring > 0)
        return line->ring[line->head];
    const octi_urgent *urgent = octi_urgent_count(&line->above) > 0 ? &line->above : &line->below;
    return octi_urgent_count(urgent) > 0 ? urgent->heap[0].job : NULL;
}

void octi_line_deinit(octi_line *line)
{
    for (octi_job *job; (job = octi_line_pop(line));)
        octi_job_unref(job);
    free(line->ring);
    octi_urgent_deinit(&line->above);
    octi_urgent_deinit(&line->below);
}
