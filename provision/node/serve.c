#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/node/commands.h"
#include "provision/node/inquiry.h"
#include "provision/node/membership.h"
#include "provision/node/pulse.h"
#include "provision/node/report.h"
#include "provision/node/say.h"
#include "provision/node/status.h"
#include "provision/node/supervisor.h"
#include "provision/probe/probe.h"
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
    octi_pulse pulse;
    octi_report report;
    int notices; /* of changes in the state folder, or -1 */
    char munge_options[5][300];
    const char *munged[9];
} octi_server;

/* It saves its state last, and takes 1.3 s when it was just talking to a node that is gone: killed before
 * that it forgets the latest jobs, and gives their numbers away again, which slurmd refuses. */
static const int64_t SLURMCTLD_PATIENCE_NS = 3000000000;

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
    /* The daemons ask for the name of every peer. All that they need are addresses in slurm.conf,
     * so no name server is asked: a silent one would hold each request up by ten seconds. */
    setenv("RES_OPTIONS", "attempts:0", 1);
}

/* Whether others than its owner may write where the run folder lies, as in what Kubernetes
 * mounts: a volume of mode 777 that no process but this container's ever sees. */
static bool lies_open(const char *run)
{
    char parent[256];
    struct stat info;
    const char *slash = strrchr(run, '/');
    snprintf(parent, sizeof(parent), "%.*s", slash > run ? (int)(slash - run) : 1, run);
    return stat(parent, &info) == 0 && (info.st_mode & 022) && !(info.st_mode & S_ISVTX);
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
    if (lies_open(paths->run))
        server->munged[7] = "--force"; /* else munged refuses a socket there */
}

static oct_err make_daemons(octi_server *server, oct_error *err)
{
    octi_daemon *daemons = server->daemons;
    daemons[MUNGED] =
        (octi_daemon){.name = "munged", .argv = server->munged, .socket = server->paths.munge_socket};
    daemons[SLURMCTLD] = (octi_daemon){.name = "slurmctld",
                                       .argv = SLURMCTLD_ARGV,
                                       .needs = &daemons[MUNGED],
                                       .patience_ns = SLURMCTLD_PATIENCE_NS};
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
    while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
        continue;
}

/* One descriptor for the supervisor that stands for all of ours. */
static int join_watched(const octi_server *server)
{
    /* Who connects may have to wait until another has been served. */
    const struct {
        int fd;
        uint32_t events;
    } own[] = {{server->notices, EPOLLIN},
               {server->pulse.socket, EPOLLIN},
               {server->report.socket, EPOLLIN | EPOLLET}};
    int all = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && all >= 0; i++) {
        struct epoll_event event = {.events = own[i].events};
        if (own[i].fd >= 0 && epoll_ctl(all, EPOLL_CTL_ADD, own[i].fd, &event) != 0)
            octi_say("octavo-node", "cannot wait for descriptor %d: looking at it regularly", own[i].fd);
    }
    return all;
}

/* Slurm ends the jobs of a node that is lost. */
static void tell_slurm(const char *node, const char *reason, bool again, void *ctx)
{
    (void)ctx;
    json_t *request = json_pack("{s:s, s:s, s:s}", "op", "down", "node", node, "reason", reason);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!again)
        octi_say("octavo-node", "%s is lost: %s", node, reason);
    if (!text || octi_inquiry_start(text, -1) < 0)
        octi_say("octavo-node", "cannot tell Slurm of it");
    free(text);
}

/* Only the head asks the others. */
static void watch_peers(octi_server *server)
{
    octi_config config = {0};
    oct_error err = OCT_ERROR_INIT;
    bool head = server->membership.member && server->membership.head;
    oct_err code = head ? octi_config_load(server->paths.config, &config, &err) : OCT_OK;
    if (code == OCT_OK)
        code = octi_pulse_watch(&server->pulse, head ? &config : NULL, &err);
    if (code != OCT_OK)
        octi_say("octavo-node", "cannot watch the nodes: %s", err.what);
    octi_config_deinit(&config);
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
    if (change != OCTI_MEMBERSHIP_SAME || generation != server->membership.generation)
        watch_peers(server);
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
    if (octi_status_write(&server->membership, server->daemons, DAEMONS, &server->pulse, &err) != OCT_OK)
        octi_say("octavo-node", "%s", err.what);
}

static void run(octi_server *server)
{
    unsigned woke = OCTI_WOKE_DAEMON, changes = 0;
    while (!(woke & OCTI_WOKE_END)) {
        if (woke & OCTI_WOKE_WATCHED) {
            drain(server->notices);
            octi_pulse_hear(&server->pulse, octi_clock_ns());
        }
        octi_report_answer(&server->report, octi_clock_ns());
        bool news = update(server) || (woke & OCTI_WOKE_DAEMON);
        int64_t beat = octi_pulse_beat(&server->pulse, octi_clock_ns(), tell_slurm, NULL);
        if (news || server->pulse.changes != changes)
            tell_status(server);
        changes = server->pulse.changes;
        int64_t look = next_look(server);
        woke = octi_supervisor_wait(&server->supervisor, beat < look ? beat : look);
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
    if (result != OCT_OK)
        return result;
    server->notices = watch_state(&server->paths);
    oct_error silent = OCT_ERROR_INIT;
    if (octi_pulse_init(&server->pulse, OCTI_PROBE_PORT, &silent) != OCT_OK)
        octi_say("octavo-node", "%s: nobody can see whether this node is alive", silent.what);
    if (octi_report_init(&server->report, OCTI_PROBE_PORT, &silent) != OCT_OK)
        octi_say("octavo-node", "%s: octavo status has to be executed here", silent.what);
    return octi_supervisor_init(&server->supervisor, server->daemons, DAEMONS, join_watched(server), err);
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
    octi_report_deinit(&server->report);
    octi_pulse_deinit(&server->pulse);
    for (int i = 0; i < DAEMONS; i++)
        octi_daemon_deinit(&server->daemons[i]);
    octi_membership_deinit(&server->membership);
    free(server);
    return 0;
}
