/* node/membership.h - what cluster.json makes of this node: its files, and whether it is
 * the head. */
#ifndef OCTI_NODE_MEMBERSHIP_H
#define OCTI_NODE_MEMBERSHIP_H

#include <stdbool.h>
#include <sys/stat.h>

#include "oct/error.h"
#include "provision/node/config.h"
#include "provision/node/paths.h"

typedef struct octi_membership {
    const octi_paths *paths;
    char host[64];
    bool member; /* configured, and every file is in place */
    bool head;
    char cluster[64];
    uint64_t generation;
    size_t node_count;
    char reason[320]; /* why not a member (yet) */
    bool waiting;     /* the reason may pass any moment: look again soon */

    struct stat seen;     /* of the cluster.json that was read last */
    octi_buffer rendered; /* slurm.conf as it is on disk */
} octi_membership;

/* What changed for the daemons. */
typedef enum octi_membership_change {
    OCTI_MEMBERSHIP_SAME = 0,
    OCTI_MEMBERSHIP_FILES = 1, /* Slurm's files, or whether we are in at all */
    OCTI_MEMBERSHIP_KEY = 2,   /* the munge key */
} octi_membership_change;

/* Empties the run folder of whatever an earlier life left and makes the folders. */
OCT_NODISCARD oct_err octi_membership_init(octi_membership *membership, const octi_paths *paths,
                                           oct_error *err);
void octi_membership_deinit(octi_membership *membership);

/* Looks at cluster.json (at the file's time stamp only, when nothing changed) and brings
 * this node's files up to date; on the head makes the munge key. Returns what changed, by
 * bits. A file that cannot be used leaves a member as it was, with the reason set. */
unsigned octi_membership_update(octi_membership *membership);

#endif
