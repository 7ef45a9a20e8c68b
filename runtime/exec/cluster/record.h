/* exec/cluster/record.h - what ranks say to each other.
 *
 * A message is one record or more, each a struct of this file and the bytes that follow it, padded to
 * 16. All ranks run the same build of the same program on the same architecture (member.h), so
 * structs travel as they are. */
#ifndef OCTI_RECORD_H
#define OCTI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum octi_record_kind {
    OCTI_TASK = 1, /* run this */
    OCTI_END,      /* it has ended */
    OCTI_CANCEL,   /* it is not wanted any more */
    OCTI_FETCH,    /* send me that value */
    OCTI_VALUE,    /* here it is */
    OCTI_FORGET,   /* nobody will ask for that value any more */
    OCTI_PROBE,    /* are you done? */
    OCTI_QUIET,    /* the answer */
    OCTI_CLOSE,    /* the pool is closed */
    OCTI_CHASE,    /* would my wait for that ever end? */
    OCTI_KINDS,
} octi_record_kind;

typedef struct octi_record {
    uint64_t size; /* with what follows, a multiple of 16 */
    uint32_t kind;
    uint32_t detail;
} octi_record;

/* Followed by the arguments' block (exec/args.h), padded, and the deps. */
typedef struct octi_task_record {
    octi_record head;
    uint64_t id;     /* the origin's */
    uint64_t origin; /* the address that the block had there */
    uint32_t task;   /* index in the registry */
    uint32_t args_size;
    uint32_t dep_count;
    int32_t priority;
    double time_limit;
    uint64_t unused;
} octi_task_record;

/* A value that an argument takes: on a rank, or, with rank -1, packed right here. */
typedef struct octi_dep_record {
    uint32_t param;
    uint32_t task; /* whose result it is */
    int64_t rank;
    uint64_t value; /* on that rank */
    uint64_t size;  /* of the bytes that follow, before padding */
} octi_dep_record;

/* What head.detail says of a task that has ended. */
typedef enum octi_ending {
    OCTI_ENDED_EMPTY,     /* done, and there is no value */
    OCTI_ENDED_VALUE,     /* done, and the packed value follows */
    OCTI_ENDED_ELSEWHERE, /* done, and the value stays where it was made */
    OCTI_ENDED_FAILED,    /* an oct_failure follows */
} octi_ending;

typedef struct octi_end_record {
    octi_record head;
    uint64_t id;
    uint64_t size;  /* of the bytes that follow, or of the value that stays */
    uint64_t value; /* what stays: ask for it by this */
    int64_t ran_ns;
} octi_end_record;

/* CANCEL: id of the task. FETCH: value, id of the asker. VALUE: id of the asker, size of the
 * packed value that follows; head.detail is an oct_err. FORGET: value. */
typedef struct octi_value_record {
    octi_record head;
    uint64_t id;
    uint64_t value;
    uint64_t size;
    uint64_t unused;
} octi_value_record;

/* PROBE and QUIET: how many jobs began on a rank, and how many of them have not ended. */
typedef struct octi_quiet_record {
    octi_record head;
    uint64_t wave;
    uint64_t begun;
    uint64_t unfinished;
    uint64_t unused;
} octi_quiet_record;

/* CHASE: a wait of the rank `origin`, its number there, leads to the receiver: to the one of its
 * tasks that has the name `task`, or, where that is 0, to the sender's job `id`. */
typedef struct octi_chase_record {
    octi_record head;
    uint64_t id;
    uint64_t task;
    uint64_t wait;
    int32_t origin;
    uint32_t steps; /* from rank to rank so far */
} octi_chase_record;

_Static_assert(sizeof(octi_task_record) % 16 == 0 && sizeof(octi_dep_record) % 16 == 0 &&
                   sizeof(octi_end_record) % 16 == 0 && sizeof(octi_value_record) % 16 == 0 &&
                   sizeof(octi_quiet_record) % 16 == 0 && sizeof(octi_chase_record) % 16 == 0,
               "a record begins where the one before it ends");

static inline size_t octi_padded(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

/* The record at `data`, of which `left` bytes were received; NULL when they make no sense:
 * an unknown kind, cut short, or its own numbers do not add up. What is returned can be read
 * without further checks of sizes. */
const octi_record *octi_record_at(const char *data, size_t left);

/* The dep after `dep`, or, for NULL, the first. */
const octi_dep_record *octi_record_dep(const octi_task_record *record, const octi_dep_record *dep);

#endif
