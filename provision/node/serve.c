#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "provision/node/commands.h"
#include "provision/node/membership.h"
#include "provision/node/say.h"
#include "provision/node/status.h"
#include "provision/node/supervisor.h"
#include "runtime/base/clock.h"

#define MS ((int64_t)1000000)

enum { MUNGED, SLURMCTLD, SLURMD, DAEMONS };

/* How often cluster.json is looked at when no notice comes: not every file system sends
 * notices, and a machine may be out of watches. A look is one stat(). */
static const int64_t LOOK_WAITING = 10 * MS;
static const int64_t LOOK_OUTSIDE = 100 * MS;
static const int64_t LOOK_MEMBER = 2000 * MS;

typedef struct octi_server {
    octi_paths paths;
    octi_membership membership;
    octi_daemon daemons[DAEMONS];
    octi_supervisor supervisor;
    char munge_options[5][300];
    const char *munged[8];
} octi_server;

static const char *const SLURMCTLD_ARGV[] = {"slurmctld", "-D", NULL};
static const char *const SLURMD_ARGV[] = {"slurmd", "-D", NULL};

/* Slurm's daemons are in sbin, which a shell's PATH may lack; their commands find the
 * configuration by the same variable wherever /etc/slurm points. */
static void prepare_environment(const octi_paths *paths)
{
    const char *path = getenv("PATH");
    char wider[1024];
    snprintf(wider, sizeof(wider), "%.800s:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", path ? path : "");
    setenv("PATH", path ? wider : wider + 1, 1);
    setenv("SLURM_CONF", paths->slurm_conf, 1);
}

static void describe_munged(octi_server *server)
{
    const octi_paths *paths = &server->paths;
    snprintf(server->munge_options[0], 300, "--key-file=%s", paths->key);
    snprintf(server->munge_options[1], 300, "--socket=%s", paths->munge_socket);
    snprintf(server->munge_options[2], 300, "--pid-file=%s/munged.pid", paths->munge);
    snprintf(server->munge_options[3], 300, "--log-file=%s/munged.log", paths->munge);
    snprintf(server->munge_options[4], 300, "--seed-file=%s/munged.seed", paths->munge);
    server->munged[0] = "munged";
    server->munged[1] = "--foreground";
    for (int i = 0; i < 5; i++)
        server->munged[i + 2] = server->munge_options[i];
}

static oct_err make_daemons(octi_server *server, oct_error *err)
{
    octi_daemon *daemons = server->daemons;
    daemons[MUNGED] =
        (octi_daemon){.name = "munged", .argv = server->munged, .socket = server->paths.munge_socket};
    daemons[SLURMCTLD] =
        (octi_daemon){.name = "slurmctld", .argv = SLURMCTLD_ARGV, .needs = &daemons[MUNGED]};
    daemons[SLURMD] = (octi_daemon){.name = "slurmd", .argv = SLURMD_ARGV, .needs = &daemons[MUNGED]};
    for (int i = 0; i < DAEMONS; i++) {
        oct_err result = octi_daemon_init(&daemons[i], err);
        if (result != OCT_OK)
            return result;
    }
    return OCT_OK;
}

/* A descriptor that becomes readable when something in the state folder changes, or -1. */
static int watch_state(const octi_paths *paths)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0 && inotify_add_watch(fd, paths->state, IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE) >= 0)
        return fd;
    if (fd >= 0)
        close(fd);
    octi_say("octavo-node", "no notice of changes in %s to be had: looking at it regularly", paths->state);
    return -1;
}

static void drain(int fd)
{
    char events[4096];
    while (read(fd, events, sizeof(events)) > 0)
        continue;
}

/* Returns whether there is something new to tell. */
static bool update(octi_server *server)
{
    uint64_t generation = server->membership.generation;
    char reason[sizeof(server->membership.reason)];
    memcpy(reason, server->membership.reason, sizeof(reason));
    unsigned change = octi_membership_update(&server->membership);
    bool member = server->membership.member;
    int64_t now = octi_clock_ns();
    if (change & OCTI_MEMBERSHIP_KEY)
        octi_daemon_renew(&server->daemons[MUNGED], now);
    if (change != OCTI_MEMBERSHIP_SAME) {
        octi_daemon_renew(&server->daemons[SLURMCTLD], now);
        octi_daemon_renew(&server->daemons[SLURMD], now);
    }
    octi_daemon_want(&server->daemons[MUNGED], member);
    octi_daemon_want(&server->daemons[SLURMCTLD], member && server->membership.head);
    octi_daemon_want(&server->daemons[SLURMD], member);
    return generation != server->membership.generation || strcmp(reason, server->membership.reason) != 0;
}

static int64_t next_look(const octi_server *server)
{
    if (server->membership.waiting)
        return octi_clock_ns() + LOOK_WAITING;
    return octi_clock_ns() + (server->membership.member ? LOOK_MEMBER : LOOK_OUTSIDE);
}

static void tell_status(octi_server *server)
{
    oct_error err = OCT_ERROR_INIT;
    if (octi_status_write(&server->membership, server->daemons, DAEMONS, &err) != OCT_OK)
        octi_say("octavo-node", "%s", err.what);
}

static void run(octi_server *server)
{
    unsigned woke = OCTI_WOKE_DAEMON;
    while (!(woke & OCTI_WOKE_END)) {
        if (woke & OCTI_WOKE_WATCHED)
            drain(server->supervisor.watched);
        if (update(server) || (woke & OCTI_WOKE_DAEMON))
            tell_status(server);
        woke = octi_supervisor_wait(&server->supervisor, next_look(server));
    }
    octi_say("octavo-node", "ending");
    octi_supervisor_stop(&server->supervisor);
}

static oct_err prepare(octi_server *server, oct_error *err)
{
    octi_paths_init(&server->paths);
    prepare_environment(&server->paths);
    describe_munged(server);
    oct_err result = octi_membership_init(&server->membership, &server->paths, err);
    if (result == OCT_OK)
        result = make_daemons(server, err);
    if (result == OCT_OK)
        result = octi_supervisor_init(&server->supervisor, server->daemons, DAEMONS,
                                      watch_state(&server->paths), err);
    return result;
}

int octi_serve_main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "error: 'serve' takes no arguments\n");
        return 2;
    }
    octi_server *server = calloc(1, sizeof(*server));
    oct_error err = OCT_ERROR_INIT;
    if (!server || prepare(server, &err) != OCT_OK) {
        octi_say("octavo-node", "cannot start: %s", server ? err.what : "out of memory");
        free(server);
        return 1;
    }
    octi_say("octavo-node", "serving as '%s'", server->membership.host);
    run(server);
    octi_supervisor_deinit(&server->supervisor);
    for (int i = 0; i < DAEMONS; i++)
        octi_daemon_deinit(&server->daemons[i]);
    octi_membership_deinit(&server->membership);
    free(server);
    return 0;
}
