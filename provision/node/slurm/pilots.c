#include <slurm/slurm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/node/slurm/names.h"
#include "provision/node/slurm/ops.h"
#include "provision/node/slurm/reply.h"

/* Why the queue holds a job. libslurm's own words have another function's name in each
 * version, so the usual ones are here. */
static const struct {
    uint32_t reason;
    const char *text;
} REASONS[] = {
    {WAIT_PRIORITY, "others come first"},
    {WAIT_RESOURCES, "too few nodes are free"},
    {WAIT_DEPENDENCY, "it depends on another job"},
    {WAIT_LICENSES, "licences are in use"},
    {WAIT_RESERVATION, "its reservation is not open"},
    {WAIT_NODE_NOT_AVAIL, "nodes that it needs are down or drained"},
    {WAIT_HELD, "an administrator holds it"},
    {WAIT_HELD_USER, "you hold it"},
    {WAIT_PART_NODE_LIMIT, "it asks for more nodes than its partition allows"},
    {WAIT_PART_TIME_LIMIT, "it asks for more time than its partition allows"},
    {WAIT_PART_DOWN, "its partition is down"},
    {WAIT_PART_INACTIVE, "its partition is inactive"},
    {WAIT_ACCOUNT, "its account is not allowed"},
    {WAIT_QOS_THRES, "its quality of service is short of something"},
    {FAIL_BAD_CONSTRAINTS, "no nodes ever meet its constraint"},
    {FAIL_ACCOUNT, "its account is invalid"},
    {FAIL_QOS, "its quality of service is invalid"},
};

static const char *reason_text(uint32_t reason)
{
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++)
        if (REASONS[i].reason == reason)
            return REASONS[i].text;
    return reason == WAIT_NO_REASON ? "the scheduler has not looked at it yet" : "a limit of the site";
}

/* Waiting does not change it. */
static bool is_hopeless(uint32_t reason)
{
    switch (reason) {
    case WAIT_PART_NODE_LIMIT:
    case WAIT_PART_TIME_LIMIT:
    case WAIT_PART_DOWN:
    case WAIT_PART_INACTIVE:
    case WAIT_HELD:
    case WAIT_HELD_USER:
    case FAIL_BAD_CONSTRAINTS:
    case FAIL_ACCOUNT:
    case FAIL_QOS:
        return true;
    default:
        return false;
    }
}

/* "site[0-3]" as an array of names. */
static json_t *expand(const char *list)
{
    json_t *names = json_array();
    struct hostlist *hosts = list ? slurm_hostlist_create(list) : NULL;
    for (char *name; hosts && (name = slurm_hostlist_shift(hosts)); free(name))
        json_array_append_new(names, json_string(name));
    if (hosts)
        slurm_hostlist_destroy(hosts);
    return names;
}

static json_t *pilot_json(const slurm_job_info_t *job)
{
    bool pending = (job->job_state & JOB_STATE_BASE) == JOB_PENDING;
    return json_pack("{s:i, s:s, s:s, s:s, s:b, s:i, s:I, s:I, s:I, s:s?, s:s?, s:o}", "job",
                     (int)job->job_id, "name", job->name, "state", octi_slurm_job_state(job->job_state),
                     "reason", pending ? reason_text(job->state_reason) : "", "hopeless",
                     (int)(pending && is_hopeless(job->state_reason)), "node_count", (int)job->num_nodes,
                     "submitted", (json_int_t)job->submit_time, "started", (json_int_t)job->start_time,
                     "ends", (json_int_t)job->end_time, "partition", job->partition, "comment", job->comment,
                     "nodes", expand(pending ? NULL : job->nodes));
}

/* Asks for this user's jobs alone, so the cost does not grow with the site. */
int octi_slurm_pilots(json_t *request)
{
    const char *prefix = json_string_value(json_object_get(request, "prefix"));
    oct_error err = OCT_ERROR_INIT;
    job_info_msg_t *found = NULL;
    slurm_init(NULL);
    if (slurm_load_job_user(&found, getuid(), SHOW_ALL) != SLURM_SUCCESS) {
        octi_slurm_fail(&err, "list your jobs");
        return octi_reply_error(&err, NULL);
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < found->record_count; i++) {
        const slurm_job_info_t *job = &found->job_array[i];
        if (job->name && (!prefix || strncmp(job->name, prefix, strlen(prefix)) == 0))
            json_array_append_new(list, pilot_json(job));
    }
    slurm_free_job_info_msg(found);
    return octi_reply_end(json_pack("{s:o}", "pilots", list));
}
