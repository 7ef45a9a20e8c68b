#include "runtime/exec/processes/port.h"
#include "runtime/exec/spin.h"

/* While more tasks wait here, the bell is rung no more often than this. Whoever tends the crew
 * looks once more after a longer time than this (crew.c, REST_NS). */
enum { QUIET_NS = 20000 };

void octi_port_init(octi_port *port, octi_shared *shared, uint32_t slot)
{
    *port = (octi_port){.slot = &shared->slots[slot],
                        .program = &shared->bell,
                        .sending = PTHREAD_MUTEX_INITIALIZER,
                        .replies = {.ring = &shared->slots[slot].replies}};
}

/* Waking the program costs more than a small task: while there are more to run it is told now
 * and then, and when they have run out. */
static void tell_program(octi_port *port, bool eager)
{
    if (eager || !octi_ring_claimable(&port->slot->requests)) {
        octi_bell_ring(port->program);
        return;
    }
    octi_full_fence(); /* as in octi_bell_ring */
    if (!atomic_load_explicit(&port->program->armed, memory_order_relaxed))
        return;
    int64_t now = octi_clock_ns();
    if (now - port->rang_ns > QUIET_NS) {
        port->rang_ns = now;
        octi_bell_ring(port->program);
    }
}

/* The worker's bell is never disarmed: a thread of a task may sleep here meanwhile. */
static void wait_for_room(octi_port *port, octi_outgoing *outbox)
{
    octi_bell *bell = &port->slot->bell;
    atomic_store_explicit(&port->slot->wants_room, 1, memory_order_relaxed);
    for (;;) {
        uint32_t seen = octi_bell_seen(bell);
        octi_bell_arm(bell);
        if (octi_outgoing_flush(outbox, &port->replies))
            break;
        octi_bell_ring(port->program);
        octi_bell_sleep(bell, seen, 0);
    }
    atomic_store_explicit(&port->slot->wants_room, 0, memory_order_relaxed);
}

void octi_port_send(octi_port *port, uint32_t kind, const void *data, size_t size, bool eager)
{
    octi_outgoing outbox;
    octi_outgoing_open(&outbox, kind, data, size);
    pthread_mutex_lock(&port->sending);
    if (!octi_outgoing_flush(&outbox, &port->replies))
        wait_for_room(port, &outbox);
    tell_program(port, eager);
    pthread_mutex_unlock(&port->sending);
}

/* A claim gives back the room of what was claimed before. */
static octi_record *wait_for_record(octi_ring *ring, octi_bell *bell)
{
    octi_record *record;
    for (int i = 0; i < OCTI_SPINS / 2; i++) {
        if ((record = octi_ring_claim(ring)))
            return record;
        octi_relax();
    }
    for (;;) {
        uint32_t seen = octi_bell_seen(bell);
        octi_bell_arm(bell);
        if ((record = octi_ring_claim(ring)))
            return record;
        octi_bell_sleep(bell, seen, 0);
    }
}

octi_message octi_port_receive(octi_port *port, octi_ring *ring, octi_bell *bell, octi_incoming *inbox)
{
    octi_message message;
    bool broken = false;
    octi_record *record = wait_for_record(ring, bell);
    while (!octi_incoming_take(inbox, record, &message, &broken)) {
        if (broken)
            __builtin_trap(); /* our memory was written over: better to die here, and be replaced */
        record = octi_ring_claim(ring);
        octi_bell_ring(port->program); /* it waits for room to send the rest */
        if (!record)
            record = wait_for_record(ring, bell);
    }
    return message;
}
