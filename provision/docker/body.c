#include <stdio.h>

#include "provision/docker/create.h"
#include "provision/docker/found.h"

enum { PIDS_MAX = 4096 };

/* With the labels: an engine makes a volume that is gone when it makes the container. */
static json_t *volume_mount(const octi_spec *spec, const char *which, const char *target)
{
    json_t *labels = octi_docker_labels(spec, -1);
    return labels ? json_pack("{s:s, s:s+++, s:s, s:{s:o}}", "Type", "volume", "Source", "octavo-",
                              spec->name, "-", which, "Target", target, "VolumeOptions", "Labels", labels)
                  : NULL;
}

/* Where a node may write besides its volumes. Podman has no owner for a tmpfs, so that /run is
 * like /tmp there, and copies the image's folder into it unless it is told not to. */
static json_t *writable(const octi_docker *docker)
{
    return json_pack("{s:s, s:s}", "/run",
                     docker->podman ? "rw,nosuid,nodev,mode=1777,notmpcopyup"
                                    : "rw,nosuid,nodev,mode=755,uid=1000,gid=1000",
                     "/tmp", "rw,nosuid,nodev,exec,mode=1777");
}

/* The node's rights and room: nothing it does not need. */
static json_t *host_config(const octi_docker *docker, const octi_spec *spec, const char *network)
{
    json_t *host =
        json_pack("{s:s, s:[s], s:[s], s:[s], s:b, s:o, s:I, s:i, s:[o, o], s:{s:s}}",
                  /* the network's id: two networks may share a name for a moment */
                  "NetworkMode", network,
                  /* Slurm's programs ask for the name of the address they listen on; unanswered
                   * by /etc/hosts, that goes to the machine's DNS, and takes 10 s where it is dead. */
                  "ExtraHosts", "any-address:0.0.0.0", "CapDrop", "ALL", "SecurityOpt", "no-new-privileges",
                  "ReadonlyRootfs", 1, "Tmpfs", writable(docker), "ShmSize", (json_int_t)spec->shm,
                  "PidsLimit", PIDS_MAX, "Mounts", volume_mount(spec, "state", "/var/lib/octavo"),
                  volume_mount(spec, "home", "/home/octavo"), "RestartPolicy", "Name", "no");
    if (!host)
        return NULL;
    if (spec->cpus > 0)
        json_object_set_new(host, "NanoCpus", json_integer((json_int_t)(spec->cpus * 1e9 + 0.5)));
    if (spec->memory > 0) {
        json_object_set_new(host, "Memory", json_integer((json_int_t)spec->memory));
        /* no swap on top: an MPI rank that swaps only slows all others */
        json_object_set_new(host, "MemorySwap", json_integer((json_int_t)spec->memory));
    }
    if (!docker->podman)
        /* whatever the engine's default, `logs` can read this one, and it is bounded */
        json_object_set_new(host, "LogConfig",
                            json_pack("{s:s, s:{s:s, s:s}}", "Type", "json-file", "Config", "max-size", "8m",
                                      "max-file", "2"));
    return host;
}

json_t *octi_docker_container_body(const octi_docker *docker, const octi_spec *spec, unsigned index,
                                   const char *network)
{
    char name[64];
    octi_docker_node_name(spec->name, index, name);
    json_t *host = host_config(docker, spec, network);
    json_t *labels = octi_docker_labels(spec, (int)index);
    if (!host || !labels) {
        json_decref(host);
        json_decref(labels);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:[s, s], s:[], s:s, s:o, s:o, s:{s:{s:{s:[s]}}}}", "Image",
                     spec->image, "Hostname", name, "User", "1000:1000", "Entrypoint", "octavo-node", "serve",
                     "Cmd", "StopSignal", "SIGTERM", "Labels", labels, "HostConfig", host, "NetworkingConfig",
                     "EndpointsConfig", network, "Aliases", name);
}
