/* node/slurm/service.h - nodes in service, leaving it, and lost. */
#ifndef OCTI_SLURM_SERVICE_H
#define OCTI_SLURM_SERVICE_H

#include <slurm/slurm.h>

/* Why a node drains that is to leave the cluster. */
#define OCTI_SLURM_LEAVING "leaving the cluster"

/* Puts the nodes among found that are drained for that reason back in service; how many there
 * were. A node whose return Slurm refuses stays as it is: who waits for it is told its state. */
unsigned octi_slurm_restore(const node_info_msg_t *found);

#endif
