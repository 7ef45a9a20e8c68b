/* core/join.h - turns nodes that run into a cluster that can work.
 *
 * Tells the head who the nodes are, waits until all have joined Slurm, and has an MPI
 * program cross them. All of it is one command on the head, so it costs one round trip
 * and is the same for every provider. */
#ifndef OCTI_JOIN_H
#define OCTI_JOIN_H

#include "oct/error.h"
#include "provision/core/cluster.h"
#include "provision/core/provider.h"

/* Seconds from the start of octi_join; 0 for a step that was not needed. */
typedef struct octi_join_times {
    double configured; /* the head knows all nodes */
    double joined;     /* Slurm has all nodes */
    double checked;    /* MPI crossed all nodes */
} octi_join_times;

/* Joins all nodes of a cluster that `create` or `inspect` found running. Safe to repeat: a
 * cluster that has joined already is only asked whether all nodes are still there.
 *
 * Nodes become READY; when some cannot join they become FAILED with their reason, and the
 * error names the first of them. The observer hears every node's step. `timeout` is in
 * seconds.
 *
 * Of a cluster that has got more or fewer nodes the first `known` have worked together before and
 * may be at work: MPI then crosses the others alone, if there are any. 0: all are new. */
OCT_NODISCARD oct_err octi_join(const octi_provider *provider, octi_cluster *cluster, unsigned known,
                                double timeout, const octi_observer *observer, octi_join_times *times,
                                oct_error *err);

/* What a joined cluster's head keeps in OCTI_JOIN_FILE: a digest of its nodes' names,
 * handles and addresses, so that a cluster whose nodes changed since is joined again. */
#define OCTI_JOIN_FILE "/var/lib/octavo/joined"
enum { OCTI_JOIN_MARK = 17 };
void octi_join_mark(const octi_cluster *cluster, char mark[OCTI_JOIN_MARK]);

#endif
