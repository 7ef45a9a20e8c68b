#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "provision/node/pulse.h"
#include "provision/probe/probe.h"

#define MS ((int64_t)1000000)

static const int64_t AGAIN_NS = 10000 * MS;

enum { MISSED_MAX = 5, FULL_MAX = 2, ROOM = 65536, MARK_SIZE = sizeof(OCTI_PROBE_MARK) - 1 };

/* Folders of a node's own. Of home, which all share, a program hears by its own errors, and
 * another node would help nobody. */
static const char *const folders[] = {"/tmp", "/dev/shm", "/run"};

enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };

struct octi_pulse_peer {
    char name[64];
    bool self; /* the head, which looks at its own folders */
    struct sockaddr_in address;
    int64_t heard_ns; /* 0: never yet, so it cannot be lost */
    unsigned full;    /* answers in a row that said so */
    int folder;       /* which */
    int64_t lost_ns;  /* when that was told last, or 0 */
    char reason[128]; /* why it is lost */
};

static bool parse_address(const char *text, uint16_t port, struct sockaddr_in *out)
{
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    return inet_pton(AF_INET, text, &out->sin_addr) == 1;
}

oct_err octi_pulse_init(octi_pulse *pulse, uint16_t port, oct_error *err)
{
    *pulse = (octi_pulse){.port = port};
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
    pulse->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (pulse->socket >= 0 && bind(pulse->socket, (struct sockaddr *)&here, sizeof(here)) == 0)
        return OCT_OK;
    oct_fail(err, OCT_E_IO, "cannot answer at UDP port %u: %s", port, strerror(errno));
    octi_pulse_deinit(pulse);
    return OCT_E_IO;
}

void octi_pulse_deinit(octi_pulse *pulse)
{
    if (pulse->socket >= 0)
        close(pulse->socket);
    free(pulse->peers);
    *pulse = (octi_pulse){.socket = -1};
}

oct_err octi_pulse_watch(octi_pulse *pulse, const octi_config *config, oct_error *err)
{
    size_t count = config ? config->node_count : 0, used = 0;
    octi_pulse_peer *peers = calloc(count + 1, sizeof(*peers));
    if (!peers)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        octi_pulse_peer *peer = &peers[used];
        memcpy(peer->name, config->nodes[i].name, sizeof(peer->name));
        peer->self = i == 0;
        used += parse_address(config->nodes[i].address, pulse->port, &peer->address) || peer->self;
    }
    free(pulse->peers);
    pulse->peers = peers;
    pulse->count = used;
    pulse->beat_ns = 0;
    pulse->changes++;
    return OCT_OK;
}

/* The number of the first folder that has no room left, from 1; 0: none. A system's own disk
 * is nobody's to judge: only what is a file system for itself counts. */
static int full_folder(void)
{
    struct statvfs root, info;
    if (statvfs("/", &root) != 0)
        return 0;
    for (int i = 0; i < FOLDERS; i++)
        if (statvfs(folders[i], &info) == 0 && info.f_fsid != root.f_fsid && info.f_blocks > 0 &&
            (uint64_t)info.f_bavail * info.f_frsize < ROOM)
            return i + 1;
    return 0;
}

/* It is alive, and the number of its full folder is that. */
static void note(octi_pulse *pulse, octi_pulse_peer *peer, int folder, int64_t now)
{
    peer->heard_ns = now;
    peer->full = folder > 0 && folder <= FOLDERS ? peer->full + 1 : 0;
    peer->folder = folder;
    if (!peer->full && peer->lost_ns) {
        peer->lost_ns = 0;
        pulse->changes++;
    }
}

static void note_answer(octi_pulse *pulse, const struct sockaddr_in *from, int folder, int64_t now)
{
    for (size_t i = 0; i < pulse->count; i++) {
        octi_pulse_peer *peer = &pulse->peers[i];
        if (peer->self || peer->address.sin_addr.s_addr != from->sin_addr.s_addr)
            continue;
        note(pulse, peer, folder, now);
        return;
    }
}

