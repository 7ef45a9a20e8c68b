#include <errno.h>
#include <netdb.h>
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "provision/node/slurm/names.h"
#include "provision/node/slurm/ops.h"
#include "provision/node/slurm/orphans.h"
#include "provision/node/slurm/reply.h"
#include "provision/node/slurm/service.h"
#include "runtime/base/clock.h"

#define MS ((int64_t)1000000)

/* Slurm has no call that waits for a change; a load takes about a millisecond. */
static const int64_t LOOK_AGAIN = 20 * MS;

static void pause_ns(int64_t ns)
{
    struct timespec pause = {.tv_sec = ns / (1000 * MS), .tv_nsec = ns % (1000 * MS)};
    nanosleep(&pause, NULL);
}

static json_t *node_json(const node_info_t *node)
{
    char state[96];
    octi_slurm_node_state(node->node_state, state, sizeof(state));
    return json_pack("{s:s, s:s, s:b, s:s?, s:i, s:s?}", "name", node->name, "state", state, "ready",
                     (int)octi_slurm_node_ready(node->node_state), "reason", node->reason, "cpus",
                     (int)node->cpus, "address", node->node_addr);
}

oct_err octi_slurm_list_nodes(const char *only, json_t **out, oct_error *err)
{
    node_info_msg_t *found = NULL;
    if (slurm_load_node(0, &found, SHOW_ALL | SHOW_MIXED) != SLURM_SUCCESS)
        return octi_slurm_fail(err, "list the nodes");
    json_t *list = json_array();
    for (uint32_t i = 0; i < found->record_count; i++) {
        const node_info_t *node = &found->node_array[i];
        if (node->name && (!only || strcmp(node->name, only) == 0))
            json_array_append_new(list, node_json(node));
    }
    slurm_free_node_info_msg(found);
    *out = list;
    return OCT_OK;
}

int octi_slurm_nodes(json_t *request)
{
    oct_error err = OCT_ERROR_INIT;
    json_t *list;
    slurm_init(NULL);
    if (octi_slurm_list_nodes(json_string_value(json_object_get(request, "name")), &list, &err) != OCT_OK)
        return octi_reply_error(&err, NULL);
    return octi_reply_end(json_pack("{s:o}", "nodes", list));
}

/* The address and port of the first controller in slurm.conf, as far as a plain reading
 * of the file tells; 0 when it does not. */
static int find_controller(char host[128], char port[16])
{
    const char *path = getenv("SLURM_CONF");
    FILE *file = fopen(path ? path : "/etc/slurm/slurm.conf", "re");
    char line[512];
    host[0] = '\0';
    strcpy(port, "6817");
    while (file && fgets(line, sizeof(line), file)) {
        char *open = strchr(line, '(');
        if (strncmp(line, "SlurmctldHost=", 14) == 0 && !host[0])
            sscanf(open ? open + 1 : line + 14, "%127[^() \t\n]", host);
        else if (strncmp(line, "SlurmctldPort=", 14) == 0)
            sscanf(line + 14, "%15[0-9]", port);
    }
    if (file)
        fclose(file);
    return host[0] != '\0';
}

static int can_connect(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return 0;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    int connected = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return connected;
}

/* Waits until the controller can be reached at all. libslurm, met with a refusal, sleeps
 * for a whole second, and ends the process when there is no slurm.conf yet. */
static oct_err await_controller(int64_t until, oct_error *err)
{
    char host[128], port[16];
    for (;;) {
        int known = find_controller(host, port);
        if (known && can_connect(host, port))
            return OCT_OK;
        if (octi_clock_ns() > until) {
            oct_fail(err, OCT_E_TIMEOUT,
                     known ? "slurmctld does not answer at %s:%s" : "there is no slurm.conf yet", host, port);
            return oct_hint(err, "see the head's log for the reason");
        }
        pause_ns(LOOK_AGAIN);
    }
}

