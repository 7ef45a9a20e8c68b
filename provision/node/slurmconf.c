#include <inttypes.h>

#include "provision/node/slurmconf.h"

/* Messages time out after Slurm's usual 10 s, which a node under full load may need. A
 * node that is gone holds up one round of pings until its message has timed out (14 s were
 * seen with half of that), and nobody's answer counts before the round is over: with a
 * SlurmdTimeout below that, one lost node takes all others down. Who knows of a loss
 * sooner, as the engine does, tells Slurm by octavo-slurm's "down". */
static oct_err format_daemons(const octi_config *config, const octi_slurmconf_paths *paths, const char *user,
                              octi_buffer *out)
{
    return octi_buffer_printf(out,
                              "ClusterName=%s\n"
                              "SlurmctldHost=%s(%s)\n"
                              "SlurmUser=%s\n"
                              "SlurmdUser=%s\n"
                              "AuthType=auth/munge\n"
                              "AuthInfo=socket=%s/munge/munge.socket\n"
                              "StateSaveLocation=%s/slurmctld\n"
                              "SlurmdSpoolDir=%s\n"
                              "SlurmctldPidFile=%s/slurmctld.pid\n"
                              "SlurmdPidFile=%s/slurmd.pid\n"
                              "SlurmctldTimeout=10\n"
                              "MessageTimeout=10\n"
                              "SlurmdTimeout=60\n",
                              config->cluster, config->nodes[0].name, config->nodes[0].address, user, user,
                              paths->run, paths->state, paths->spool, paths->run, paths->run);
}

/* No cgroups and no root here: processes are tracked by their parents, and a step that is
 * told to end has a second to do so. TreeWidth lets slurmctld reach 2,500 nodes in two
 * hops. */
static oct_err format_behaviour(octi_buffer *out)
{
    return octi_buffer_printf(out, "ProctrackType=proctrack/linuxproc\n"
                                   "TaskPlugin=task/none\n"
                                   "JobAcctGatherType=jobacct_gather/none\n"
                                   "SelectType=select/cons_tres\n"
                                   "SelectTypeParameters=CR_CPU\n"
                                   "SchedulerType=sched/backfill\n"
                                   "MpiDefault=pmix\n"
                                   "MailProg=/bin/true\n"
                                   "SwitchType=switch/none\n"
                                   "ReturnToService=2\n"
                                   "SlurmdParameters=config_overrides\n"
                                   "KillWait=1\n"
                                   "CompleteWait=0\n"
                                   "InactiveLimit=0\n"
                                   "TreeWidth=50\n"
                                   "PropagateResourceLimits=NONE\n"
                                   "LaunchParameters=disable_send_gids\n");
}

static oct_err format_nodes(const octi_config *config, unsigned cpus, octi_buffer *out)
{
    for (size_t i = 0; i < config->node_count; i++) {
        const octi_member *node = &config->nodes[i];
        if (octi_buffer_printf(out, "NodeName=%s NodeAddr=%s CPUs=%u", node->name, node->address, cpus) !=
            OCT_OK)
            return OCT_E_NOMEM;
        if (config->memory_mb && octi_buffer_printf(out, " RealMemory=%" PRIu64, config->memory_mb) != OCT_OK)
            return OCT_E_NOMEM;
        if (octi_buffer_printf(out, " State=UNKNOWN\n") != OCT_OK)
            return OCT_E_NOMEM;
    }
    return octi_buffer_printf(out, "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n");
}

oct_err octi_slurmconf_format(const octi_config *config, const octi_slurmconf_paths *paths, const char *user,
                              unsigned cpus, octi_buffer *out)
{
    oct_err result = format_daemons(config, paths, user, out);
    if (result == OCT_OK)
        result = format_behaviour(out);
    if (result == OCT_OK)
        result = format_nodes(config, config->cpus ? config->cpus : cpus, out);
    return result;
}

oct_err octi_slurmconf_format_cgroup(octi_buffer *out)
{
    return octi_buffer_printf(out, "CgroupPlugin=disabled\n");
}
