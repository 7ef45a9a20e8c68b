/* node/slurm/names.h - Slurm's states as words, the same for every Slurm version. */
#ifndef OCTI_SLURM_NAMES_H
#define OCTI_SLURM_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "idle", "allocated", "down", with flags after it: "idle+drain+not_responding". */
void octi_slurm_node_state(uint32_t state, char *out, size_t size);

/* It can take work now, or is at work. */
bool octi_slurm_node_ready(uint32_t state);

/* "PENDING", "RUNNING", "COMPLETED" and so on, as Slurm's commands print them. */
const char *octi_slurm_job_state(uint32_t state);

/* It has ended, and nothing of it is left on the nodes. */
bool octi_slurm_job_over(uint32_t state);

#endif
