/* node/pulse.h - whether nodes are alive: a datagram there and back, twice a second.
 *
 * Every node answers; the head asks the others. Slurm itself takes a node for lost only after a
 * minute (slurmconf.c); the head tells it of one that has answered before and then not for five
 * turns, being frozen or cut off, and of one whose memory-backed folders are full, where no
 * program can start any more; that may be the head itself.
 *
 * The datagrams are probe/probe.h's, over IPv4 alone: a node that has no such address is not
 * watched. */
#ifndef OCTI_NODE_PULSE_H
#define OCTI_NODE_PULSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "provision/node/config.h"

typedef struct octi_pulse_peer octi_pulse_peer;

typedef struct octi_pulse {
    int socket; /* readable when octi_pulse_hear has something to do; -1: none */
    uint16_t port;
    size_t count;
    octi_pulse_peer *peers; /* of the head: itself and all others; owned */
    int64_t beat_ns;        /* when they were asked last */
    unsigned changes;       /* how often a node was lost, or found again */
} octi_pulse;

/* Hears of each node that is lost, with why; and every ten seconds again while it is, since Slurm takes
 * one that its controller reaches back into service. */
typedef void (*octi_pulse_lost_fn)(const char *node, const char *reason, bool again, void *ctx);

/* OCT_E_IO when the port is not to be had; the pulse is then as after deinit. */
OCT_NODISCARD oct_err octi_pulse_init(octi_pulse *pulse, uint16_t port, oct_error *err);
void octi_pulse_deinit(octi_pulse *pulse);

/* Whom to watch from now on: the nodes of config, the first of which is this one, or with NULL none.
 * OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_pulse_watch(octi_pulse *pulse, const octi_config *config, oct_error *err);

/* Answers and takes answers. */
void octi_pulse_hear(octi_pulse *pulse, int64_t now);

/* The nodes that are lost now, as [{"node", "reason"}]; NULL when out of memory. */
json_t *octi_pulse_lost(const octi_pulse *pulse);

/* Asks all, if it is time to, and tells of those that are lost. Returns when to call again. */
int64_t octi_pulse_beat(octi_pulse *pulse, int64_t now, octi_pulse_lost_fn lost, void *ctx);

#endif
