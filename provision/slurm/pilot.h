/* slurm/pilot.h - pilots: the jobs that hold a cluster's nodes on a site.
 *
 * A pilot is an allocation without a script, as salloc --no-shell makes them, called
 * OCTI_PILOT_PREFIX<cluster> whose comment is the cluster's spec, so all state is Slurm's own. The site is
 * asked through octavo-slurm, a process that is on PATH or beside this program. */
#ifndef OCTI_SLURM_PILOT_H
#define OCTI_SLURM_PILOT_H

#include <jansson.h>
#include <stdint.h>

#include "provision/core/provider.h"

#define OCTI_PILOT_PREFIX "octavo-pilot-"

typedef struct octi_pilot {
    uint32_t job;
    char state[32];                   /* Slurm's word: "PENDING", "RUNNING" */
    char reason[128];                 /* why it is pending, or "" */
    bool hopeless;                    /* waiting does not change that */
    int64_t submitted, started, ends; /* seconds since 1970; 0: unknown. A pending one's are estimates */
    octi_spec spec;
    json_t *nodes; /* names, in Slurm's order; empty while pending */
} octi_pilot;

/* Ignores a zeroed one. */
void octi_pilot_deinit(octi_pilot *pilot);

/* Sends one request to octavo-slurm (taken) and parses its last line. What it tells as an
 * error becomes *err, with a hint about the site. The caller releases *reply. */
OCT_NODISCARD oct_err octi_pilot_ask(json_t *request, json_t **reply, oct_error *err);

/* All live pilots of this user, as octavo-slurm tells them: an array to release. */
OCT_NODISCARD oct_err octi_pilot_list(json_t **out, oct_error *err);

/* The live pilot of that cluster; OCT_E_NOTFOUND. */
OCT_NODISCARD oct_err octi_pilot_find(const char *cluster, octi_pilot *out, oct_error *err);

/* Appends a shell script that makes the same pilot by salloc. */
OCT_NODISCARD oct_err octi_pilot_script(const octi_spec *spec, octi_buffer *out);

/* Asks for one, which may be running when this returns. */
OCT_NODISCARD oct_err octi_pilot_submit(const octi_spec *spec, octi_pilot *out, oct_error *err);

/* The user's home, which a site's nodes share. */
const char *octi_pilot_home(void);

/* The environment of a command in the pilot `job` of that cluster, or (job 0) outside of any:
 * ours, without what an outer job left in it. NULL when out of memory; freed by
 * octi_pilot_environment_free. */
char **octi_pilot_environment(uint32_t job);
void octi_pilot_environment_free(char **environment);

#endif
