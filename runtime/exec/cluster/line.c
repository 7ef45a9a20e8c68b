#include <stdlib.h>

#include "runtime/exec/cluster/line.h"

static bool grow(octi_line *line)
{
    size_t capacity = line->capacity ? 2 * line->capacity : 64;
    octi_job **ring = malloc(capacity * sizeof(octi_job *));
    if (!ring)
        return false;
    for (size_t i = 0; i < line->count; i++)
        ring[i] = line->ring[(line->head + i) & (line->capacity - 1)];
    free(line->ring);
    line->ring = ring;
    line->capacity = capacity;
    line->head = 0;
    return true;
}

bool octi_line_push(octi_line *line, octi_job *job)
{
    if (line->count == line->capacity && !grow(line))
        return false;
    line->ring[(line->head + line->count++) & (line->capacity - 1)] = job;
    return true;
}

octi_job *octi_line_first(const octi_line *line)
{
    return line->count > 0 ? line->ring[line->head] : NULL;
}

octi_job *octi_line_pop(octi_line *line)
{
    if (line->count == 0)
        return NULL;
    octi_job *job = line->ring[line->head];
    line->head = (line->head + 1) & (line->capacity - 1);
    line->count--;
    return job;
}

void octi_line_deinit(octi_line *line)
{
    for (octi_job *job; (job = octi_line_pop(line));)
        octi_job_unref(job);
    free(line->ring);
    *line = (octi_line){0};
}
