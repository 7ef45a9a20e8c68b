/* frame/stack.h - rows of batches under each other, in ranges that may be filled at once. */
#ifndef OCTI_STACK_H
#define OCTI_STACK_H

#include "runtime/frame/column.h"

typedef struct octi_stack {
    octi_stretch *parts;
    size_t count;
    size_t *row;     /* of the stack that each part begins with, and the number of all */
    size_t *text;    /* of each column and part: where its text begins in the column's */
    octi_batch made; /* the stack, with room for all */
} octi_stack;

/* The parts' batches outlive the stack. On failure there is nothing to deinit. */
OCT_NODISCARD oct_err octi_stack_init(octi_stack *stack, const octi_stretch *parts, size_t count,
                                      oct_error *err);

/* The same of all rows of batches. */
OCT_NODISCARD oct_err octi_stack_init_all(octi_stack *stack, const octi_batch *batches, size_t count,
                                          oct_error *err);

/* Fills rows from `begin` to before `end`. Ranges that begin with multiples of 64 may be filled at once. */
void octi_stack_fill(const octi_stack *stack, size_t begin, size_t end);

/* Once all are filled: what was made, and all else is freed. */
octi_batch octi_stack_finish(octi_stack *stack);

#endif
