/* node/slurm/reply.h - how octavo-slurm answers: JSON, one object a line, flushed. */
#ifndef OCTI_SLURM_REPLY_H
#define OCTI_SLURM_REPLY_H

#include <jansson.h>

#include "oct/error.h"

/* Keeps what libslurm writes to standard error, which may be the only trace of why it
 * ended this process (its fatal() calls exit): such an end is then answered, too. Call it
 * before anything else. */
void octi_reply_init(void);

/* Prints one line and frees it. */
void octi_reply_line(json_t *line);

/* The last line of a request that succeeded, printed and freed; returns the exit status 0. */
int octi_reply_end(json_t *line);

/* The last line of one that failed, with `more` (may be NULL; freed) merged in; returns 1. */
int octi_reply_error(const oct_error *err, json_t *more);

/* Fills *err from libslurm's own error of the call that just failed. */
oct_err octi_slurm_fail(oct_error *err, const char *doing);

#endif
