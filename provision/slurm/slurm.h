/* slurm/slurm.h - nodes that are a pilot allocation on a Slurm site. */
#ifndef OCTI_SLURM_SLURM_H
#define OCTI_SLURM_SLURM_H

#include "provision/core/provider.h"

extern const octi_provider_ops octi_slurm_ops;

#endif
