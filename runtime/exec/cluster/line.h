/* exec/cluster/line.h - jobs that wait, first in, first out. No locks. */
#ifndef OCTI_LINE_H
#define OCTI_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/exec/job.h"

/* Zero-initialised is valid and empty. */
typedef struct octi_line {
    octi_job **ring;
    size_t capacity; /* 0 or a power of two */
    size_t head;
    size_t count;
} octi_line;

/* False when memory is short. */
bool octi_line_push(octi_line *line, octi_job *job);

/* NULL when it is empty. */
octi_job *octi_line_first(const octi_line *line);
octi_job *octi_line_pop(octi_line *line);

/* Drops the executor's reference of what is left: jobs that were cancelled. */
void octi_line_deinit(octi_line *line);

#endif
