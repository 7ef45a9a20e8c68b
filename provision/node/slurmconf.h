/* node/slurmconf.h - Slurm's own files, written from cluster.json. Pure functions. */
#ifndef OCTI_NODE_SLURMCONF_H
#define OCTI_NODE_SLURMCONF_H

#include "oct/error.h"
#include "provision/node/config.h"
#include "runtime/base/buffer.h"

typedef struct octi_slurmconf_paths {
    const char *state; /* kept over restarts: slurmctld's state */
    const char *run;   /* forgotten: sockets and pid files */
    const char *spool; /* forgotten: slurmd's own; scripts of jobs are executed there */
} octi_slurmconf_paths;

/* Appends slurm.conf. `user` owns all daemons; `cpus` is what a node has where config
 * does not say. The text depends on nothing else, so equal input means that no daemon
 * needs to hear of it. */
OCT_NODISCARD oct_err octi_slurmconf_format(const octi_config *config, const octi_slurmconf_paths *paths,
                                            const char *user, unsigned cpus, octi_buffer *out);

/* Appends cgroup.conf. */
OCT_NODISCARD oct_err octi_slurmconf_format_cgroup(octi_buffer *out);

#endif
