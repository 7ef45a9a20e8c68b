#include <slurm/slurm.h>

#include "provision/node/slurm/ops.h"
#include "provision/node/slurm/reply.h"

int octi_slurm_status(json_t *request)
{
    (void)request;
    oct_error err = OCT_ERROR_INIT;
    json_t *nodes = NULL, *jobs = NULL;
    slurm_init(NULL);
    if (octi_slurm_list_nodes(NULL, &nodes, &err) == OCT_OK && octi_slurm_list_jobs(&jobs, &err) == OCT_OK)
        return octi_reply_end(json_pack("{s:o, s:o}", "nodes", nodes, "jobs", jobs));
    json_decref(nodes);
    return octi_reply_error(&err, NULL);
}
