#include <inttypes.h>

#include "provision/node/slurmconf.h"

/* How long Slurm waits for an answer, and after what silence a node is down. A message to
 * a node that is gone holds up the next round of pings until it times out, so both decide
 * how soon a loss is seen: about 15 s in small clusters. Large ones take longer to fan a
 * ping out, and a false alarm there costs more. */
typedef struct patience {
    unsigned message, silence;
} patience;

static patience patience_for(size_t nodes)
{
    return nodes <= 100 ? (patience){5, 8} : (patience){10, 60};
}

static oct_err format_daemons(const octi_config *config, const octi_slurmconf_paths *paths, const char *user,
                              octi_buffer *out)
{
    patience limits = patience_for(config->node_count);
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
                              "MessageTimeout=%u\n"
                              "SlurmdTimeout=%u\n",
                              config->cluster, config->nodes[0].name, config->nodes[0].address, user, user,
                              paths->run, paths->state, paths->run, paths->run, paths->run, limits.message,
                              limits.silence);
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
