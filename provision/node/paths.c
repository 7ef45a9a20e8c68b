#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "provision/node/paths.h"

static const char *folder(const char *variable, const char *usual)
{
    const char *given = getenv(variable);
    return given && given[0] == '/' ? given : usual;
}

static void join(char out[256], const char *where, const char *name)
{
    snprintf(out, 256, "%.200s/%s", where, name);
}

/* Engines mount memory without the right to execute, unless asked. */
static bool may_execute_in(const char *path)
{
    struct statvfs info;
    if (statvfs(path, &info) != 0 && statvfs("/run", &info) != 0)
        return true;
    return !(info.f_flag & ST_NOEXEC);
}

void octi_paths_init(octi_paths *paths)
{
    paths->state = folder("OCTAVO_STATE", "/var/lib/octavo");
    paths->run = folder("OCTAVO_RUN", "/run/octavo");
    join(paths->config, paths->state, "cluster.json");
    join(paths->shared_key, paths->state, "munge.key");
    join(paths->slurmctld, paths->state, "slurmctld");
    join(paths->key, paths->run, "munge.key");
    join(paths->munge, paths->run, "munge");
    join(paths->munge_socket, paths->munge, "munge.socket");
    join(paths->slurm, paths->run, "slurm");
    join(paths->slurm_conf, paths->slurm, "slurm.conf");
    join(paths->cgroup_conf, paths->slurm, "cgroup.conf");
    join(paths->spool, may_execute_in(paths->run) ? paths->run : "/tmp", "octavo-slurmd");
    join(paths->status, paths->run, "status.json");
}
