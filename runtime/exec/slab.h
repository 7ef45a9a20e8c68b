/* exec/slab.h - the blocks of jobs, for the whole process and for good.
 *
 * A cache a thread, which trades batches with a depot: J. Bonwick and J. Adams, "Magazines and
 * Vmem", USENIX 2001. */
#ifndef OCTI_SLAB_H
#define OCTI_SLAB_H

#include "runtime/exec/job.h"

/* A free block, its index and generation set and the rest as it was left; NULL when memory is
 * short. */
octi_job *octi_slab_get(void);

/* Ends the block's generation and keeps it for the next. Any thread. */
void octi_slab_put(octi_job *job);

/* NULL past the end. Blocks below octi_slab_count() stay where they are for ever. */
octi_job *octi_slab_at(uint32_t index);
uint32_t octi_slab_count(void);

#endif
