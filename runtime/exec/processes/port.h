/* exec/processes/port.h - a worker's end of its rings. */
#ifndef OCTI_PORT_H
#define OCTI_PORT_H

#include <pthread.h>

#include "runtime/exec/processes/slot.h"
#include "runtime/exec/processes/stream.h"

typedef struct octi_port {
    octi_slot *slot;
    octi_bell *program;      /* the program's bell */
    pthread_mutex_t sending; /* guards what follows: tasks may have threads */
    octi_ring_writer replies;
    int64_t rang_ns;
} octi_port;

void octi_port_init(octi_port *port, octi_shared *shared, uint32_t slot);

/* Sends a message to the program, after waiting for room where needed. `eager`: the program
 * should look at it now rather than soon. */
void octi_port_send(octi_port *port, uint32_t kind, const void *data, size_t size, bool eager);

/* The next message from a ring that only the calling thread reads, after waiting for it. */
octi_message octi_port_receive(octi_port *port, octi_ring *ring, octi_bell *bell, octi_incoming *inbox);

#endif
