/* node/paths.h - where a node keeps what.
 *
 * /var/lib/octavo (OCTAVO_STATE) outlives the container and is shared by all nodes where
 * the provider has a shared volume; /run/octavo (OCTAVO_RUN) is this container's, in
 * memory. The variables are for tests. */
#ifndef OCTI_NODE_PATHS_H
#define OCTI_NODE_PATHS_H

typedef struct octi_paths {
    const char *state;
    const char *run;
    char config[256];     /* state: cluster.json */
    char shared_key[256]; /* state: the key that the head made */
    char slurmctld[256];  /* state: folder of slurmctld's own state */
    char key[256];        /* run: this node's copy of the key */
    char munge[256];      /* run: folder of munged's socket, which others must reach */
    char munge_socket[256];
    char slurm[256]; /* run: folder that /etc/slurm points at */
    char slurm_conf[256];
    char cgroup_conf[256];
    char spool[256];  /* run: slurmd's */
    char status[256]; /* run: what PID 1 tells `octavo-node health` */
} octi_paths;

void octi_paths_init(octi_paths *paths);

#endif
