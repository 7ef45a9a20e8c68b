/* exec/processes/slot.h - what the program and one worker process share. */
#ifndef OCTI_SLOT_H
#define OCTI_SLOT_H

#include <signal.h>

#include "runtime/exec/processes/bell.h"
#include "runtime/exec/processes/ring.h"

/* Kinds of messages. */
enum {
    OCTI_MSG_TASK = 1,   /* requests: of exec/processes/message.h */
    OCTI_MSG_REPLY = 2,  /* replies: likewise, in the order of the tasks */
    OCTI_MSG_NESTED = 3, /* replies: an octi_nested, then a request that a task made */
    OCTI_MSG_ANSWER = 4, /* answers: an octi_nested, then the reply to it */
};

typedef struct octi_nested {
    uint64_t job; /* the worker's own, echoed */
    int32_t retries;
    int32_t priority;
    double time_limit;
    uint64_t actor; /* of a call */
    uint32_t role;  /* likewise: an octi_role */
    uint32_t unused;
} octi_nested;

enum { OCTI_FRAMES = 48 };

/* Written by a worker that dies of a signal, from its handler. */
typedef struct octi_crash {
    _Atomic uint32_t count; /* of frames; set last */
    int32_t signal;
    uint64_t address; /* that was accessed, for SIGSEGV and SIGBUS */
    void *frames[OCTI_FRAMES];
} octi_crash;

typedef struct octi_slot {
    octi_bell bell;                        /* of the worker: for requests, or for room among the replies */
    octi_bell answers_bell;                /* of the worker's receiver of answers */
    _Alignas(64) _Atomic uint32_t waiting; /* threads of it that wait for nested tasks, for ever */
    _Atomic uint32_t heard;                /* answers whose waits are over, and not counted above */
    _Atomic uint32_t wants_room;           /* a thread of it sleeps until there is some */
    octi_crash crash;
    octi_ring requests;
    octi_ring replies;
    octi_ring answers;
} octi_slot;

/* One a pool. The slots follow. */
typedef struct octi_shared {
    octi_bell bell;       /* of the program: for replies */
    _Atomic int32_t node; /* where tasks are told that they are: its number plus 1, and its */
    char node_name[256];  /* name; 0: as the process has it */
    octi_slot slots[];
} octi_shared;

#endif
