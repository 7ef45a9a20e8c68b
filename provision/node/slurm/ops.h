/* node/slurm/ops.h - the requests that octavo-slurm takes. Each prints its answer and
 * returns the exit status. */
#ifndef OCTI_SLURM_OPS_H
#define OCTI_SLURM_OPS_H

#include <jansson.h>

#include "oct/error.h"

/* {"op":"nodes"}, optionally with "name": one node. */
int octi_slurm_nodes(json_t *request);

/* {"op":"status"}: nodes and jobs, as the two requests of these names give them. */
int octi_slurm_status(json_t *request);

/* What the answers of nodes (one, or with NULL all) and jobs hold; the caller frees *out.
 * After slurm_init. */
oct_err octi_slurm_list_nodes(const char *only, json_t **out, oct_error *err);
oct_err octi_slurm_list_jobs(json_t **out, oct_error *err);

/* {"op":"wait_nodes","count":8,"timeout":60}: until that many can work; a line for each
 * change of a node's state meanwhile. Then jobs that nobody holds any more are ended (orphans.h),
 * so that the nodes are free, and "orphans" tells how many. */
int octi_slurm_wait_nodes(json_t *request);

/* {"op":"down","node":"dev-3","reason":"killed"}: tells Slurm of a loss that somebody else
 * has seen, so that its jobs end now and not when the silence is long enough. The node is
 * back in service as soon as its slurmd is. */
int octi_slurm_down(json_t *request);

/* {"op":"drain","nodes":["dev-6","dev-7"]}: gives them no more work, and waits until what they run has
 * ended; a line for each node that is drained. Others than those named are left alone. */
int octi_slurm_drain(json_t *request);

/* {"op":"resume"}: puts the nodes that drain or are drained by that back in service, as wait_nodes
 * does with those it waits for. */
int octi_slurm_resume(json_t *request);

/* {"op":"submit"} with "script" or "argv", and "name", "nodes", "tasks", "time_s",
 * "workdir", "output", and "env" ({"NAME":"value"}). */
int octi_slurm_submit(json_t *request);

/* {"op":"watch","job":17}: a line for each change of its state, until it is over. */
int octi_slurm_watch(json_t *request);

/* {"op":"cancel","job":17} or {"op":"cancel","name":"..."}: all of this user's live jobs
 * of that name, or, inside a job (SLURM_JOB_ID), that job's steps of that name. */
int octi_slurm_cancel(json_t *request);

/* {"op":"jobs"}: this cluster's jobs, those that ended a short while ago included. */
int octi_slurm_jobs(json_t *request);

/* {"op":"pilots","prefix":"octavo-pilot-"}: this user's jobs whose names begin so, with their
 * nodes, why they wait, and when they start and end (seconds since 1970; 0: unknown). */
int octi_slurm_pilots(json_t *request);

/* {"op":"allocate","name":"octavo-pilot-dev","nodes":8} with "minutes", "partition", "account", "qos",
 * "constraint" and "comment": asks for that many whole nodes, which outlive the loss of any of them, and
 * for no script on them. Does not wait: the answer is the job as `pilots` tells of it, running or pending. */
int octi_slurm_allocate(json_t *request);

#endif
