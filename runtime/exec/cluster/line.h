/* exec/cluster/line.h - jobs that wait: by their priority, and first in, first out. No locks. */
#ifndef OCTI_LINE_H
#define OCTI_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/exec/threads/urgent.h"

typedef struct octi_line {
    size_t count;
    octi_urgent above, below; /* priorities other than 0 */
    octi_job **ring;
    size_t capacity; /* 0 or a power of two */
    size_t head;
    size_t in_ring;
} octi_line;

void octi_line_init(octi_line *line);

/* False when memory is short. */
bool octi_line_push(octi_line *line, octi_job *job);

/* NULL when it is empty. */
octi_job *octi_line_pop(octi_line *line);

/* A job of those that come next, though a more urgent one may be before it; NULL likewise. */
octi_job *octi_line_sample(const octi_line *line);

/* Drops the executor's reference of what is left: jobs that were cancelled. */
void octi_line_deinit(octi_line *line);

#endif