/* What was last told about each node; filled on the first look. */
typedef struct seen_nodes {
    uint32_t *states;
    uint32_t count;
    uint32_t ready;
} seen_nodes;

static void tell_changes(const node_info_msg_t *found, seen_nodes *seen)
{
    uint32_t *states = realloc(seen->states, (found->record_count + 1) * sizeof(uint32_t));
    if (!states)
        return;
    seen->states = states;
    seen->ready = 0;
    for (uint32_t i = 0; i < found->record_count; i++) {
        const node_info_t *node = &found->node_array[i];
        char state[96], before[96] = "";
        octi_slurm_node_state(node->node_state, state, sizeof(state));
        if (i < seen->count)
            octi_slurm_node_state(states[i], before, sizeof(before));
        if (strcmp(state, before) != 0)
            octi_reply_line(json_pack("{s:s, s:s}", "node", node->name ? node->name : "?", "state", state));
        states[i] = node->node_state;
        seen->ready += octi_slurm_node_ready(node->node_state);
    }
    seen->count = found->record_count;
}

static json_t *missing_json(const node_info_msg_t *found)
{
    json_t *missing = json_array();
    for (uint32_t i = 0; found && i < found->record_count; i++)
        if (!octi_slurm_node_ready(found->node_array[i].node_state))
            json_array_append_new(missing, node_json(&found->node_array[i]));
    return json_pack("{s:o}", "missing", missing);
}

static int give_up(const node_info_msg_t *found, const seen_nodes *seen, uint32_t count, oct_error *err)
{
    if (found) {
        oct_fail(err, OCT_E_TIMEOUT, "%u of %u nodes have joined", seen->ready, count);
        oct_hint(err,
                 seen->count < count ? "the cluster's configuration lists only %u nodes"
                                     : "see the logs of the missing nodes (of %u)",
                 seen->count);
    }
    return octi_reply_error(err, missing_json(found));
}

static int wait_until(uint32_t count, int64_t until, seen_nodes *seen)
{
    for (;;) {
        oct_error err = OCT_ERROR_INIT;
        node_info_msg_t *found = NULL;
        if (slurm_load_node(0, &found, SHOW_ALL | SHOW_MIXED) != SLURM_SUCCESS)
            octi_slurm_fail(&err, "list the nodes");
        else
            tell_changes(found, seen);

        /* A drain that was cut off must not hold up whoever wants all nodes. */
        if (found && seen->ready < count)
            octi_slurm_restore(found);

        int status = -1;
        if (found && seen->ready >= count)
            status = octi_reply_end(
                json_pack("{s:i, s:i}", "ready", (int)seen->ready, "orphans", (int)octi_slurm_end_orphans()));
        else if (octi_clock_ns() > until)
            status = give_up(found, seen, count, &err);
        if (found)
            slurm_free_node_info_msg(found);
        if (status >= 0)
            return status;
        pause_ns(LOOK_AGAIN);
    }
}

int octi_slurm_wait_nodes(json_t *request)
{
    oct_error err = OCT_ERROR_INIT;
    json_t *count = json_object_get(request, "count"), *timeout = json_object_get(request, "timeout");
    if (!json_is_integer(count) || json_integer_value(count) < 1 || (timeout && !json_is_number(timeout)) ||
        json_number_value(timeout) < 0 || json_number_value(timeout) > 1e6) {
        oct_fail(&err, OCT_E_INVALID, "'count' or 'timeout' is not a positive number");
        return octi_reply_error(&err, NULL);
    }
    int64_t until = octi_clock_ns() + (int64_t)((timeout ? json_number_value(timeout) : 60) * 1e9);
    if (await_controller(until, &err) != OCT_OK)
        return octi_reply_error(&err, missing_json(NULL));
    slurm_init(NULL);
    seen_nodes seen = {0};
    int status = wait_until((uint32_t)json_integer_value(count), until, &seen);
    free(seen.states);
    return status;
}
