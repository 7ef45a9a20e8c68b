/* cli/job.h - from a program's name to its run: cluster, compiling, launching.
 *
 * Zero-initialise, set cli, then call the steps in order; cli_job_deinit takes it in any
 * state. */
#ifndef OCTI_CLI_JOB_H
#define OCTI_CLI_JOB_H

#include "provision/cli/attempts.h"
#include "provision/cli/build.h"
#include "provision/cli/program.h"
#include "provision/cli/session.h"

typedef struct cli_job {
    const cli_context *cli;
    cli_session session;
    octi_buffer evidence;  /* log lines of nodes that did not come up */
    cli_attempts attempts; /* of the last launch */
} cli_job;

/* Finds the cluster, which is used as it is, or brings one up where there is none or it is
 * not complete. OCT_E_INVALID when it has fewer nodes than were asked for. */
OCT_NODISCARD oct_err cli_job_cluster(cli_job *job, oct_error *err);

/* Compiles the program, or looks it up; joins the cluster first where its nodes changed.
 * OCT_E_TASK when the compiler refused it, having said why. */
OCT_NODISCARD oct_err cli_job_build(cli_job *job, const cli_program *program, cli_build *build,
                                    oct_error *err);

/* The ranks that the options ask for: as many as nodes, unless told otherwise. */
unsigned cli_job_ranks(const cli_job *job);

/* Runs a program that was built, with arguments (NULL-terminated): with a journal, unless it
 * stays on one node by its own pool or the options say no. */
OCT_NODISCARD oct_err cli_job_launch(cli_job *job, const cli_build *build, const char *const *arguments,
                                     cli_launch *launch, int *status, oct_error *err);

void cli_job_deinit(cli_job *job);

#endif
