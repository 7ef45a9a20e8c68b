#include <limits.h>
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
    bool hopeless; /* waiting does not change it */
    const char *text;
} REASONS[] = {
    {WAIT_PRIORITY, false, "others come first"},
    {WAIT_RESOURCES, false, "too few nodes are free"},
    {WAIT_DEPENDENCY, false, "it depends on another job"},
    {WAIT_LICENSES, false, "licences are in use"},
    {WAIT_RESERVATION, false, "its reservation is not open"},
    {WAIT_NODE_NOT_AVAIL, false, "nodes that it needs are down or drained"},
    {WAIT_HELD, true, "an administrator holds it"},
    {WAIT_HELD_USER, true, "you hold it"},
    {WAIT_PART_NODE_LIMIT, true, "it asks for more nodes than its partition allows"},
    {WAIT_PART_TIME_LIMIT, true, "it asks for more time than its partition allows"},
    {WAIT_PART_DOWN, true, "its partition is down"},
    {WAIT_PART_INACTIVE, true, "its partition is inactive"},
    {WAIT_ACCOUNT, false, "its account is not allowed"},
    {WAIT_ASSOC_MAX_NODE_PER_JOB, true, "it asks for more nodes than its account allows a job"},
    {WAIT_ASSOC_MAX_CPU_PER_JOB, true, "it asks for more processors than its account allows a job"},
    {WAIT_ASSOC_MAX_WALL_PER_JOB, true, "it asks for more time than its account allows a job"},
    {WAIT_ASSOC_MAX_JOBS, false, "its account has as many jobs as it may"},
    {WAIT_ASSOC_GRP_NODE, false, "its account has as many nodes as it may"},
    {WAIT_QOS_MAX_NODE_PER_JOB, true, "it asks for more nodes than its quality of service allows a job"},
    {WAIT_QOS_MAX_CPU_PER_JOB, true, "it asks for more processors than its quality of service allows a job"},
    {WAIT_QOS_MAX_WALL_PER_JOB, true, "it asks for more time than its quality of service allows a job"},
    {WAIT_QOS_THRES, false, "its quality of service is short of something"},
    {FAIL_BAD_CONSTRAINTS, true, "no nodes ever meet its constraint"},
    {FAIL_ACCOUNT, true, "its account is invalid"},
    {FAIL_QOS, true, "its quality of service is invalid"},
};

static const char *reason_text(uint32_t reason)
{
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++)
        if (REASONS[i].reason == reason)
            return REASONS[i].text;
    return reason == WAIT_NO_REASON ? "the scheduler has not looked at it yet" : "a limit of the site";
}

static bool is_hopeless(uint32_t reason)
{
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++)
        if (REASONS[i].reason == reason)
            return REASONS[i].hopeless;
    return false;
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

static char *text_of(const json_t *request, const char *key)
{
    return (char *)json_string_value(json_object_get(request, key)); /* libslurm only reads it */
}

/* A pilot has no batch script: the scheduler looks at an allocation at once, where a script waits for its
 * next round (batch_sched_delay, 3 s), and it has no first node with whose loss it ends. No port is named at
 * which its owner listens, so that no InactiveLimit is about it. */
static oct_err describe(const json_t *request, job_desc_msg_t *wanted, oct_error *err)
{
    json_int_t nodes = json_integer_value(json_object_get(request, "nodes"));
    json_int_t minutes = json_integer_value(json_object_get(request, "minutes"));
    if (nodes < 1 || nodes >= INT32_MAX)
        return oct_fail(err, OCT_E_INVALID, "'nodes' is not a number of nodes");
    if (minutes < 0 || minutes >= INT32_MAX)
        return oct_fail(err, OCT_E_INVALID, "'minutes' is not a time");
    slurm_init(NULL);
    slurm_init_job_desc_msg(wanted);
    wanted->user_id = getuid();
    wanted->group_id = getgid();
    wanted->name = text_of(request, "name");
    wanted->min_nodes = wanted->max_nodes = wanted->num_tasks = (uint32_t)nodes;
    wanted->time_limit = minutes ? (uint32_t)minutes : NO_VAL;
    wanted->partition = text_of(request, "partition");
    wanted->account = text_of(request, "account");
    wanted->qos = text_of(request, "qos");
    wanted->features = text_of(request, "constraint");
    wanted->comment = text_of(request, "comment");
    wanted->work_dir = (char *)"/tmp"; /* nothing runs there, but 24.11 wants one; libslurm only reads it */
    wanted->shared = JOB_SHARED_NONE;
    wanted->kill_on_node_fail = 0;
    wanted->requeue = 0;
    return OCT_OK;
}

static oct_err allocate(const json_t *request, uint32_t *job, oct_error *err)
{
    char host[HOST_NAME_MAX + 1] = "";
    job_desc_msg_t wanted;
    resource_allocation_response_msg_t *answer = NULL;
    oct_err code = describe(request, &wanted, err);
    if (code != OCT_OK)
        return code;
    gethostname(host, sizeof(host) - 1);
    wanted.alloc_node = host;
    wanted.alloc_sid = (uint32_t)getsid(0);
    if (slurm_allocate_resources(&wanted, &answer) != SLURM_SUCCESS)
        return octi_slurm_fail(err, "get the nodes");
    *job = answer->job_id;
    slurm_free_resource_allocation_response_msg(answer);
    return OCT_OK;
}

int octi_slurm_allocate(json_t *request)
{
    oct_error err = OCT_ERROR_INIT;
    job_info_msg_t *found = NULL;
    uint32_t job = 0;
    if (allocate(request, &job, &err) != OCT_OK)
        return octi_reply_error(&err, NULL);
    if (slurm_load_job(&found, job, SHOW_ALL) != SLURM_SUCCESS || found->record_count == 0) {
        octi_slurm_fail(&err, "find the pilot");
        return octi_reply_error(&err, NULL);
    }
    json_t *pilot = pilot_json(&found->job_array[0]);
    slurm_free_job_info_msg(found);
    return octi_reply_end(json_pack("{s:o}", "pilot", pilot));
}
