#include <slurm/slurm.h>
#include <stdio.h>
#include <string.h>

#include "provision/node/slurm/names.h"

static const char *const NODE_STATES[] = {
    [NODE_STATE_UNKNOWN] = "unknown",     [NODE_STATE_DOWN] = "down",   [NODE_STATE_IDLE] = "idle",
    [NODE_STATE_ALLOCATED] = "allocated", [NODE_STATE_ERROR] = "error", [NODE_STATE_MIXED] = "mixed",
    [NODE_STATE_FUTURE] = "future",
};

static const char *const JOB_STATES[] = {
    [JOB_PENDING] = "PENDING",     [JOB_RUNNING] = "RUNNING",     [JOB_SUSPENDED] = "SUSPENDED",
    [JOB_COMPLETE] = "COMPLETED",  [JOB_CANCELLED] = "CANCELLED", [JOB_FAILED] = "FAILED",
    [JOB_TIMEOUT] = "TIMEOUT",     [JOB_NODE_FAIL] = "NODE_FAIL", [JOB_PREEMPTED] = "PREEMPTED",
    [JOB_BOOT_FAIL] = "BOOT_FAIL", [JOB_DEADLINE] = "DEADLINE",   [JOB_OOM] = "OUT_OF_MEMORY",
};

static void add_flag(char *out, size_t size, const char *flag)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "+%s", flag);
}

void octi_slurm_node_state(uint32_t state, char *out, size_t size)
{
    uint32_t base = state & NODE_STATE_BASE;
    bool known = base < sizeof(NODE_STATES) / sizeof(NODE_STATES[0]) && NODE_STATES[base];
    snprintf(out, size, "%s", known ? NODE_STATES[base] : "unknown");
    if (state & NODE_STATE_DRAIN)
        add_flag(out, size, "drain");
    if (state & NODE_STATE_FAIL)
        add_flag(out, size, "fail");
    if (state & NODE_STATE_COMPLETING)
        add_flag(out, size, "completing");
    if (state & NODE_STATE_NO_RESPOND)
        add_flag(out, size, "not_responding");
}

bool octi_slurm_node_ready(uint32_t state)
{
    uint32_t base = state & NODE_STATE_BASE;
    if (state & (NODE_STATE_DRAIN | NODE_STATE_FAIL | NODE_STATE_NO_RESPOND))
        return false;
    return base == NODE_STATE_IDLE || base == NODE_STATE_ALLOCATED || base == NODE_STATE_MIXED;
}

const char *octi_slurm_job_state(uint32_t state)
{
    uint32_t base = state & JOB_STATE_BASE;
    bool known = base < sizeof(JOB_STATES) / sizeof(JOB_STATES[0]) && JOB_STATES[base];
    return known ? JOB_STATES[base] : "UNKNOWN";
}

bool octi_slurm_job_over(uint32_t state)
{
    return (state & JOB_STATE_BASE) >= JOB_COMPLETE && !(state & JOB_COMPLETING);
}
