/* core/refusal.h - what the statuses and messages of an engine's API mean: an error's code, and the
 * way out. */
#ifndef OCTI_REFUSAL_H
#define OCTI_REFUSAL_H

#include <stddef.h>

#include "oct/error.h"

/* A message that holds `part`, whatever the case of its letters. */
typedef struct octi_refusal {
    const char *part;
    oct_err code;
    const char *hint;
} octi_refusal;

/* The first of them that the message holds, or NULL. */
const octi_refusal *octi_refusal_find(const octi_refusal *list, size_t count, const char *message);

/* What an HTTP status of 400 or more says by itself. */
oct_err octi_refusal_code(int status);

#endif
