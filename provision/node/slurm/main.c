/* octavo-slurm: one request in JSON on standard input, answers in JSON on standard output.
 *
 * The only program of Octavo that is linked with libslurm, and so the only one that its
 * licence (GPL 2 or later) reaches: what this binary is distributed under. A process of
 * its own also keeps the site's version of the library, its time-outs and its fatal()
 * away from everything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/node/slurm/ops.h"
#include "provision/node/slurm/reply.h"

static const struct op {
    const char *name;
    int (*run)(json_t *request);
    int waits; /* for slurm.conf to be there */
} OPS[] = {
    {"nodes", octi_slurm_nodes, 0},   {"wait_nodes", octi_slurm_wait_nodes, 1},
    {"down", octi_slurm_down, 0},     {"submit", octi_slurm_submit, 0},
    {"watch", octi_slurm_watch, 0},   {"cancel", octi_slurm_cancel, 0},
    {"jobs", octi_slurm_jobs, 0},     {"status", octi_slurm_status, 0},
    {"pilots", octi_slurm_pilots, 0}, {"drain", octi_slurm_drain, 0},
    {"resume", octi_slurm_resume, 0}, {"allocate", octi_slurm_allocate, 0},
};

static int refuse(const char *what)
{
    oct_error err = OCT_ERROR_INIT;
    oct_fail(&err, OCT_E_INVALID, "%s", what);
    oct_hint(&err, "one JSON object on standard input; 'op' is nodes, wait_nodes, down, submit, watch, "
                   "cancel, jobs, status, pilots, allocate, drain or resume");
    return octi_reply_error(&err, NULL);
}

/* Without a file, libslurm asks the network for one, which may take a minute. */
static int is_configured(void)
{
    const char *path = getenv("SLURM_CONF");
    return !path || access(path, R_OK) == 0;
}

static int refuse_unconfigured(void)
{
    oct_error err = OCT_ERROR_INIT;
    oct_fail(&err, OCT_E_STATE, "not configured yet: nobody told this node who the others are");
    oct_hint(&err, "wait_nodes waits until somebody has");
    return octi_reply_error(&err, NULL);
}

static int answer(json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "op"));
    if (!name)
        return refuse("the request has no 'op'");
    for (size_t i = 0; i < sizeof(OPS) / sizeof(OPS[0]); i++)
        if (strcmp(name, OPS[i].name) == 0)
            return is_configured() || OPS[i].waits ? OPS[i].run(request) : refuse_unconfigured();
    return refuse("the request's 'op' is unknown");
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        fprintf(stderr, "octavo-slurm takes no arguments: one JSON request on standard input,\n"
                        "for example {\"op\":\"nodes\"}\n");
        return 2;
    }
    octi_reply_init();
    json_error_t where;
    json_t *request = json_loadf(stdin, JSON_REJECT_DUPLICATES, &where);
    int status = request ? answer(request) : refuse("the request is not JSON");
    json_decref(request);
    return status;
}