void octi_pulse_hear(octi_pulse *pulse, int64_t now)
{
    unsigned char said[OCTI_PROBE_SIZE + 1];
    struct sockaddr_in from;
    socklen_t from_size = sizeof(from);
    ssize_t size;
    while ((size = recvfrom(pulse->socket, said, sizeof(said), 0, (struct sockaddr *)&from, &from_size)) >=
           0) {
        if (size == OCTI_PROBE_SIZE && memcmp(said, OCTI_PROBE_MARK, MARK_SIZE) == 0 &&
            said[4] == OCTI_PROBE_ASK) {
            said[4] = (unsigned char)(OCTI_PROBE_WELL + full_folder());
            /* One that is lost is asked for again. */
            ssize_t ignored =
                sendto(pulse->socket, said, OCTI_PROBE_SIZE, 0, (struct sockaddr *)&from, from_size);
            (void)ignored;
        } else if (size == OCTI_PROBE_SIZE && memcmp(said, OCTI_PROBE_MARK, MARK_SIZE) == 0) {
            note_answer(pulse, &from, said[4] - OCTI_PROBE_WELL, now);
        }
        from_size = sizeof(from);
    }
}

/* A cluster of thousands is asked more slowly: two thousand datagrams a second at most. */
static int64_t period_of(const octi_pulse *pulse)
{
    int64_t shared = (int64_t)pulse->count * MS / 2;
    return shared > 500 * MS ? shared : 500 * MS;
}

/* Whether it is lost, and why. */
static bool is_lost(octi_pulse_peer *peer, int64_t silence, int64_t period)
{
    if (silence > MISSED_MAX * period)
        snprintf(peer->reason, sizeof(peer->reason),
                 "it is frozen or cut off: it has not answered for %.1f s", (double)silence / 1e9);
    else if (peer->full >= FULL_MAX)
        snprintf(peer->reason, sizeof(peer->reason), "its disk is full: no room is left in %s",
                 folders[peer->folder - 1]);
    else
        return false;
    return true;
}

static void judge(octi_pulse *pulse, octi_pulse_peer *peer, int64_t now, octi_pulse_lost_fn lost, void *ctx)
{
    bool again = peer->lost_ns != 0;
    if (peer->heard_ns == 0 || (again && now - peer->lost_ns < AGAIN_NS) ||
        !is_lost(peer, now - peer->heard_ns, period_of(pulse)))
        return;
    peer->lost_ns = now;
    pulse->changes += !again;
    lost(peer->name, peer->reason, again, ctx);
}

json_t *octi_pulse_lost(const octi_pulse *pulse)
{
    json_t *list = json_array();
    for (size_t i = 0; i < pulse->count; i++) {
        const octi_pulse_peer *peer = &pulse->peers[i];
        if (peer->lost_ns && json_array_append_new(list, json_pack("{s:s, s:s}", "node", peer->name, "reason",
                                                                   peer->reason)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

int64_t octi_pulse_beat(octi_pulse *pulse, int64_t now, octi_pulse_lost_fn lost, void *ctx)
{
    static const char ask[OCTI_PROBE_SIZE] = OCTI_PROBE_MARK; /* and OCTI_PROBE_ASK */
    int64_t period = period_of(pulse);
    if (pulse->count == 0)
        return INT64_MAX;
    if (now < pulse->beat_ns + period)
        return pulse->beat_ns + period;
    /* Who was stopped himself has heard nobody. */
    bool slept = pulse->beat_ns && now - pulse->beat_ns > 2 * period;
    for (size_t i = 0; i < pulse->count; i++) {
        octi_pulse_peer *peer = &pulse->peers[i];
        if (slept && peer->heard_ns)
            peer->heard_ns = now;
        if (peer->self)
            note(pulse, peer, full_folder(), now);
        judge(pulse, peer, now, lost, ctx);
        if (peer->self)
            continue;
        ssize_t ignored = sendto(pulse->socket, ask, sizeof(ask), 0, (const struct sockaddr *)&peer->address,
                                 sizeof(peer->address));
        (void)ignored;
    }
    pulse->beat_ns = now;
    return now + period;
}
