/* core/cluster.h - what a cluster is: asked for (spec) and found (cluster).
 *
 * Plain values without locks; whoever fills one frees it with its deinit. */
#ifndef OCTI_CLUSTER_H
#define OCTI_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"

enum {
    OCTI_NAME_MAX = 40,    /* cluster name: [a-z]([a-z0-9-]*[a-z0-9])?, at most this long */
    OCTI_NODES_MAX = 5000, /* what any provider takes; each may take fewer */
};

/* Where programs start on nodes that are containers. */
#define OCTI_HOME "/home/octavo"

/* What the user wants. Flags beat the spec file, which beats these defaults. */
typedef struct octi_spec {
    char name[OCTI_NAME_MAX + 1]; /* "octavo" */
    char provider[16];            /* "docker" */
    unsigned nodes;               /* 8; node 0 is the head and computes too */
    char image[256];              /* "octavo/node:<version>" */
    double cpus;                  /* per node; 0 = no limit */
    uint64_t memory;              /* bytes per node; 0 = no limit */
    uint64_t shm;                 /* bytes of /dev/shm per node; MPI needs 256 MiB */
    char subnet[64];              /* CIDR, or "" to let the engine choose */
    double timeout;               /* seconds that `up` may take: 120 */

    /* Kubernetes alone. */
    char context[128];       /* of the kubeconfig; "": its current one */
    char namespace[64];      /* "": the context's */
    unsigned gpus;           /* per node, of nvidia.com/gpu */
    char node_selector[512]; /* a JSON object as compact text, or "" */
    char tolerations[1024];  /* a JSON array as compact text, or "" */
    char storage_class[64];  /* of a volume that all nodes share; "": each has folders of its own */
    uint64_t storage_size;   /* bytes of it: 10 GiB */

    /* A Slurm site alone; "": the site's default. */
    unsigned time;        /* minutes that the allocation lasts; 0: the partition's default */
    char partition[64];   /* or several, with commas between */
    char account[64];     /* who pays */
    char qos[64];         /* quality of service */
    char constraint[128]; /* features of the nodes, as sbatch takes them */
} octi_spec;

void octi_spec_init(octi_spec *spec);

/* Checks every field; the message quotes the field and the hint says what is allowed. */
OCT_NODISCARD oct_err octi_spec_check(const octi_spec *spec, oct_error *err);

typedef enum octi_node_state {
    OCTI_NODE_ABSENT,   /* wanted, not made yet */
    OCTI_NODE_CREATED,  /* the engine has it, not running */
    OCTI_NODE_STARTING, /* running, has not joined Slurm */
    OCTI_NODE_READY,    /* joined and idle or at work */
    OCTI_NODE_STOPPED,  /* ended; `reason` tells how */
    OCTI_NODE_FAILED,   /* cannot come up; `reason` tells why */
} octi_node_state;

const char *octi_node_state_name(octi_node_state state);

typedef struct octi_node {
    unsigned index;      /* 0 is the head */
    char name[64];       /* host name and Slurm node name: "<cluster>-<index>" */
    char address[64];    /* the engine's address for it, or "" */
    char engine_id[128]; /* the engine's own handle: container id, pod name */
    octi_node_state state;
    int exit_status;  /* of a stopped one */
    char reason[256]; /* why it is not ready, or "" */
} octi_node;

typedef struct octi_cluster {
    char name[OCTI_NAME_MAX + 1];
    char provider[16];
    char image[256];
    char created[40];  /* RFC 3339 */
    unsigned wanted;   /* nodes asked for, from the labels */
    octi_spec spec;    /* what it was made from, from the labels */
    char home[256];    /* where programs start on its nodes, and where relative paths lead */
    char warning[160]; /* what whoever starts something on it should know first, or "" */
    bool near;         /* the nodes' addresses are this machine's own to reach (probe/probe.h) */
    bool watched;      /* whoever gave the nodes watches them, and ends what ran on a lost one */
    bool head_apart;   /* the head's commands run on this machine, which is not lost with node 0 */
    bool own_homes;    /* each node has folders of its own: nothing that one writes reaches another */
    size_t node_count;
    octi_node *nodes; /* sorted by index; owned */
} octi_cluster;

void octi_cluster_deinit(octi_cluster *cluster);

#endif
